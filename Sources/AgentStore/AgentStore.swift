// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords
import Synchronization

/// The node's store: sessions, outputs and the ledger, on SQLite. One writer a directory; readers use `StoreReader`.
///
/// Every method that changes something is one transaction, durable when it returns (`synchronous=FULL`), and nothing of it
/// is kept if it throws: the caller still has the facts, and may try again when there is room. All methods block; call
/// them from one serial executor that may block.
package final class AgentStore: Sendable {
    package let directory: String
    /// The ledger's random id.
    package let ledger: String
    /// How the store was found.
    package let opening: StoreOpening
    package let identity: NodeIdentity

    let queue: DatabaseQueue
    let paths: StorePaths
    let options: StoreOptions
    private let lock: StoreLock
    private let state = Mutex(State())

    private struct State {
        var counters = StoreCounters()
        var run: Int64?
        var isClosed = false
    }

    /// Opens or creates the store in `directory`.
    ///
    /// Throws `store.locked` (another agent, after `lockTimeout`), `store.newer-schema`, `store.foreign`,
    /// `store.unwritable`, `store.full`. A corrupt store is no error: it is set aside, see `opening`.
    package static func open(
        directory: String, identity: NodeIdentity, options: StoreOptions = StoreOptions()
    ) throws -> AgentStore {
        let paths = StorePaths(directory: directory)
        try StoreDirectory.prepare(paths, group: options.group)
        let lock = try StoreLock(paths, group: options.group, timeout: options.lockTimeout)
        let opened = try StoreOpener(paths: paths, identity: identity, options: options).open()
        return try AgentStore(paths, identity, options, lock, opened)
    }

    private init(
        _ paths: StorePaths, _ identity: NodeIdentity, _ options: StoreOptions, _ lock: StoreLock,
        _ opened: StoreOpener.Opened
    ) throws {
        self.paths = paths
        self.identity = identity
        self.options = options
        self.lock = lock
        directory = paths.directory
        queue = opened.queue
        ledger = opened.ledger
        opening = opened.opening
        let head = try reading("read the ledger's head") { db in try LedgerWriter.head(db) }
        state.withLock { $0.counters.head = head }
    }

    /// Marks the store as cleanly closed and lets go of the lock. Calling it again does nothing.
    package func close() throws {
        let (wasClosed, isDamaged) = state.withLock { state in
            defer { state.isClosed = true }
            return (state.isClosed, state.counters.failures["store.corrupt"] != nil)
        }
        guard !wasClosed else { return }
        defer { lock.release() }
        do {
            // A store that was found damaged at work is to be checked through at the next start.
            if !isDamaged { try queue.write { db in try db.run("UPDATE ledger_state SET clean = 1") } }
            try queue.close()
        } catch {
            throw StoreFault.writing(error, doing: "close the store", at: paths.database)
        }
    }

    package var counters: StoreCounters {
        state.withLock { $0.counters }
    }

    // MARK: For the store's own extensions

    /// The run that `agentStarted` began.
    var run: Int64? {
        get { state.withLock { $0.run } }
        set { state.withLock { $0.run = newValue } }
    }

    func count(_ change: (inout StoreCounters) -> Void) {
        state.withLock { change(&$0.counters) }
    }

    func reading<Result>(_ doing: String, _ body: (Database) throws -> Result) throws -> Result {
        do {
            return try queue.read(body)
        } catch {
            throw StoreFault.reading(error, doing: doing, at: paths.database)
        }
    }

    /// One transaction that may append entries; counted, and its failure named.
    func transaction<Result>(
        _ doing: String, facts: Int, _ body: (inout LedgerWriter) throws -> Result
    ) throws -> Result {
        let now = options.clock()
        let run = self.run
        let began = ContinuousClock.now
        do {
            let (result, writer) = try queue.write { db in
                var writer = try LedgerWriter(db, ledger: ledger, at: now)
                let result = try body(&writer)
                if let run {
                    try db.run("UPDATE agent_run SET last_commit_at = ? WHERE id = ?", [now.nanoseconds, run])
                }
                return (result, writer)
            }
            let spent = (ContinuousClock.now - began) / .nanoseconds(1)
            count { counters in
                counters.transactions += 1
                counters.facts += facts
                counters.duplicates += writer.duplicates
                counters.entries += writer.appended.count { $0.number > counters.head.number }
                counters.head = writer.head
                counters.lastNanoseconds = Int64(spent)
                counters.slowestNanoseconds = max(counters.slowestNanoseconds, Int64(spent))
                counters.failing = nil
            }
            return result
        } catch {
            let fault = StoreFault.writing(error, doing: doing, at: paths.database)
            count { counters in
                counters.failures[fault.code, default: 0] += 1
                counters.failing = fault.code
            }
            throw fault
        }
    }
}

extension AgentStore {
    /// What SQLite says of a setting of this connection that is a number: 2 is FULL for `synchronous`, MEMORY for `temp_store`.
    package func pragma(_ name: String) throws -> Int {
        try reading("read the store's settings") { db in Int(try db.number("PRAGMA \(name)")) }
    }
}
