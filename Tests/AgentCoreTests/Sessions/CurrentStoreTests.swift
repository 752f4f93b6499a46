// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Logging
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import AgentCore

@Suite("The store in use")
struct CurrentStoreTests {
    /// A store in a scratch directory, with what was asked of it.
    private final class Ground: Sendable {
        let scratch: ScratchDirectory
        let damages = Mutex<[String?]>([])
        let begun = Mutex<[String]>([])

        init() throws {
            scratch = try ScratchDirectory()
        }

        func open(_ damage: String? = nil) throws -> AgentStore {
            try AgentStore.open(
                directory: scratch.file("store"), identity: NodeIdentity(node: "node-1", machineID: nil, bootID: nil),
                // A child that another test forks holds the lock with us until it runs its program: wait that long.
                options: StoreOptions(lockTimeout: .seconds(2), damage: damage))
        }

        func current() throws -> CurrentStore {
            let store = try open()
            try store.agentStarted(version: "1")
            return CurrentStore(
                store, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                open: { damage in
                    self.damages.withLock { $0.append(damage) }
                    return try self.open(damage)
                }, begin: { store in self.begun.withLock { $0.append(store.ledger) } })
        }
    }

    private static let corrupt = LastwordError(code: "store.corrupt", message: "malformed")

    @Test("one that is called corrupt is opened again; called so once more, it is set aside though it looks sound")
    func replaced() throws {
        let ground = try Ground()
        let stores = try ground.current()
        let first = stores.current.ledger
        let failures = Mutex(1)
        let work: (AgentStore) throws -> String = { store in
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw Self.corrupt }
            return store.ledger
        }
        #expect(try stores.perform(work) == first)
        #expect(ground.damages.withLock { $0 } == [nil])
        #expect(ground.begun.withLock { $0 } == [])
        // The run goes on: its stop is still told.
        #expect(try stores.perform { try $0.agentStopped() } != nil)

        failures.withLock { $0 = 1 }
        let second = try stores.perform(work)
        #expect(second != first && stores.current.ledger == second)
        #expect(ground.damages.withLock { $0 } == [nil, "malformed"])
        #expect(ground.begun.withLock { $0 } == [second])
        #expect(Files.names(in: ground.scratch.file("store")).contains { $0.hasPrefix("lastword.db.corrupt-") })
        try stores.current.close()
    }

    @Test("one that cannot be opened again is tried again with the next work, and other errors change nothing")
    func notOpened() throws {
        let ground = try Ground()
        let stores = try ground.current()
        let first = stores.current.ledger
        #expect(throws: LastwordError.self) {
            try stores.perform { _ -> Void in throw LastwordError(code: "store.full", message: "full") }
        }
        #expect(ground.damages.withLock { $0 } == [])
        // Somebody else takes the lock in the moment between closing and opening.
        let taken = Mutex<AgentStore?>(nil)
        #expect(throws: LastwordError.self) {
            try stores.perform { store -> Void in
                try store.close()
                let other = try ground.open()
                taken.withLock { $0 = other }
                throw Self.corrupt
            }
        }
        try taken.withLock { try $0?.close() }
        #expect(try stores.perform { $0.ledger } == first)
        #expect(ground.damages.withLock { $0 }.count == 2)
        try stores.current.close()
    }
}
