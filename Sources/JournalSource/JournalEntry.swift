// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// One entry of the journal, as far as the source looks at it.
struct JournalEntry: Hashable, Sendable {
    /// By whom it was written, as journald says, not the writer.
    enum Origin: Hashable, Sendable {
        case unit(String)
        case kernel
        /// systemd itself, about a unit.
        case manager(unit: String)
        /// journald itself: lines were lost, of this unit where it says so.
        case loss(messageID: String, unit: String?, count: Int?)
    }

    var origin: Origin
    /// Cut at the reader's limit.
    var message: [UInt8]
    var received: Timestamp
    /// Which stream of a service's output it came over.
    var stream: String?
    /// The line goes on in the next entry of the stream: it was longer than journald's limit.
    var isCut = false

    /// The lines that are looked for are below 2 KiB; longer ones are not read.
    static let longestMessage = 16_384
}
