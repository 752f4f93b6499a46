// SPDX-License-Identifier: Apache-2.0
import AgentStore
import FoundationEssentials
import GRDB
import SessionRecords
import SessionTracking
import Testing

/// One way to alter a store of 42 entries (1: opened; 2…41: twenty sessions started and ended; 42: a gap), and what must
/// be found.
struct Alteration: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let sql: [String]
    let finds: [String]

    init(_ name: String, _ sql: String..., finds: String...) {
        testDescription = name
        self.sql = sql
        self.finds = finds
    }

    static let all: [Alteration] = [
        Alteration(
            "a flipped bit in an entry",
            """
            UPDATE ledger SET bytes = CAST(replace(CAST(bytes AS TEXT), '"exitCode":42', '"exitCode":43') AS BLOB)
            WHERE number = 21
            """, finds: "altered 21", "record 21"),
        Alteration(
            "a flipped bit in a hash",
            "UPDATE ledger SET hash = CAST(x'00' || substr(hash, 2) AS BLOB) WHERE number = 21", finds: "altered 21"),
        Alteration("a dropped entry", "DELETE FROM ledger WHERE number = 20", finds: "missing 20"),
        Alteration("a cut in the middle", "DELETE FROM ledger WHERE number BETWEEN 10 AND 29", finds: "missing 10"),
        Alteration(
            "two entries in each other's place",
            "UPDATE ledger SET number = 1000 WHERE number = 11", "UPDATE ledger SET number = 11 WHERE number = 31",
            "UPDATE ledger SET number = 31 WHERE number = 1000", finds: "altered 11", "malformed 11", "altered 31",
            "malformed 31"),
        Alteration("the first entry gone", "DELETE FROM ledger WHERE number = 1", finds: "missing 1"),
        Alteration(
            "the old end cut, and the anchor moved to match",
            """
            UPDATE ledger_state SET anchor_number = 5, anchor_hash = (SELECT hash FROM ledger WHERE number = 5)
            """, "DELETE FROM ledger WHERE number <= 5", finds: "anchor 5"),
        Alteration("all entries gone", "DELETE FROM ledger", finds: "missing 1"),
        Alteration(
            "a type that its row does not say", "UPDATE ledger SET type = 'retention' WHERE number = 42",
            finds: "malformed 42"),
        Alteration(
            "an altered row of the list",
            """
            UPDATE session_record SET record = replace(record, '"exitCode":42', '"exitCode":0')
            WHERE session = (SELECT seq FROM session WHERE container = 'debugger-7')
            """, finds: "record 17"),
        Alteration(
            "a deleted row of the list", "DELETE FROM session WHERE container = 'debugger-7'", finds: "record 16",
            "record 17"),
        Alteration(
            "an altered output",
            """
            UPDATE output SET bytes = CAST('nothing happened' AS BLOB)
            WHERE session = (SELECT seq FROM session WHERE container = 'debugger-7')
            """, finds: "output 17"),
        Alteration(
            "altered frames with their row's own hash",
            """
            UPDATE output SET frames = x'01', frames_sha256 = zeroblob(32)
            WHERE session = (SELECT seq FROM session WHERE container = 'debugger-7')
            """, finds: "output 17"),
        Alteration(
            "a cut tail whose traces were left", "DELETE FROM ledger WHERE number > 30", finds: "tail 41", "tail 42"),
    ]
}

@Suite("Verifying the ledger")
struct VerifierTests {
    private static func filled() throws -> (Scratch, LedgerHead) {
        let scratch = try Scratch()
        let store = try scratch.open()
        for number in 0..<20 {
            _ = try store.commit([Sample.started(number), .session(Sample.ended(number))])
        }
        _ = try store.commit([.gap(Gap(source: "pods", openedAt: TestClock.epoch, reason: "watch lost"))])
        let head = store.counters.head
        try store.close()
        return (scratch, head)
    }

    @Test("an untouched store is sound, and everything in it was compared")
    func sound() throws {
        let (scratch, head) = try Self.filled()
        let report = try LedgerVerifier.verify(scratch.reader())
        #expect(report.isSound, "\(report.findings)")
        #expect(report.entries == 42)
        #expect(report.records == 20)
        #expect(report.outputs == 20)
        #expect(report.head == head)
        #expect(!report.couldSeeCutTail)
    }

    @Test("every alteration is found, with the number", arguments: Alteration.all)
    func found(_ alteration: Alteration) throws {
        let (scratch, _) = try Self.filled()
        try scratch.tamper { db in
            for sql in alteration.sql {
                try db.execute(sql: sql)
                #expect(db.changesCount > 0, "\(sql)")
            }
        }
        let report = try LedgerVerifier.verify(scratch.reader())
        let found = Set(report.findings.map { "\($0.kind) \($0.number.map(String.init) ?? "-")" })
        #expect(found.isSuperset(of: alteration.finds), "\(report.findings)")
        #expect(!report.isSound)
    }

    @Test("one altered entry, one altered hash and one hole are each found once, and nothing behind them")
    func exact() throws {
        let (scratch, _) = try Self.filled()
        try scratch.tamper { db in
            try db.execute(
                sql: "UPDATE ledger SET hash = CAST(x'00' || substr(hash, 2) AS BLOB) WHERE number = 8")
            try db.execute(sql: "DELETE FROM ledger WHERE number IN (20, 21)")
            try db.execute(
                sql:
                    "UPDATE ledger SET bytes = CAST(replace(CAST(bytes AS TEXT), 'nginx', 'mginx') AS BLOB) WHERE number = 30"
            )
        }
        let report = try LedgerVerifier.verify(scratch.reader())
        #expect(report.findings.map { "\($0.kind) \($0.number ?? 0)" } == ["altered 8", "missing 20", "altered 30"])
        #expect(report.findings[1].text == "entries 20 to 21 are missing")
    }

    @Test("a cut tail without traces is invisible without a head kept elsewhere, and found with one")
    func cutTail() throws {
        let (scratch, head) = try Self.filled()
        try scratch.tamper { db in
            try db.execute(sql: "DELETE FROM ledger WHERE number > 39")
            try db.execute(sql: "DELETE FROM gap")
            try db.execute(sql: "DELETE FROM session WHERE container = 'debugger-19'")
            try db.execute(
                sql: """
                    DELETE FROM output WHERE session NOT IN (SELECT seq FROM session)
                    """)
        }
        let blind = try LedgerVerifier.verify(scratch.reader())
        #expect(blind.isSound, "\(blind.findings)")
        #expect(!blind.couldSeeCutTail)
        let known = KnownHead(keeper: "the collector", ledger: blind.ledger, head: head)
        let report = try LedgerVerifier.verify(scratch.reader(), heads: [known])
        #expect(report.heads.map(\.verdict) == [.missing])
        #expect(report.couldSeeCutTail)
        #expect(report.findings.map(\.kind) == [.head])
    }

    @Test("a chain rewritten to its end is found by a head kept elsewhere alone")
    func rewritten() throws {
        let (scratch, head) = try Self.filled()
        let entries = try scratch.reader().entries(from: 1, limit: 100)
        try scratch.tamper { db in
            var previous = entries[37].hash
            for entry in entries[38...] {
                let text = String(decoding: entry.bytes, as: UTF8.self).replacing("nginx", with: "mginx")
                let bytes = Array(text.utf8)
                previous = LedgerChain.hash(previous: previous, number: entry.number, bytes: bytes)
                try db.execute(
                    sql: "UPDATE ledger SET bytes = ?, hash = ? WHERE number = ?",
                    arguments: [Data(bytes), Data(previous.bytes), entry.number])
            }
            try db.execute(
                sql: "UPDATE session_record SET record = replace(record, 'nginx', 'mginx') WHERE session >= 19")
        }
        let blind = try LedgerVerifier.verify(scratch.reader())
        #expect(blind.isSound, "\(blind.findings)")
        let old = KnownHead(keeper: "journal", ledger: nil, head: LedgerHead(number: 20, hash: entries[19].hash))
        let new = KnownHead(keeper: "collector", ledger: blind.ledger, head: head)
        let other = KnownHead(keeper: "backup", ledger: "another", head: head)
        let report = try LedgerVerifier.verify(scratch.reader(), heads: [old, new, other])
        #expect(report.heads.map(\.verdict) == [.agrees, .differs, .otherLedger])
        #expect(report.findings.map(\.number) == [42, nil])
    }

    @Test("an entry that hashes right but is not canonical, or is another ledger's, is found")
    func form() throws {
        let (scratch, _) = try Self.filled()
        let entries = try scratch.reader().entries(from: 1, limit: 100)
        let spaced = String(decoding: entries[41].bytes, as: UTF8.self).replacing("\"at\":", with: "\"at\": ")
        let foreign = String(decoding: entries[40].bytes, as: UTF8.self)
            .replacing("\"ledger\":\"", with: "\"ledger\":\"f")
        try scratch.tamper { db in
            var previous = entries[39].hash
            for (number, text) in [(Int64(41), foreign), (42, spaced)] {
                previous = LedgerChain.hash(previous: previous, number: number, bytes: Array(text.utf8))
                try db.execute(
                    sql: "UPDATE ledger SET bytes = ?, hash = ? WHERE number = ?",
                    arguments: [Data(text.utf8), Data(previous.bytes), number])
            }
        }
        let report = try LedgerVerifier.verify(scratch.reader())
        #expect(report.findings.map { "\($0.kind) \($0.number ?? 0)" } == ["malformed 41", "malformed 42"])
    }

    @Test("values of another type than the schema's end in findings, not in a crash")
    func wrongTypes() throws {
        let (scratch, _) = try Self.filled()
        try scratch.tamper { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: "UPDATE ledger SET at = 'yesterday', type = x'FF' WHERE number = 9")
            try db.execute(sql: "UPDATE ledger SET bytes = 17, hash = 'short' WHERE number = 10")
            try db.execute(sql: "UPDATE session SET last_entry = 'x', namespace = 4.5 WHERE seq = 3")
        }
        let report = try LedgerVerifier.verify(scratch.reader())
        #expect(report.findings.contains { $0.kind == .malformed && $0.number == 9 })
        #expect(report.findings.contains { $0.kind == .altered && $0.number == 10 })
        #expect(try scratch.reader().sessions(limit: 100).count == 20)
        #expect(throws: LastwordError.self) { try scratch.reader().entries(from: 1, limit: 100) }
    }
}
