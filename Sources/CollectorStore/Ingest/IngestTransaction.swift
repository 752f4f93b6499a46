// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// One group commit's worth of entries. What it knows of nodes and ledgers it reads once and writes once; a copy made before
/// a batch puts it back to where it was.
struct IngestTransaction {
    let db: Database
    let options: CollectorStoreOptions
    private var nodes: [String: NodeState] = [:]
    private var ledgers: [String: LedgerState] = [:]
    /// Nearly always none: then no session need be looked up.
    let hasErasures: Bool
    private let firstChange: Int64
    private(set) var change: Int64
    var alarms: AlarmBook
    var index = IndexWork()

    init(_ db: Database, _ options: CollectorStoreOptions) throws {
        self.db = db
        self.options = options
        change = try db.number("SELECT change FROM store_state")
        firstChange = change
        hasErasures = try Erasures.exist(db)
        alarms = AlarmBook(db)
    }

    mutating func nextChange() -> Int64 {
        change += 1
        return change
    }

    /// Stores what is new in a batch. Throws `ingest.other-node` for a ledger of another node.
    mutating func apply(_ batch: GroupCommit.Batch) throws -> IngestResult {
        var result = IngestResult()
        let now = batch.receivedAt
        alarms.opened = []
        var touched: [String] = []
        for prepared in batch.entries {
            let entry = prepared.entry
            var node = try node(of: entry, batch)
            var ledger = try ledger(of: entry, &node, now)
            if touched.last != entry.ledger {
                touched.append(entry.ledger)
                try noteDelivery(&node, &ledger, now)
                if batch.sender.anyNode { try db.run("UPDATE ledger SET weak = 1 WHERE seq = ?", [ledger.row]) }
            }
            node.note(entry, receivedAt: now)
            let fate = try EntryChain.store(entry, in: &ledger, receivedAt: now, db, &alarms)
            switch fate {
            case .removed: result.duplicates += 1
            case .duplicate: result.duplicates += 1
            case .stored, .completed: result.stored += 1
            case .fork:
                result.stored += 1
                result.forks += 1
            case .countedFork: result.forks += 1
            }
            nodes[entry.node] = node
            ledgers[entry.ledger] = ledger
            guard fate != .removed, fate != .countedFork else { continue }
            if let session = prepared.session, fate != .duplicate || session.output != nil {
                try SessionWriter.write(session, entry, ledger, receivedAt: now, &self)
                nodes[entry.node]?.cluster = session.session.cluster ?? node.cluster
            }
            if let gap = entry.gap, fate != .duplicate { try GapWriter.write(gap, entry.number, ledger.row, db) }
        }
        for name in Set(batch.entries.map(\.entry.node)) { try judgeClock(name, now) }
        result.alarms = alarms.opened
        return result
    }

    /// Writes what was kept in memory. The last thing in the transaction.
    mutating func finish() throws {
        for node in nodes.values { try node.save(db) }
        for ledger in ledgers.values { try ledger.save(db) }
        try index.finish(db)
        if change != firstChange { try db.run("UPDATE store_state SET change = ?", [change]) }
    }

    private func node(of entry: ReceivedEntry, _ batch: GroupCommit.Batch) throws -> NodeState {
        var node =
            try nodes[entry.node]
            ?? NodeState.find(entry.node, db)
            ?? NodeState.create(entry.node, identity: batch.sender.identity, at: batch.receivedAt, db)
        node.identity = batch.sender.identity
        node.lastReceivedAt = max(node.lastReceivedAt, batch.receivedAt.nanoseconds)
        return node
    }

    private mutating func ledger(
        of entry: ReceivedEntry, _ node: inout NodeState, _ now: Timestamp
    ) throws -> LedgerState {
        if let known = try ledgers[entry.ledger] ?? LedgerState.find(entry.ledger, db) {
            guard known.node == node.row else {
                throw IngestFault.otherNode(entry.node, "the ledger \(known.id) belongs to another node")
            }
            return known
        }
        let hasOthers = try db.number("SELECT EXISTS (SELECT 1 FROM ledger WHERE node = ?)", [node.row]) == 1
        let ledger = try LedgerState.create(entry, node: node.row, at: now, db)
        if hasOthers {
            try alarms.notice(
                .newLedger, node: node.row, nodeName: node.name, ledger: (ledger.row, ledger.id), number: entry.number,
                "a new ledger began on the node: its store was replaced, or an agent was set up anew", at: now)
        }
        return ledger
    }

    /// Two ledgers that deliver in turns are both alive: two agents on one node, or two nodes under one name.
    private mutating func noteDelivery(_ node: inout NodeState, _ ledger: inout LedgerState, _ now: Timestamp) throws {
        let window = options.twoLedgersWindow.wholeNanoseconds
        let last = ledger.deliveredAt
        ledger.deliveredAt = now.nanoseconds
        ledger.lastReceivedAt = max(ledger.lastReceivedAt, now.nanoseconds)
        defer { node.lastLedger = ledger.row }
        if let other = node.lastLedger, other != ledger.row {
            guard let last, now.nanoseconds - last <= window else { return }
            try alarms.open(
                .twoLedgers, node: node.row, nodeName: node.name,
                "two ledgers deliver in turns: two agents run on this node, or two nodes bear one name", at: now)
            return
        }
        guard try alarms.isOpen(.twoLedgers, node: node.row) else { return }
        let isAlive = try db.number(
            "SELECT EXISTS (SELECT 1 FROM ledger WHERE node = ? AND seq <> ? AND last_received_at >= ?)",
            [node.row, ledger.row, now.nanoseconds - window])
        if isAlive == 0 { try alarms.close(.twoLedgers, node: node.row, at: now) }
    }

    private mutating func judgeClock(_ name: String, _ now: Timestamp) throws {
        guard let node = nodes[name], let offset = node.clockOffset else { return }
        if abs(offset) > options.clockTolerance.wholeNanoseconds {
            let seconds = Session.seconds(fromNanoseconds: offset)
            try alarms.open(
                .clockOffset, node: node.row, nodeName: node.name,
                "the node's clock is \(seconds) s behind the collector's, or its entries come so late", at: now)
        } else {
            try alarms.close(.clockOffset, node: node.row, at: now)
        }
    }
}
