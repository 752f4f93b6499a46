// SPDX-License-Identifier: Apache-2.0
import AgentStore
import GRDB
import Glibc
import SQLiteStore
import SessionRecords
import SessionTracking
import Testing

@Suite("Opening a store")
struct OpeningTests {
    @Test("directory and files have their modes and the group, whatever the umask was")
    func modes() throws {
        let scratch = try Scratch()
        let store = try scratch.open(group: "daemon")
        _ = try store.commit([Sample.started(1)])
        #expect(Scratch.mode(scratch.store).mode == 0o750)
        let group = getgrnam("daemon").map { $0.pointee.gr_gid }
        for name in ["lastword.db", "lastword.db-wal", "lastword.db-shm", "lastword.lock"] {
            let (mode, owner) = Scratch.mode(scratch.store + "/" + name)
            #expect(mode == 0o640, "\(name)")
            if geteuid() == 0 { #expect(owner == group, "\(name)") }
        }
    }

    @Test("commits are synchronous (FULL) and the log outlives a clean stop")
    func durability() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        #expect(try store.pragma("synchronous") == 2)
        try store.close()
        #expect(Scratch.names(scratch.store).contains("lastword.db-wal"))
    }

    @Test("neither writer nor reader needs a directory for temporary files: an agent's pod has none")
    func temporaryFiles() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        #expect(try store.pragma("temp_store") == 2)
        let reader = try ReadOnlyConnection(path: scratch.store + "/lastword.db")
        #expect(try reader.queue.read { try Int.fetchOne($0, sql: "PRAGMA temp_store") } == 2)
        try reader.queue.close()
        try store.close()
    }

    @Test("a second opener is refused in time and told who holds the store")
    func locked() throws {
        let scratch = try Scratch()
        let first = try scratch.open()
        let error = #expect(throws: LastwordError.self) { try scratch.open(lockTimeout: .milliseconds(60)) }
        #expect(error?.code == "store.locked")
        #expect(error?.message.contains("process \(getpid()) ") == true)
        try first.close()
        let second = try scratch.open()
        #expect(second.ledger == first.ledger)
        #expect(second.opening == .existing)
    }

    @Test("a second opener gets the store when the first lets go within the time")
    func handover() async throws {
        let scratch = try Scratch()
        let first = try scratch.open()
        let second = Task.detached { try scratch.open(lockTimeout: .seconds(30)).ledger }
        try await Task.sleep(for: .milliseconds(50))
        try first.close()
        #expect(try await second.value == first.ledger)
    }

    @Test("what is not a database is set aside, named in the new ledger's first entry, and not deleted")
    func garbage() throws {
        let scratch = try Scratch()
        mkdir(scratch.store, 0o750)
        let garbage = Array("this was a ledger once, and then somebody's disk ate it. ".utf8)
        try Scratch.write(garbage, to: scratch.database)
        let store = try scratch.open()
        guard case .replaced(let predecessor, _) = store.opening else {
            Issue.record("opened as \(store.opening)")
            return
        }
        #expect(predecessor.ledger == nil)
        #expect(Scratch.read(scratch.store + "/" + predecessor.file) == garbage)
        let entry = try #require(try scratch.reader().entries(from: 1, limit: 1).first)
        let text = String(decoding: entry.bytes, as: UTF8.self)
        #expect(text.contains(#""predecessor":{"file":"\#(predecessor.file)"}"#))
        #expect(text.contains(#""reason":"predecessor-set-aside""#))
        #expect(try scratch.reader().status().setAside == [predecessor.file])
    }

    @Test("a store with a damaged page is set aside; the new ledger names the old one's id, last number and hash")
    func damagedPage() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit((0..<300).map { .session(Sample.ended($0)) })
        let head = store.counters.head
        try store.close()
        let (page, size) = try scratch.tamper { db in
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            let page = try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'session_namespace'")
            return (try #require(page), try #require(try Int.fetchOne(db, sql: "PRAGMA page_size")))
        }
        try Scratch.write([UInt8](repeating: 0xFF, count: size), to: scratch.database, at: (page - 1) * size)
        let damaged = Scratch.read(scratch.database)

        let next = try scratch.open()
        guard case .replaced(let predecessor, _) = next.opening else {
            Issue.record("opened as \(next.opening)")
            return
        }
        #expect(next.ledger != store.ledger)
        #expect(predecessor.ledger == store.ledger)
        #expect(predecessor.head == head)
        #expect(Scratch.read(scratch.store + "/" + predecessor.file) == damaged)
        let entry = try #require(try scratch.reader().entries(from: 1, limit: 1).first)
        let text = String(decoding: entry.bytes, as: UTF8.self)
        #expect(text.contains(#""ledger":"\#(store.ledger)","number":\#(head.number)}"#))
        #expect(text.contains(#""hash":"\#(head.hash)""#))
        #expect(try next.commit([.session(Sample.ended(1))]).map(\.number) == [2])
    }

    @Test("a log without its database is evidence: it is set aside, not deleted by SQLite")
    func orphanedLog() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([.session(Sample.ended(1))])
        let log = Scratch.read(scratch.database + "-wal")
        try #require(!log.isEmpty)
        try store.close()
        unlink(scratch.database)
        try Scratch.write(log, to: scratch.database + "-wal")
        let next = try scratch.open()
        guard case .replaced(let predecessor, _) = next.opening else {
            Issue.record("opened as \(next.opening)")
            return
        }
        #expect(Scratch.read(scratch.store + "/" + predecessor.file + "-wal") == log)
    }

    @Test("a store of a later version is refused by agent and reader, and not one byte of it changes")
    func newerSchema() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([.session(Sample.ended(1))])
        try store.close()
        try scratch.tamper { db in
            try db.execute(sql: "PRAGMA user_version = 99")
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let before = Scratch.read(scratch.database)
        #expect(throws: LastwordError.self) { try scratch.open() }
        #expect((#expect(throws: LastwordError.self) { try scratch.open() })?.code == "store.newer-schema")
        #expect((#expect(throws: LastwordError.self) { try scratch.reader() })?.code == "store.newer-schema")
        #expect(Scratch.read(scratch.database) == before)
        #expect(!Scratch.names(scratch.store).contains { $0.contains("corrupt") })
    }

    @Test("another program's database is refused and left alone")
    func foreign() throws {
        let scratch = try Scratch()
        mkdir(scratch.store, 0o750)
        try scratch.tamper { try $0.execute(sql: "CREATE TABLE bookmarks (url TEXT)") }
        let before = Scratch.read(scratch.database)
        #expect((#expect(throws: LastwordError.self) { try scratch.open() })?.code == "store.foreign")
        #expect((#expect(throws: LastwordError.self) { try scratch.reader() })?.code == "store.older-schema")
        #expect(Scratch.read(scratch.database) == before)
    }

    @Test("a file where the directory should be is one clear error")
    func fileInTheWay() throws {
        let scratch = try Scratch()
        try Scratch.write([1], to: scratch.store)
        let error = #expect(throws: LastwordError.self) { try scratch.open() }
        #expect(error?.code == "store.unwritable")
        #expect(error?.message.contains(scratch.store) == true)
        #expect(error?.remedy != nil)
    }

    @Test("a read-only file system is one clear error", .enabled(if: Mount.areAllowed, "mounting needs root"))
    func readOnlyFileSystem() throws {
        let scratch = try Scratch()
        try scratch.open().close()
        let mount = try Mount(readOnly: scratch.store, at: scratch.path + "/ro")
        let error = #expect(throws: LastwordError.self) {
            try AgentStore.open(
                directory: mount.path, identity: NodeIdentity(node: "n", machineID: nil, bootID: nil))
        }
        #expect(error?.code == "store.unwritable")
        #expect(error?.description.contains("Read-only file system") == true)
    }

    @Test(
        "a full disk fails the commit whole, says so, and the store works again when there is room",
        .enabled(if: Mount.areAllowed, "mounting needs root"))
    func diskFull() throws {
        let scratch = try Scratch()
        let mount = try Mount(tmpfs: scratch.store, bytes: 4 << 20)
        let store = try scratch.open()
        _ = try store.commit([Sample.started(0)])
        // Everything that is left of it, but for what the next commits need of the log.
        let filler = mount.path + "/filler"
        var size = 4 << 20
        while size >= 4096 {
            do {
                try Scratch.write(
                    [UInt8](repeating: 0, count: size), to: filler, at: Scratch.read(filler).count)
            } catch { size /= 2 }
        }
        var committed = 1
        var fault: LastwordError?
        while fault == nil, committed < 2000 {
            do {
                _ = try store.commit([.session(Sample.ended(committed, output: String(repeating: "x", count: 4000)))])
                committed += 1
            } catch let error as LastwordError { fault = error }
        }
        #expect(fault?.code == "store.full", "\(String(describing: fault))")
        #expect(store.counters.failing == "store.full")
        #expect(throws: LastwordError.self) { try store.commit([.session(Sample.ended(committed))]) }

        unlink(filler)
        let retried = try store.commit([.session(Sample.ended(committed))])
        #expect(retried.map(\.number) == [Int64(committed) + 2])
        #expect(store.counters.failing == nil)
        let report = try LedgerVerifier.verify(scratch.reader())
        #expect(report.isSound, "\(report.findings)")
        #expect(report.entries == committed + 2)
        try store.close()
    }
}
