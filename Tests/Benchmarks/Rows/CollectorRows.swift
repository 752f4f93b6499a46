// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import GRDB
import SessionRecords
import TestSupport

/// The collector's store: what it takes in, beside plain inserts of the same rows, and how long its queries take.
enum CollectorRows {
    static let group = BenchmarkGroup(
        name: "collector", summary: "the collector's store: ingest beside plain inserts, queries over many sessions",
        rows: ["collector-ingest", "collector-query-small", "collector-query-large"], run: run)

    private static let nodes = 20
    private static let batch = 200
    private static let ingested = 20_000
    private static let turns = 7

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let all = max(laboratory.settings.sessions, ingested * 2)
        let directory = try await laboratory.scratch() + "/collector"
        let store = try CollectorStore.open(directory: directory)
        do {
            var source = Source(all)
            var rows = try await ingest(store, &source, beside: directory, in: try await laboratory.scratch())
            for (name, count) in [("collector-query-small", all / 10), ("collector-query-large", all)] {
                while source.count < count {
                    _ = try await send(source.take(min(ingested, count - source.count)), to: store)
                }
                rows.append(try await query(store, source.count, name))
            }
            try store.close()
            return rows
        } catch {
            try? store.close()  // the first error is the one to report
            throw error
        }
    }

    /// The sessions in order, dealt out to the nodes.
    private struct Source {
        let all: Int
        var count = 0
        var ledgers = (0..<nodes).map { DeliveredLedger($0) }

        init(_ all: Int) {
            self.all = all
        }

        /// The next sessions, as each node would send them.
        mutating func take(_ wanted: Int) throws -> [[ReceivedEntry]] {
            var entries = [[ReceivedEntry]](repeating: [], count: nodes)
            for number in count..<count + wanted {
                entries[number % nodes].append(try ledgers[number % nodes].next(try FilledSession(number, of: all)))
            }
            count += wanted
            return entries
        }
    }

    /// All nodes at once, each a batch at a time; seconds.
    private static func send(_ entries: [[ReceivedEntry]], to store: CollectorStore) async throws -> Double {
        let began = Clock.monotonic()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for mine in entries {
                group.addTask {
                    var rest = mine[...]
                    while let first = rest.first {
                        let sender = Sender(node: first.node, kind: .certificate, name: first.node)
                        _ = try await store.ingest(
                            Array(rest.prefix(batch)), sender: sender, receivedAt: first.at ?? Timestamp(nanoseconds: 0)
                        )
                        rest = rest.dropFirst(batch)
                    }
                }
            }
            try await group.waitForAll()
        }
        return Double(Clock.monotonic() - began) / 1e9
    }

    private static func ingest(
        _ store: CollectorStore, _ source: inout Source, beside directory: String, in scratch: String
    ) async throws -> [Measurement] {
        let entries = try source.take(ingested)
        let before = store.counters.commits
        let seconds = try await send(entries, to: store)
        let commits = max(1, store.counters.commits - before)
        let plain = try PlainInserts(of: directory + "/collector.db", into: scratch + "/plain.db")
        let bare = try plain.seconds(transactions: commits)
        let rate = Double(ingested) / seconds
        return [
            Measurement(
                "collector-ingest", rate, "entries/s",
                note: "\(ingested) ended sessions with 1 KiB of output from \(nodes) nodes at once, \(batch) a batch,"
                    + " \(commits) commits"),
            Measurement(
                "collector-ingest-share", bare / seconds * 100, "%", goal: .atLeast(50),
                note:
                    "of what plain inserts of the same \(plain.count) rows reach in \(commits) transactions on the same"
                    + " disk (\(Measurement.text(Double(ingested) / bare)) entries/s), with the same indexes; these make"
                    + " no full-text index, no hash and no choice"),
        ]
    }

    /// What people ask, as the API asks it: everything, each filter, several, words.
    private static func questions(_ count: Int) throws -> [(name: String, query: CollectorQuery)] {
        let common = try FilledSession(count / 2, of: count)
        func query(_ name: String, _ change: (inout CollectorQuery) -> Void) -> (String, CollectorQuery) {
            var query = CollectorQuery()
            change(&query)
            return (name, query)
        }
        return [
            query("everything") { _ in }, query("namespace") { $0.namespace = common.namespace },
            query("pod") { $0.pod = common.pod }, query("container") { $0.container = common.container },
            query("target") { $0.targetContainer = common.target }, query("node") { $0.node = "worker-3" },
            query("exit code 42") { $0.exitCode = 42 }, query("running") { $0.isRunningOnly = true },
            query("namespace and exit code") {
                $0.namespace = common.namespace
                $0.exitCode = 137
            },
            query("words") { $0.search = "certificate expired" },
            query("words in a namespace") {
                $0.search = "permission denied"
                $0.namespace = common.namespace
            },
        ]
    }

    private static func query(_ store: CollectorStore, _ count: Int, _ name: String) async throws -> Measurement {
        var times: [Int64] = []
        var slowest: (name: String, median: Double) = ("", 0)
        for question in try questions(count) {
            var own: [Int64] = []
            for turn in 0...turns {
                let began = Clock.monotonic()
                _ = try await store.sessions(question.query, scope: .all, limit: 100)
                // The first reads from the disk what nobody has read yet.
                if turn > 0 { own.append(Clock.monotonic() - began) }
            }
            times += own
            let median = Samples(nanoseconds: own).median
            say("\(count) sessions, \(question.name): \(Measurement.text(median)) ms")
            if median > slowest.median { slowest = (question.name, median) }
        }
        let samples = Samples(nanoseconds: times)
        return Measurement(
            name, samples.percentile(95), "ms", goal: .below(100),
            note: "p95 of \(samples.count) queries for a page of 100 over \(count) sessions, in the store; p50"
                + " \(Measurement.text(samples.median)) ms; slowest: \(slowest.name) \(Measurement.text(slowest.median)) ms"
        )
    }
}

/// The rows that the store wrote for its entries, put into a fresh file of the same schema by plain SQL.
private struct PlainInserts {
    private static let tables = ["node", "ledger", "entry", "session", "session_version", "output"]

    private let path: String
    private let schema: [String]
    private let rows: [(sql: String, values: [StatementArguments])]
    let count: Int

    init(of original: String, into path: String) throws {
        self.path = path
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: original, configuration: configuration)
        (schema, rows) = try queue.read { db in
            let list = Self.tables.map { "'\($0)'" }.joined(separator: ",")
            let schema = try String.fetchAll(
                db,
                sql: """
                    SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN (\(list))
                    AND type IN ('table', 'index') ORDER BY type DESC, rootpage
                    """)
            let rows = try Self.tables.map { table in
                let all = try Row.fetchAll(db, sql: "SELECT * FROM \(table)")
                let columns = all.first.map { Array($0.columnNames) } ?? []
                let marks = columns.map { _ in "?" }.joined(separator: ",")
                return (
                    "INSERT INTO \(table) (\(columns.joined(separator: ","))) VALUES (\(marks))",
                    all.map { row in StatementArguments(row.databaseValues) }
                )
            }
            return (schema, rows)
        }
        try queue.close()
        count = rows.reduce(0) { $0 + $1.values.count }
    }

    func seconds(transactions: Int) throws -> Double {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            for sql in schema { try db.execute(sql: sql) }
            let began = Clock.monotonic()
            for turn in 0..<transactions {
                try db.inTransaction {
                    for (sql, values) in rows where !values.isEmpty {
                        let statement = try db.cachedStatement(sql: sql)
                        let (first, last) = (
                            values.count * turn / transactions, values.count * (turn + 1) / transactions
                        )
                        for arguments in values[first..<last] { try statement.execute(arguments: arguments) }
                    }
                    return .commit
                }
            }
            return Double(Clock.monotonic() - began) / 1e9
        }
    }
}
