// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import GRDB
import Glibc
import SessionRecords
import TestSupport
import Testing

@Suite("Opening, backup and restoring")
struct OpeningTests {
    @Test("what was committed is there after opening again, and nobody else opens it meanwhile")
    func again() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        #expect(store.opening == .created)
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1)])
        let refusal = #expect(throws: LastwordError.self) { try scratch.open(lockTimeout: .milliseconds(50)) }
        #expect(refusal?.code == "store.locked")
        #expect(refusal?.message.contains("process \(getpid())") == true)
        try store.close()
        let next = try scratch.open()
        #expect(next.opening == .existing)
        #expect(try await next.ids() == [Sample.id(1)])
        #expect(try await next.take([ledger.ended(2)]).alarms.isEmpty)
    }

    @Test("every commit is synced, and the files are for owner and group alone")
    func settings() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        #expect(await store.health() == nil)
        var status = stat()
        #expect(stat(scratch.store, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o750)
        for name in Files.names(in: scratch.store) {
            #expect(stat(scratch.store + "/" + name, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o640, "\(name)")
        }
        let settings = try await store.settings()
        #expect(settings.synchronous == 2)
        #expect(settings.secureDelete == 1)
    }

    @Test("a store that was killed at work holds every commit")
    func killed() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        for number in 0..<50 { try await store.take([ledger.ended(number)]) }
        let copy = try Scratch()
        try Files.makeDirectories(copy.store)
        for name in ["collector.db", "collector.db-wal"] {
            try Files.write(try Files.read(scratch.store + "/" + name), to: copy.store + "/" + name)
        }
        let next = try copy.open()
        #expect(next.opening == .existing)
        #expect(try await next.count(scope: .all) == 50)
        #expect(try await next.integrityFindings().isEmpty)
    }

    @Test("a damaged store is set aside under a name of its own, with the reason, and never deleted")
    func corrupt() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        for number in 0..<50 { try await store.take([ledger.ended(number)]) }
        try store.close()
        try scratch.tamper { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        var bytes = try Files.read(scratch.database)
        for index in 8192..<40_960 { bytes[index] = 0xA5 }
        try Files.write(bytes, to: scratch.database)
        let next = try scratch.open()
        guard case .replaced(let file, let reason) = next.opening else {
            Issue.record("opened as \(next.opening)")
            return
        }
        #expect(!reason.isEmpty)
        #expect(try Files.read(scratch.store + "/" + file) == bytes)
        #expect(try await next.status().setAside == [file])
        #expect(try await next.ids().isEmpty)
        let line = try #require(try await next.auditLines(limit: 1).first)
        #expect(line.action == "store.replaced")
        // The agents' ledgers go on: what is missing before is not called a hole.
        #expect(try await next.take([ledger.ended(51)]).alarms.isEmpty)
    }

    @Test("a store of a later version, or of another program, is left alone")
    func refused() throws {
        let scratch = try Scratch()
        try scratch.open().close()
        try scratch.tamper { try $0.execute(sql: "PRAGMA user_version = 99") }
        let before = try Files.read(scratch.database)
        let newer = #expect(throws: LastwordError.self) { try scratch.open() }
        #expect(newer?.code == "store.newer-schema")
        try scratch.tamper { try $0.execute(sql: "PRAGMA user_version = 1; PRAGMA application_id = 7") }
        let foreign = #expect(throws: LastwordError.self) { try scratch.open() }
        #expect(foreign?.code == "store.foreign")
        #expect(try Files.read(scratch.database).count == before.count)
    }

    @Test("a backup while batches come is one moment of the store, and restores to it")
    func backup() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        for number in 0..<100 { try await store.take([ledger.ended(number)]) }
        let path = scratch.file("backup.db")
        let start = ledger
        let writing = Task {
            var ledger = start
            var number = 100
            while !Task.isCancelled {
                try await store.take([ledger.ended(number)])
                number += 1
            }
            return ledger
        }
        try await store.backup(to: path, by: "ada")
        writing.cancel()
        let last = try await writing.value
        let again = await #expect(throws: LastwordError.self) { try await store.backup(to: path, by: "ada") }
        #expect(again?.code == "backup.exists")
        #expect(try await store.auditLines(limit: 1).first?.action == "store.backup")
        try store.close()

        let target = try Scratch()
        let options = target.options()
        #expect(try CollectorStore.restore(from: path, to: target.store, options: options, by: "ada").replaced == nil)
        let restored = try target.open()
        let count = try await restored.count(scope: .all)
        #expect(count >= 100)
        let head = try #require(try await restored.ledger(ledger.id, scope: .all))
        #expect(head.headNumber == Int64(count), "sessions and entries are of one moment")
        #expect(try await restored.integrityFindings().isEmpty)
        #expect(try await restored.auditLines(limit: 1).first?.action == "store.restore")
        #expect(try await restored.found("finding").count == count)
        // What the agent delivered in between and will not send again is a hole.
        var onward = last
        onward.number += 5
        #expect(try await restored.take([onward.agentStarted()]).alarms.map(\.kind) == [.hole])
    }

    @Test("restoring keeps what stood there, and refuses what is no sound backup or a store in use")
    func restore() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1)])
        let path = scratch.file("backup.db")
        try await store.backup(to: path, by: "ada")
        try await store.take([ledger.ended(2)])
        let options = scratch.options(lockTimeout: .milliseconds(50))
        func code(_ path: String) -> String? {
            #expect(throws: LastwordError.self) {
                try CollectorStore.restore(from: path, to: scratch.store, options: options, by: "ada")
            }?.code
        }
        #expect(code(path) == "store.locked")
        try store.close()
        #expect(code(scratch.file("none.db")) == "backup.unusable")
        var bytes = try Files.read(path)
        for index in 8192..<20_480 { bytes[index] = 0xA5 }
        try Files.write(bytes, to: scratch.file("bad.db"))
        #expect(code(scratch.file("bad.db")) == "backup.unusable")
        let old = try CollectorStore.restore(from: path, to: scratch.store, options: options, by: "ada")
        let name = try #require(old.replaced)
        #expect(old.tookDecisionsOver)
        #expect(Files.names(in: scratch.store).contains(name))
        let restored = try scratch.open()
        #expect(try await restored.ids() == [Sample.id(1)])
        // A store that cannot be read any more has decided nothing that could be known.
        try restored.close()
        try Files.write(Array(repeating: 0xA5, count: 20_480), to: scratch.database)
        #expect(
            try !CollectorStore.restore(from: path, to: scratch.store, options: options, by: "ada").tookDecisionsOver)
    }

    @Test("restoring takes back no decision: revoked, erased and held stays so, in the files too")
    func decisions() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        let late = [ledger.ended(1, output: "zweigeheim"), ledger.ended(2, output: "offen")]
        try await store.take(late)
        let (secret, facts) = try await store.createToken(name: "a", role: .admin, expiresAt: nil, by: "ada")
        let path = scratch.file("backup.db")
        try await store.backup(to: path, by: "ada")
        let third = ledger.ended(3, output: "drittes")
        try await store.take([third])
        try await store.revokeToken(facts.id, by: "ada")
        try await store.erase(Sample.id(1), by: "ada", reason: "a password")
        try await store.erase(Sample.id(3), by: "ada", reason: "another")
        try await store.hold(Sample.id(2), by: "ada", reason: "case 7")
        let change = try await store.changes(after: nil, scope: .all, limit: 1).mark
        try store.close()
        let replaced = try CollectorStore.restore(
            from: path, to: scratch.store, options: scratch.options(), by: "ada")
        let old = scratch.store + "/" + (try #require(replaced.replaced))
        for suffix in ["", "-wal", "-shm"] where Files.exists(old + suffix) { try Files.remove(old + suffix) }
        #expect(try scratch.occurrences(of: "zweigeheim") == 0)
        let restored = try scratch.open()
        #expect(try await restored.authenticate(secret) == nil)
        #expect(try await restored.found("zweigeheim").isEmpty)
        #expect(try await restored.found("offen") == [Sample.id(2)])
        guard case .erased(let erasure)? = try await restored.output(Sample.id(1), scope: .all) else {
            Issue.record("the output is back")
            return
        }
        #expect(erasure.reason == "a password")
        #expect(try await restored.session(Sample.id(2), scope: .all)?.hold?.reason == "case 7")
        #expect(try await restored.changes(after: nil, scope: .all, limit: 1).mark >= change)
        // What the backup did not have comes again without its output.
        try await restored.take([third])
        guard case .erased? = try await restored.output(Sample.id(3), scope: .all) else {
            Issue.record("the output is back")
            return
        }
        #expect(try await restored.integrityFindings().isEmpty)
    }
}
