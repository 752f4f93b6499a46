// SPDX-License-Identifier: Apache-2.0
import SystemJournal

extension JournalUnits {
    /// What the units themselves write.
    var lines: [[JournalMatch]] {
        names.compactMap { JournalMatch("_SYSTEMD_UNIT", $0) }.map { [$0] }
    }

    /// Everything that the source reads. All of it by fields that only journald sets, or with one of these beside it.
    var all: [[JournalMatch]] {
        let kernel = [JournalMatch("_TRANSPORT", "kernel")]
        let manager = [JournalMatch("_PID", "1")] + names.map { JournalMatch("UNIT", $0) }
        let losses = [
            JournalMatch("_TRANSPORT", "driver"), JournalMatch("MESSAGE_ID", JournalMessage.dropped),
            JournalMatch("MESSAGE_ID", JournalMessage.missed),
        ]
        return lines + [kernel, manager, losses].map { group in group.compactMap { $0 } }
    }
}
