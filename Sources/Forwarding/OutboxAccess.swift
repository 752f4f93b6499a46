// SPDX-License-Identifier: Apache-2.0
package import AgentStore
package import Delivery
import SessionTracking

/// The store as the forwarder uses it, as closures: it may be replaced while the agent runs, and its writes take turns with
/// the recording of sessions.
package struct OutboxAccess: Sendable {
    /// What is behind the delivery mark, within the limits.
    package var next: @Sendable (BatchLimits) async throws -> OutboxBatch
    /// What was refused, behind a number.
    package var refused: @Sendable (_ after: Int64, BatchLimits) async throws -> OutboxBatch
    package var backlog: @Sendable () async throws -> DeliveryBacklog
    /// Makes a settlement durable; false if there is another ledger by now, and nothing was done.
    package var settle: @Sendable (_ ledger: String, DeliveryMachine.Settlement) async throws -> Bool
    package var note: @Sendable (_ trouble: String?) async throws -> Void

    /// - Parameters:
    ///   - directory: the store's.
    ///   - write: does something with the current store in turn with its other writers.
    package init(
        directory: String, destination: String,
        write: @escaping @Sendable (@escaping @Sendable (AgentStore) throws -> Bool) async throws -> Bool
    ) {
        let reader = OutboxReader(directory: directory)
        next = { limits in try await reader.read { try $0.outbox(entries: limits.entries, bytes: limits.bytes) } }
        refused = { last, limits in
            try await reader.read { try $0.refused(after: last, entries: limits.entries, bytes: limits.bytes) }
        }
        backlog = { try await reader.read { try $0.deliveryBacklog() } }
        settle = { ledger, settlement in
            try await write { store in
                guard store.ledger == ledger else { return false }
                try store.settle(
                    through: settlement.through, refusals: settlement.refusals.map(DeliveryRefusal.init),
                    cleared: settlement.cleared)
                return true
            }
        }
        note = { trouble in
            _ = try await write { store in
                try store.noteDelivery(to: destination, trouble: trouble)
                return true
            }
        }
    }
}

extension DeliveryRefusal {
    fileprivate init(_ refusal: DeliveryMachine.Refusal) {
        let part: Part =
            switch refusal.part {
            case .output: .output
            case .entry: .entry
            case .unknown: .unknown
            }
        self.init(number: refusal.number, part: part, status: refusal.status, reason: refusal.words)
    }
}

/// Reads the store on a connection and a thread of its own, so that a long read holds nobody up.
private actor OutboxReader {
    private let thread = SerialThread(label: "lastword.outbox")
    private let directory: String
    private var reader: StoreReader?

    init(directory: String) {
        self.directory = directory
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func read<Result: Sendable>(_ body: @Sendable (StoreReader) throws -> Result) throws -> Result {
        let reader = try self.reader ?? StoreReader(directory: directory)
        self.reader = reader
        return try body(reader)
    }
}
