// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SystemJournal

extension JournalPosition {
    /// Of the reader's present entry.
    init(_ reader: JournalReader) throws(LastwordError) {
        let (boot, sinceBoot) = try reader.receivedSinceBoot()
        self.init(received: try reader.received(), boot: boot, sinceBoot: sinceBoot, cursor: try reader.cursor())
    }
}
