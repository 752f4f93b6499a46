// SPDX-License-Identifier: Apache-2.0
import GRDB
import Glibc
import SessionRecords
import SessionTracking
import TestSupport
import Testing

@testable import AgentStore

@Suite("Reading a store")
struct ReaderTests {
    @Test("a missing store is one clear error")
    func missing() throws {
        let scratch = try Scratch()
        let error = #expect(throws: LastwordError.self) { try scratch.reader() }
        #expect(error?.code == "store.missing")
        #expect(error?.remedy != nil)
    }

    @Test("a reader sees each commit of a running agent, and holds nothing in between")
    func live() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let reader = try scratch.reader()
        for number in 1...5 {
            _ = try store.commit([.session(Sample.ended(number))])
            #expect(try reader.sessions(limit: 10).count == number)
        }
        // A transaction left open would keep the log from being taken over.
        try scratch.tamper { db in
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        #expect(Scratch.read(scratch.database + "-wal").isEmpty)
    }

    @Test(
        "a reader that may not write reads a running agent's store and a dead one's",
        .enabled(if: Mount.areAllowed, "mounting needs root"))
    func readOnly() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let mount = try Mount(readOnly: scratch.store, at: scratch.path + "/ro")
        let reader = try StoreReader(directory: mount.path)
        _ = try store.commit([.session(Sample.ended(1))])
        #expect(try reader.sessions(limit: 10).count == 1)
        try reader.close()
        try store.close()

        let afterwards = try StoreReader(directory: mount.path)
        #expect(!afterwards.isImmutable)
        #expect(try afterwards.sessions(limit: 10).count == 1)
        #expect(try LedgerVerifier.verify(afterwards).isSound)
    }

    @Test(
        "without log files it is read as immutable, until an agent writes again",
        .enabled(if: Mount.areAllowed, "mounting needs root"))
    func immutable() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([.session(Sample.ended(1))])
        try store.close()
        try scratch.tamper { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        unlink(scratch.database + "-wal")
        unlink(scratch.database + "-shm")
        let mount = try Mount(readOnly: scratch.store, at: scratch.path + "/r?o #%")
        let reader = try StoreReader(directory: mount.path)
        #expect(reader.isImmutable)
        #expect(try reader.sessions(limit: 10).count == 1)

        let again = try scratch.open()
        _ = try again.commit([.session(Sample.ended(2))])
        #expect(try reader.sessions(limit: 10).count == 2)
        #expect(!reader.isImmutable)
    }

    @Test("the files of an agent that was killed hold every commit")
    func killed() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit((0..<50).map { .session(Sample.ended($0)) })
        let copy = scratch.path + "/copy"
        mkdir(copy, 0o750)
        for name in ["lastword.db", "lastword.db-wal"] {
            try Scratch.write(Scratch.read(scratch.store + "/" + name), to: copy + "/" + name)
        }
        let reader = try StoreReader(directory: copy)
        #expect(try reader.sessions(limit: 100).count == 50)
        #expect(try LedgerVerifier.verify(reader).entries == 51)
    }

    @Test("a reader follows when the store is set aside and begun anew")
    func replaced() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([.session(Sample.ended(1))])
        let reader = try scratch.reader()
        #expect(try reader.status().ledger == store.ledger)
        try store.close()
        for suffix in ["", "-wal", "-shm"] { rename(scratch.database + suffix, scratch.path + "/old" + suffix) }
        let next = try scratch.open()
        #expect(try reader.status().ledger == next.ledger)
        #expect(try reader.sessions(limit: 10).isEmpty)
    }

    @Test("filters, order and pages give what sorting and filtering in memory gives")
    func filters() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var random = SeededGenerator(seed: 11)
        var sessions: [Session] = []
        for number in 0..<300 {
            let commit = Sample.ended(number) { session in
                session.namespace = ["default", "prod", "kube-system"].randomElement(using: &random)
                session.pod = ["web", "db", "x' OR '1'='1"].randomElement(using: &random)
                session.container = "debugger-\(Int.random(in: 0..<20, using: &random))"
                session.targetContainer = ["nginx", nil, "app"].randomElement(using: &random) ?? nil
                session.exitCode = [0, 1, 42, 137, nil].randomElement(using: &random) ?? nil
                session.state =
                    [.ended, .ended, .running, .waiting, .neverStarted, .unknown]
                    .randomElement(using: &random) ?? .ended
                // Many begin at the same moment.
                session.startedAt = TestClock.epoch.advanced(byNanoseconds: Int64.random(in: 0..<50, using: &random))
            }
            sessions.append(commit.session)
            _ = try store.commit([.session(commit)])
        }
        let reader = try scratch.reader()
        let order = sessions.enumerated().sorted { left, right in
            (left.element.startedAt ?? TestClock.epoch, left.offset)
                > (right.element.startedAt ?? TestClock.epoch, right.offset)
        }.map(\.element)
        for _ in 0..<150 {
            let filter = Self.filter(&random)
            let expected = order.filter { Self.matches($0, filter) }.map(\.id)
            var listed: [SessionID] = []
            var cursor: SessionCursor?
            repeat {
                let page = try reader.page(filter, limit: 7, before: cursor)
                listed += page.sessions.map(\.id)
                cursor = page.next
            } while cursor != nil
            #expect(listed == expected, "\(filter)")
        }
    }

    private static func filter(_ random: inout SeededGenerator) -> SessionFilter {
        var filter = SessionFilter()
        filter.namespace = ["default", "prod", nil, nil, "none"].randomElement(using: &random) ?? nil
        filter.pod = ["web", "x' OR '1'='1", nil, nil].randomElement(using: &random) ?? nil
        filter.container = ["debugger-3", nil, nil, nil].randomElement(using: &random) ?? nil
        filter.targetContainer = ["nginx", nil, nil].randomElement(using: &random) ?? nil
        filter.exitCode = [0, 42, nil, nil].randomElement(using: &random) ?? nil
        filter.states =
            [[], [], [.running], [.ended], [.waiting, .unknown], [.running, .ended]].randomElement(using: &random) ?? []
        filter.since = [nil, nil, TestClock.epoch.advanced(byNanoseconds: 20)].randomElement(using: &random) ?? nil
        filter.until = [nil, nil, TestClock.epoch.advanced(byNanoseconds: 30)].randomElement(using: &random) ?? nil
        filter.olderThan = [nil, nil, TestClock.epoch.advanced(byNanoseconds: 25)].randomElement(using: &random) ?? nil
        return filter
    }

    private static func matches(_ session: Session, _ filter: SessionFilter) -> Bool {
        func allows<Value: Equatable>(_ wanted: Value?, _ value: Value?) -> Bool {
            wanted == nil || wanted == value
        }
        guard allows(filter.namespace, session.namespace), allows(filter.pod, session.pod) else { return false }
        guard allows(filter.container, session.container) else { return false }
        guard allows(filter.targetContainer, session.targetContainer) else { return false }
        guard allows(filter.exitCode, session.exitCode) else { return false }
        guard filter.states.isEmpty || filter.states.contains(session.state) else { return false }
        let begun = session.startedAt ?? TestClock.epoch
        if let since = filter.since, begun < since { return false }
        if let until = filter.until, begun > until { return false }
        if let olderThan = filter.olderThan, begun >= olderThan { return false }
        return true
    }

    @Test("of several filters the index with the fewest rows is read")
    func narrowestIndex() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit(
            (0..<200).map { number in
                .session(Sample.ended(number, exitCode: number == 7 ? 139 : 0) { $0.pod = "web" })
            })
        let reader = try scratch.reader()
        var filter = SessionFilter()
        filter.pod = "web"
        filter.namespace = "default"
        filter.exitCode = 139
        let page = try reader.read("list") { db in try SessionQuery(filter).page(db, limit: 10, before: nil) }
        #expect(page.index == "session_exit_code")
        #expect(page.records.count == 1)
    }

    @Test("a row moves in the list when its start or names become known")
    func moved() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let waiting = Sample.running(1) { session in
            session.state = .waiting
            session.startedAt = nil
            session.namespace = nil
            session.targetContainer = nil
            session.createdAt = TestClock.epoch
        }
        _ = try store.commit([
            .session(SessionCommit(session: waiting, facts: Sample.facts, entry: nil, output: nil)),
            Sample.started(2),
        ])
        let reader = try scratch.reader()
        var filter = SessionFilter()
        filter.namespace = "default"
        #expect(try reader.sessions(filter, limit: 9).map(\.id) == [Sample.id(2)])
        #expect(try reader.sessions(limit: 9).map(\.id) == [Sample.id(2), Sample.id(1)])
        let later = Sample.ended(1) { $0.startedAt = TestClock.epoch.advanced(byNanoseconds: 9_000_000_000) }
        _ = try store.commit([.session(later)])
        #expect(try reader.sessions(filter, limit: 9).map(\.id) == [Sample.id(1), Sample.id(2)])
    }

    @Test("a session is found by an id prefix or its path; what is ambiguous names the candidates safely")
    func references() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit(
            (0..<40).map { number in
                .session(Sample.ended(number) { $0.container = number < 2 ? "same\u{1B}[2J" : "debugger-\(number)" })
            })
        let reader = try scratch.reader()
        let id = Sample.id(5).rawValue
        #expect(try reader.session(reference: String(id.prefix(12)))?.id == Sample.id(5))
        #expect(try reader.session(reference: id.uppercased())?.id == Sample.id(5))
        #expect(try reader.session(reference: "default/debug-target/debugger-9")?.id == Sample.id(9))
        for nothing in ["zz", "", "a/b", "default/debug-target/x", id + "0", "%"] {
            #expect(try reader.session(reference: nothing) == nil, "\(nothing)")
        }
        let error = #expect(throws: LastwordError.self) {
            try reader.session(reference: "default/debug-target/same\u{1B}[2J")
        }
        #expect(error?.code == "session.ambiguous")
        #expect(error?.message.contains(Sample.id(0).rawValue) == true)
        #expect(error?.message.contains(Sample.id(1).rawValue) == true)
        #expect(error?.description.contains("\u{1B}") == false)
    }

    @Test("output that is not what was recorded is shown with a note that says so")
    func alteredOutput() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([.session(Sample.ended(1)), Sample.started(2)])
        let reader = try scratch.reader()
        #expect(try reader.output(Sample.id(2)) == nil)
        #expect(try reader.output(Sample.id(1))?.summary.note == nil)
        try scratch.tamper { try $0.execute(sql: "UPDATE output SET bytes = x'41', frames = x'FF'") }
        let tail = try #require(try reader.output(Sample.id(1)))
        #expect(tail.bytes == [0x41])
        #expect(tail.frames.isEmpty)
        #expect(tail.summary.note?.contains("SHA-256") == true)
    }

    @Test("status counts sessions, backlog, refused entries and bytes")
    func status() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.agentStarted(version: "1")
        let entries = try store.commit([Sample.started(1), Sample.started(2), .session(Sample.ended(3))])
        try store.acknowledge(through: 3)
        try store.acknowledge(through: 2)
        try store.markRefused(2)
        let status = try scratch.reader().status()
        #expect(status.ledger == store.ledger)
        #expect(status.sessions == 3)
        #expect(status.unended == [.running: 2])
        #expect(status.entries == 5)
        #expect(status.backlog == 2)
        #expect(status.backlogSince == entries[1].at)
        #expect(status.lastEntryAt == entries[2].at)
        #expect(status.refused == 1)
        #expect(status.head == store.counters.head)
        #expect(status.anchor == .none)
        #expect(status.bytes > 4096)
        #expect(status.lastRun?.version == "1")
        #expect(try scratch.reader().entries(from: 2, limit: 2).map(\.delivered) == [false, true])
        try store.acknowledge(through: 1_000_000)
        #expect(try scratch.reader().status().backlog == 0)
        #expect(try LedgerVerifier.verify(scratch.reader()).isSound)
    }
}
