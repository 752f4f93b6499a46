// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// Opens a store for writing, whatever state it is found in.
struct StoreOpener {
    let paths: StorePaths
    let identity: NodeIdentity
    let options: StoreOptions

    struct Opened {
        let queue: DatabaseQueue
        let ledger: String
        let opening: StoreOpening
    }

    /// The lock must be held. A damaged store is set aside; one of a later version or another program is left alone and
    /// thrown as `store.newer-schema` or `store.foreign`.
    func open() throws -> Opened {
        switch try StoreCondition.examine(paths) {
        case .newer(let version): throw Self.newer(version, paths)
        case .foreign: throw Self.foreign(paths)
        case .corrupt(let reason): return try replace(reason)
        case .absent: break
        case .sound:
            if let damage = options.damage { return try replace(damage) }
        }
        do {
            return try openWriter()
        } catch let error as DatabaseError
            where error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
        {
            return try replace(SQLiteFault(error).description)
        } catch {
            throw StoreFault.writing(error, doing: "open the store", at: paths.database)
        }
    }

    static func newer(_ version: Int64, _ paths: StorePaths) -> LastwordError {
        LastwordError(
            code: "store.newer-schema",
            message: "cannot use the store \(paths.database): its schema \(version) is of a later version"
                + " (this one knows up to \(StoreMigrator.version))",
            remedy: "run the newer agent, or give this one another store.directory")
    }

    static func foreign(_ paths: StorePaths) -> LastwordError {
        LastwordError(
            code: "store.foreign",
            message: "cannot use \(paths.database): it is a database of another program",
            remedy: "give the agent a store.directory of its own")
    }

    private func replace(_ reason: String) throws -> Opened {
        let file = try paths.setAside(at: options.clock())
        do {
            return try openWriter(reason: reason, setAside: file)
        } catch {
            throw StoreFault.writing(error, doing: "begin a new store", at: paths.database)
        }
    }

    private func openWriter(reason: String? = nil, setAside: String? = nil) throws -> Opened {
        try StoreDirectory.prepareDatabaseFile(paths, group: options.group)
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(10)
        configuration.label = "lastword.store"
        configuration.prepareDatabase { db in
            // Has effect on a database without tables only; lets a lowered byte limit give space back.
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            // SQLite would fill 2 MB for good. What it does not keep is in the kernel's cache, which goes where memory is short.
            try db.execute(sql: "PRAGMA cache_size = -512")
            // Retention's statements keep what they would undo; in the agent's pod there is no directory for a file of that.
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        let queue = try DatabaseQueue(path: paths.database, configuration: configuration)
        try queue.writeWithoutTransaction { db in
            // Not everything: retention would write as much as it frees.
            try db.harden(.fast)
        }
        try StoreMigrator.migrate(queue)
        let (ledger, predecessor) = try queue.write { db in
            try beginLedger(db, reason: reason, setAside: setAside)
        }
        let opening: StoreOpening =
            switch (predecessor, reason) {
            case (let predecessor?, let reason?): .replaced(predecessor, reason: reason)
            case (_, _): .existing
            }
        return Opened(queue: queue, ledger: ledger.id, opening: ledger.isNew && reason == nil ? .created : opening)
    }

    /// The ledger's id; a new ledger and its first entry where there is none yet.
    private func beginLedger(
        _ db: Database, reason: String?, setAside: String?
    ) throws -> (ledger: (id: String, isNew: Bool), predecessor: Predecessor?) {
        if let known = try db.firstRow("SELECT ledger FROM ledger_state", [], { $0.text(0) }) {
            try db.run("UPDATE ledger_state SET clean = 0")
            return ((known, false), nil)
        }
        let id = UUID().uuidString.lowercased()
        let now = options.clock()
        try db.run(
            "INSERT INTO ledger_state (id, ledger, opened_at, anchor_hash) VALUES (1, ?, ?, ?)",
            [id, now.nanoseconds, Data(Digest.zero.bytes)])
        // Also the one that a process set aside which did not live to begin the new ledger.
        let predecessor = (setAside ?? paths.setAside.last).map(read(predecessor:))
        var content = JSONObject([("node", .string(identity.node))])
        content["machineID"] = identity.machineID.map(JSONValue.string)
        content["bootID"] = identity.bootID.map(JSONValue.string)
        content["reason"] = .string(predecessor == nil ? "created" : "predecessor-set-aside")
        content["fault"] = reason.map { .string(Bounds.clip($0, to: Bounds.messageBytes)) }
        content["predecessor"] = predecessor.map(\.json)
        var writer = try LedgerWriter(db, ledger: id, at: now)
        try writer.append(EntryDraft(.ledgerOpened, key: "opened", content: .object(content)))
        return ((id, true), predecessor)
    }

    /// What can still be read of a store that was set aside.
    private func read(predecessor file: String) -> Predecessor {
        do {
            let connection = try ReadOnlyConnection(path: paths.directory + "/" + file)
            return try connection.queue.read { db in
                let ledger = try db.firstRow("SELECT ledger FROM ledger_state") { $0.text(0) }
                // The end of the table may be the damaged part.
                let head = try? LedgerWriter.head(db)
                return Predecessor(file: file, ledger: ledger, head: head)
            }
        } catch {
            // It is damaged: that nothing can be read of it is what the entry then says.
            return Predecessor(file: file, ledger: nil, head: nil)
        }
    }
}

extension Predecessor {
    fileprivate var json: JSONValue {
        var object = JSONObject([("file", .string(file))])
        object["ledger"] = ledger.map(JSONValue.string)
        object["number"] = head.map { .integer($0.number) }
        object["hash"] = head.map { .string($0.hash.description) }
        return .object(object)
    }
}
