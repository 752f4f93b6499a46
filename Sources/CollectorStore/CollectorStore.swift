// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords
import Synchronization

/// The collector's store: every node's ledgers, the sessions they tell of, and who may see them. One writer a directory.
///
/// What changes something is durable when it returns (`synchronous=FULL`), and nothing of it is kept if it throws. Reads run
/// beside each other and beside the writer; each sees one moment. Every read takes a `ReadScope`, which `SessionQuery`
/// alone applies.
package final class CollectorStore: Sendable {
    package let directory: String
    /// How the store was found.
    package let opening: CollectorStoreOpening
    /// How cursors and marks are shown to readers.
    package let cursors: CursorSeal

    let pool: DatabasePool
    let paths: StorePaths
    let options: CollectorStoreOptions
    let commits: GroupCommit
    let tokenBook = TokenBook()
    let longReads: ReadTurns
    private let lock: StoreLock
    private let state: Mutex<State>

    private struct State {
        var counters = CollectorStoreCounters()
        var isClosed = false
    }

    /// Opens or creates the store in `directory`.
    ///
    /// Throws `store.locked` (another collector, after `lockTimeout`), `store.newer-schema`, `store.foreign`,
    /// `store.unwritable`, `store.full`. A corrupt store is no error: it is set aside, see `opening`.
    package static func open(
        directory: String, options: CollectorStoreOptions = CollectorStoreOptions()
    ) throws -> CollectorStore {
        let paths = StorePaths(directory: directory, program: .collector)
        try StoreDirectory.prepare(paths, group: options.group)
        let lock = try StoreLock(paths, group: options.group, timeout: options.lockTimeout)
        let (pool, opening) = try CollectorOpener(paths: paths, options: options).open()
        do {
            let (tokens, key) = try pool.read { db in
                let key = try db.firstRow("SELECT cursor_key FROM store_state") { $0.bytes(0) } ?? []
                return (try TokenFacts.all(db), key)
            }
            guard let cursors = CursorSeal(key) else {
                throw LastwordError(code: "store.corrupt", message: "the store has no key for its cursors")
            }
            let store = CollectorStore(paths, options, lock, pool, opening, cursors)
            store.tokenBook.fill(tokens)
            return store
        } catch {
            throw StoreFault.reading(error, doing: "read the tokens", at: paths.database, program: .collector)
        }
    }

    private init(
        _ paths: StorePaths, _ options: CollectorStoreOptions, _ lock: StoreLock, _ pool: DatabasePool,
        _ opening: CollectorStoreOpening, _ cursors: CursorSeal
    ) {
        self.paths = paths
        self.options = options
        self.lock = lock
        self.pool = pool
        self.opening = opening
        self.cursors = cursors
        directory = paths.directory
        state = Mutex(State())
        longReads = ReadTurns(options.readers - 1)
        commits = GroupCommit(maxPendingBytes: options.maxPendingBytes)
    }

    /// Commits what waits, marks the store as cleanly closed and lets go of the lock. Blocks; calling it again does nothing.
    package func close() throws {
        let (wasClosed, isDamaged) = state.withLock { state in
            defer { state.isClosed = true }
            return (state.isClosed, state.counters.failures["store.corrupt"] != nil)
        }
        guard !wasClosed else { return }
        defer { lock.release() }
        commits.close()
        do {
            // A store that was found damaged at work is to be checked through at the next start.
            if !isDamaged { try pool.write { db in try db.run("UPDATE store_state SET clean = 1") } }
            try pool.close()
        } catch {
            throw StoreFault.writing(error, doing: "close the store", at: paths.database, program: .collector)
        }
    }

    package var counters: CollectorStoreCounters {
        var counters = state.withLock { $0.counters }
        (counters.pendingBatches, counters.pendingBytes) = commits.pending
        return counters
    }

    // MARK: For the store's own extensions

    func count(_ change: (inout CollectorStoreCounters) -> Void) {
        state.withLock { change(&$0.counters) }
    }

    /// One read transaction, on a connection of its own.
    func reading<Result: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.read(body)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw StoreFault.reading(error, doing: doing, at: paths.database, program: .collector)
        }
    }

    /// A read that may take long: it leaves a connection to those that do not.
    func readingLong<Result: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await longReads.inTurn { try await reading(doing, body) }
    }

    /// One write transaction of an administrator or of upkeep, in turn with the group commits.
    func writing<Result: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.write(body)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw failed(error, doing)
        }
    }

    /// The store's own error for what went wrong below, counted unless it is a refusal of ours.
    func failed(_ error: any Error, _ doing: String) -> LastwordError {
        let fault = StoreFault.writing(error, doing: doing, at: paths.database, program: .collector)
        if !(error is LastwordError) {
            count { counters in
                counters.failures[fault.code, default: 0] += 1
                counters.failing = fault.code
            }
        }
        return fault
    }
}
