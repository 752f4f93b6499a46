// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Logging
import SessionRecords
import Synchronization
import Telemetry

/// The store that is written to now. One that SQLite calls corrupt while the agent runs is closed and opened again,
/// which sets it aside and begins a new ledger, instead of failing until somebody restarts the agent.
final class CurrentStore: Sendable {
    private struct State {
        var store: AgentStore
        /// It was found damaged and has been closed; why.
        var damage: String?
        /// It was opened again once and taken for sound: the next time it is set aside whatever it looks like.
        var isSuspect = false
    }

    private let state: Mutex<State>
    private let open: @Sendable (String?) throws -> AgentStore
    private let begin: @Sendable (AgentStore) throws -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - open: opens the store again; a text: it is to be set aside, for this reason.
    ///   - begin: what a new ledger has to be told first.
    init(
        _ store: AgentStore, logger: Logger, open: @escaping @Sendable (String?) throws -> AgentStore,
        begin: @escaping @Sendable (AgentStore) throws -> Void
    ) {
        state = Mutex(State(store: store))
        self.logger = logger
        self.open = open
        self.begin = begin
    }

    var current: AgentStore { state.withLock { $0.store } }

    /// Does something with the store, once more if it had to be replaced. Blocks; for one thread at a time.
    func perform<Result>(_ work: (AgentStore) throws -> Result) throws -> Result {
        if let damage = state.withLock({ $0.damage }) { try replace(damage) }
        do {
            return try work(current)
        } catch let error as LastwordError where error.code == "store.corrupt" {
            try replace("\(error)")
            return try work(current)
        }
    }

    private func replace(_ damage: String) throws {
        let (old, isSuspect, wasClosed) = state.withLock { state in
            defer { state.damage = damage }
            return (state.store, state.isSuspect, state.damage != nil)
        }
        if !wasClosed {
            logger.error(
                "the store is damaged and is opened again",
                metadata: [LogKey.filePath: "\(old.directory)", LogKey.errorMessage: "\(damage)"])
            do {
                try old.close()
            } catch {
                // What it may still say on its way out changes nothing: its lock is released in any case.
                logger.debug("the damaged store", metadata: [LogKey.errorMessage: "\(error)"])
            }
        }
        let new = try open(isSuspect ? damage : nil)
        if new.ledger == old.ledger {
            try new.continueRun()
        } else {
            logger.error(
                "the damaged store has been set aside; a new ledger begins",
                metadata: [LogKey.ledgerID: "\(new.ledger)"])
            try begin(new)
        }
        state.withLock { state in
            state = State(store: new, damage: nil, isSuspect: new.ledger == old.ledger)
        }
    }
}
