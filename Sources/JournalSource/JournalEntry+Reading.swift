// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SystemJournal

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
