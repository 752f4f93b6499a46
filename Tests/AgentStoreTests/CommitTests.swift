// SPDX-License-Identifier: Apache-2.0
import AgentStore
import FoundationEssentials
import GRDB
import SessionRecords
import SessionTracking
import Testing

@Suite("Committing facts")
struct CommitTests {
    @Test("row, output and entry are there after one commit, and read back as they were written")
    func wholeFact() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let commit = Sample.ended(1, output: "finding: connection pool exhausted\n")
        let entries = try store.commit([.session(commit)])

        #expect(entries.map(\.type) == [.sessionEnded])
        #expect(entries.first?.session == commit.session.id)
        #expect(entries.first?.revision == 3)
        let reader = try scratch.reader()
        #expect(try reader.session(commit.session.id) == commit.session)
        #expect(try reader.output(commit.session.id) == commit.output)
        let stored = try #require(try reader.entries(from: entries[0].number, limit: 1).first)
        #expect(stored.hash == entries[0].hash)
        #expect(stored.session == commit.session.id)
    }

    @Test("an entry is the canonical JSON of ledger, number, type, time and the session's own JSON, chained by SHA-256")
    func entryBytes() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let commit = Sample.ended(1)
        let entry = try #require(try store.commit([.session(commit)]).first)
        let entries = try scratch.reader().entries(from: 1, limit: 10)
        try #require(entries.count == 2)

        let expected = JSONValue.object(
            JSONObject([
                ("schemaVersion", .integer(1)), ("ledger", .string(store.ledger)), ("number", .integer(2)),
                ("type", .string("session.ended")), ("at", .string(entry.at.description)),
                ("session", commit.session.json),
            ]))
        #expect(entries[1].bytes == expected.canonical)
        var chained = entries[0].hash.bytes + [0, 0, 0, 0, 0, 0, 0, 2]
        chained += entries[1].bytes
        #expect(entries[1].hash == Digest(of: chained))
        #expect(entries[0].hash == Digest(of: Digest.zero.bytes + [0, 0, 0, 0, 0, 0, 0, 1] + entries[0].bytes))
    }

    @Test("a new ledger begins with an entry that names node, machine and boot")
    func firstEntry() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        #expect(store.opening == .created)
        let entry = try #require(try scratch.reader().entries(from: 0, limit: 1).first)
        #expect(entry.number == 1)
        #expect(entry.type == "ledger.opened")
        let text = String(decoding: entry.bytes, as: UTF8.self)
        #expect(text.contains(#""opened":{"bootID":"b1","machineID":"m1","node":"worker-0","reason":"created"}"#))
    }

    @Test("256 facts are one transaction, numbered without a gap and in their order")
    func groupCommit() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let before = store.counters
        let entries = try store.commit((0..<256).map { .session(Sample.ended($0)) })
        #expect(entries.map(\.number) == Array(2...257))
        #expect(entries.map(\.session) == (0..<256).map { Sample.id($0) })
        #expect(store.counters.transactions == before.transactions + 1)
        #expect(store.counters.facts == 256)
        #expect(store.counters.entries == 256)
        #expect(store.counters.head == LedgerHead(number: 257, hash: entries[255].hash))
        #expect(try LedgerVerifier.verify(scratch.reader()).isSound)
    }

    @Test("a row may change without an entry, and is told later")
    func rowWithoutEntry() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([Sample.started(1)])
        var ended = Sample.ended(1)
        ended.entry = nil
        ended.session.revision = 2
        ended.facts = Sample.facts
        #expect(try store.commit([.session(ended)]).isEmpty)
        #expect(try scratch.reader().session(ended.session.id)?.exitCode == 42)
        #expect(try store.openSessions().count == 1)
        let told = try store.commit([.session(Sample.ended(1))])
        #expect(told.map(\.number) == [3])
        #expect(try store.openSessions().isEmpty)
    }

    @Test("of several revisions in one transaction each entry is written, and of the row what the last one says")
    func overwrittenInOneTransaction() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var provisional = Sample.ended(1)
        provisional.session.revision = 2
        provisional.session.reason = "provisional"
        provisional.entry = nil
        provisional.output = nil
        var last = Sample.ended(1)
        last.facts = Sample.facts
        // An older revision that comes late changes nothing, whatever it stands behind.
        let entries = try store.commit([
            Sample.started(1), .session(provisional), .session(last), .session(provisional), Sample.started(2),
        ])
        #expect(entries.map(\.type) == [.sessionStarted, .sessionEnded, .sessionStarted])
        #expect(try scratch.reader().session(Sample.id(1)) == last.session)
        #expect(try scratch.reader().output(Sample.id(1))?.bytes == last.output?.bytes)
        #expect(try store.openSessions().map(\.1) == [Sample.facts, Sample.facts])
        #expect(try LedgerVerifier.verify(scratch.reader()).isSound)
    }

    @Test("the same revision twice makes one entry, an older one none, and neither changes the row")
    func atMostOnce() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let first = try store.commit([Sample.started(1), .session(Sample.ended(1))])
        let again = try store.commit([.session(Sample.ended(1, exitCode: 7)), Sample.started(1)])
        #expect(again == [first[1], first[0]])
        #expect(try scratch.reader().session(Sample.id(1))?.exitCode == 42)
        #expect(try scratch.reader().status().head.number == 3)
        #expect(store.counters.duplicates == 2)
        #expect(store.counters.entries == 2)
    }

    @Test("a provisional session is forgotten without a trace; one that was told of stays and is not resumed")
    func forget() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var provisional = SessionCommit(
            session: Sample.running(1) { $0.classification = .unresolved }, facts: Sample.facts, entry: nil,
            output: nil)
        provisional.session.namespace = "kube-system"
        _ = try store.commit([.session(provisional), Sample.started(2)])
        let reader = try scratch.reader()
        #expect(try reader.sessions(limit: 10).map(\.id) == [Sample.id(2)])
        var all = SessionFilter()
        all.includesUnresolved = true
        #expect(try reader.sessions(all, limit: 10).count == 2)

        _ = try store.commit([.forget(Sample.id(1)), .forget(Sample.id(2))])
        #expect(try reader.session(Sample.id(1)) == nil)
        #expect(try reader.session(Sample.id(2)) != nil)
        #expect(try store.openSessions().isEmpty)
    }

    @Test("cursors are kept with the facts, and lost with them")
    func cursors() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([Sample.started(1), .cursor(.journal, "s=1;i=5")])
        _ = try store.commit([.cursor(.journal, "s=1;i=6")])
        #expect(try store.cursor(of: .journal) == "s=1;i=6")
        #expect(try store.cursor(of: .pods) == nil)
        // A gap without an id breaks the schema's rule: the whole transaction goes.
        var nameless = Gap(source: "runtime", openedAt: Timestamp(nanoseconds: 1), reason: "connection lost")
        nameless.id = ""
        #expect(throws: LastwordError.self) {
            try store.commit([Sample.started(2), .cursor(.journal, "s=1;i=7"), .gap(nameless)])
        }
        #expect(try store.cursor(of: .journal) == "s=1;i=6")
        #expect(try scratch.reader().session(Sample.id(2)) == nil)
        #expect(try store.commit([Sample.started(2)]).map(\.number) == [3])
        #expect(try LedgerVerifier.verify(scratch.reader()).isSound)
    }

    @Test("hostile names and output come back byte for byte, and the chain over them verifies")
    func hostileText() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let name = "a\"b'); DROP TABLE ledger;--\u{1B}[2J\u{202E}\u{0}\u{7F}é\u{10FFFF}\u{E000}"
        let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let tail = Sample.tail(bytes)
        var commit = Sample.ended(1) { session in
            session.pod = name
            session.labels = [name: name, "\u{FFFD}": "1", "\u{1F600}": "2"]
            session.message = name
            session.output = tail.summary
        }
        commit.output = tail
        _ = try store.commit([.session(commit)])
        let reader = try scratch.reader()
        #expect(try reader.session(commit.session.id) == commit.session)
        #expect(try reader.output(commit.session.id)?.bytes == bytes)
        let report = try LedgerVerifier.verify(reader)
        #expect(report.isSound, "\(report.findings)")
        #expect(report.records == 1)
        #expect(report.outputs == 1)
    }

    @Test("old news is known by what was told and settled, not by what is open or provisional")
    func settled() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var open = Sample.ended(2)
        open.facts = Sample.facts
        var provisional = Sample.ended(3)
        provisional.entry = nil
        _ = try store.commit([.session(Sample.ended(1)), .session(open), .session(provisional)])
        let all = Set((1...4).compactMap { Sample.containerID($0) })
        #expect(try store.settled(among: all) == [try #require(Sample.containerID(1))])
        _ = try store.commit([.settle(Sample.id(2))])
        #expect(try store.settled(among: all).count == 2)
        #expect(try store.settled(among: []) == [])
    }
}
