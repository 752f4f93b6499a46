// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import GRDB
import SessionRecords
import Synchronization
import TestSupport

/// A collector's store of a test's own. The store that was opened in it keeps it: its clock is here.
final class Scratch: Sendable {
    private let root: ScratchDirectory
    let clock = TestClock()

    init() throws {
        root = try ScratchDirectory()
    }

    var store: String { root.file("store") }
    var database: String { store + "/collector.db" }

    func file(_ name: String) -> String { root.file(name) }

    func open(
        lockTimeout: Duration = .seconds(10), _ change: (inout CollectorStoreOptions) -> Void = { _ in }
    ) throws -> CollectorStore {
        try CollectorStore.open(directory: store, options: options(lockTimeout: lockTimeout, change))
    }

    func options(
        lockTimeout: Duration = .seconds(10), _ change: (inout CollectorStoreOptions) -> Void = { _ in }
    ) -> CollectorStoreOptions {
        var options = CollectorStoreOptions(lockTimeout: lockTimeout, clock: { [self] in clock.next() })
        change(&options)
        return options
    }

    /// Somebody's hands in the store: a connection of its own, without foreign keys.
    func tamper<Result>(_ body: (Database) throws -> Result) throws -> Result {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(path: database, configuration: configuration)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(body)
    }

    /// How often the text stands in the bytes of the store's files.
    func occurrences(of text: String) throws -> Int {
        var count = 0
        for name in Files.names(in: store) {
            let bytes = try Files.read(store + "/" + name)
            let wanted = Array(text.utf8)
            for index in bytes.indices where bytes[index] == wanted[0] {
                if bytes[index...].starts(with: wanted) { count += 1 }
            }
        }
        return count
    }
}

/// Each reading is a millisecond after the one before it, or what the test says.
final class TestClock: Sendable {
    static let epoch = Timestamp(nanoseconds: 1_795_228_800_000_000_000)
    private let time = Mutex(TestClock.epoch)

    func next() -> Timestamp {
        time.withLock { time in
            time = time.advanced(byNanoseconds: 1_000_000)
            return time
        }
    }

    func advance(seconds: Int64) {
        time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) }
    }
}

extension Sender {
    static func of(_ node: String) -> Sender { Sender(node: node, kind: .certificate, name: "CN=\(node)") }

    static let worker = of("worker-0")
}

extension CollectorStore {
    /// Ingests what a ledger's own node sent, received when the last of it was recorded.
    @discardableResult
    func take(_ entries: [ReceivedEntry], at moment: Timestamp? = nil) async throws -> IngestResult {
        try await ingest(
            entries, sender: .of(entries.first?.node ?? ""),
            receivedAt: moment ?? entries.compactMap(\.at).max() ?? TestClock.epoch)
    }

    func json(_ number: Int, scope: ReadScope = .all) async throws -> String? {
        try await session(Sample.id(number), scope: scope)?.record.json
    }

    func ids(_ query: CollectorQuery = CollectorQuery(), scope: ReadScope = .all) async throws -> [SessionID] {
        try await sessions(query, scope: scope, limit: 10_000).sessions.map(\.id)
    }

    func found(_ words: String, scope: ReadScope = .all) async throws -> [SessionID] {
        var query = CollectorQuery()
        query.search = words
        return try await ids(query, scope: scope)
    }

    func open(_ kind: Alarm.Kind) async throws -> [Alarm] {
        try await alarms(openOnly: true, scope: .all).filter { $0.kind == kind }
    }

    func holes(_ ledger: MadeLedger) async throws -> [ClosedRange<Int64>]? {
        try await self.ledger(ledger.id, scope: .all)?.holes
    }
}
