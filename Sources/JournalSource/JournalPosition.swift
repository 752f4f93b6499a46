// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Where the source stands: libsystemd's cursor and, in case that has become worthless, when and in which boot the entry was
/// received.
///
/// As text `1 <realtime µs> <boot> <monotonic µs> <cursor>`.
struct JournalPosition: Hashable, Sendable {
    var received: Timestamp
    /// 32 hexadecimal digits.
    var boot: String
    /// Nanoseconds since that boot.
    var sinceBoot: Int64
    var cursor: String

    static let longest = 2048

    init(received: Timestamp, boot: String, sinceBoot: Int64, cursor: String) {
        self.received = received
        self.boot = boot
        self.sinceBoot = sinceBoot
        self.cursor = cursor
    }

    /// Nil for text that is none of ours.
    init?(_ text: String) {
        guard text.utf8.count <= Self.longest, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        let parts = text.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == "1", let received = Self.nanoseconds(parts[1]),
            let sinceBoot = Self.nanoseconds(parts[3]), parts[2].utf8.count == 32, Hex.decode(parts[2]) != nil,
            !parts[4].isEmpty
        else { return nil }
        self.received = Timestamp(nanoseconds: received)
        self.sinceBoot = sinceBoot
        boot = String(parts[2])
        cursor = String(parts[4])
    }

    var text: String { "1 \(received.nanoseconds / 1000) \(boot) \(sinceBoot / 1000) \(cursor)" }

    /// Whether an entry comes after this one: within a boot by the clock that no one sets, otherwise by the other.
    func isBefore(_ other: JournalPosition) -> Bool {
        boot == other.boot ? sinceBoot < other.sinceBoot : received < other.received
    }

    private static func nanoseconds(_ microseconds: Substring) -> Int64? {
        guard let value = Int64(microseconds), value >= 0 else { return nil }
        let (result, overflow) = value.multipliedReportingOverflow(by: 1000)
        return overflow ? nil : result
    }
}
