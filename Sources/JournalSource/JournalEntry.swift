// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SystemJournal

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

extension JournalEntry {
    /// The present entry; nil for one that is none of ours although it matched.
    init?(_ reader: JournalReader, units: JournalUnits) throws(LastwordError) {
        guard let origin = try Self.origin(reader, units) else { return nil }
        self.init(
            origin: origin, message: try reader.value(of: "MESSAGE") ?? [], received: try reader.received(),
            stream: try reader.text(of: "_STREAM_ID"), isCut: try reader.text(of: "_LINE_BREAK") == "line-max")
    }

    private static func origin(_ reader: JournalReader, _ units: JournalUnits) throws(LastwordError) -> Origin? {
        switch try reader.text(of: "_TRANSPORT") {
        case "kernel": return .kernel
        case "driver":
            guard let id = try reader.text(of: "MESSAGE_ID"),
                id == JournalMessage.dropped || id == JournalMessage.missed
            else { return nil }
            return .loss(
                messageID: id, unit: try reader.text(of: "OBJECT_SYSTEMD_UNIT"),
                count: try (reader.text(of: "N_DROPPED")).flatMap { Int($0) })
        default: break
        }
        if let unit = try reader.text(of: "_SYSTEMD_UNIT"), units.contains(unit) { return .unit(unit) }
        guard try reader.text(of: "_PID") == "1", let unit = try reader.text(of: "UNIT"), units.contains(unit) else {
            return nil
        }
        return .manager(unit: unit)
    }
}

extension JournalReader {
    /// A field that is text.
    func text(of field: String) throws(LastwordError) -> String? {
        try value(of: field).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
