// SPDX-License-Identifier: Apache-2.0
import Dispatch
import FoundationEssentials
import GRDB
import Glibc
import SQLiteStore
import SessionRecords

/// What restoring came upon.
package struct RestoreOutcome: Sendable, Hashable {
    /// The new name of the store that stood there; nil if there was none.
    package let replaced: String?
    /// Whether that store could be read for what people had decided since the backup.
    package let tookDecisionsOver: Bool
}

extension CollectorStore {
    /// Copies the store, as it is at one moment, into a new file of mode 0640, while batches go on being committed. The copy
    /// is checked through and on disk when this returns.
    ///
    /// Throws `backup.exists` where there is such a file, `backup.unwritable`, `backup.failed`, `store.full`.
    package func backup(to path: String, by actor: String) async throws {
        guard FileFacts(path) == nil else {
            throw LastwordError(
                code: "backup.exists", message: "cannot write a backup to \(path): there is such a file",
                remedy: "name a new file")
        }
        let pool = self.pool
        try await Self.blocking {
            do {
                try StoreCopy.write(to: path) { copy in try pool.backup(to: copy) }
            } catch let error as LastwordError where error.code == "store.unwritable" {
                throw LastwordError(
                    code: "backup.unwritable", message: "cannot write a backup to \(path)",
                    remedy:
                        "name a file where the collector itself may write; its systemd unit may below store.directory",
                    cause: error)
            }
        }
        let now = options.clock()
        try await writing("note the backup") { db in
            try AuditTrail.note("store.backup", actor: actor, detail: [("file", .string(path))], at: now, db)
        }
    }

    /// Puts a backup in the place of the store in `directory`, which no collector may have open. What stood there is renamed,
    /// never deleted. The store is as it was at the backup: entries that were
    /// received after it are holes, which the agents' ledgers still have. But what people decided since is taken over from
    /// the store that stood there: revoked tokens, erasures and holds.
    ///
    /// Throws `backup.unusable` where the backup is damaged or of another program, `store.newer-schema`, `store.locked`.
    @discardableResult
    package static func restore(
        from path: String, to directory: String, options: CollectorStoreOptions = CollectorStoreOptions(),
        by actor: String
    ) throws -> RestoreOutcome {
        switch try CollectorCondition.examine(path, path + "-wal", thoroughly: true) {
        case .sound: break
        case .newer(let version): throw CollectorOpener.newer(version, path)
        case .absent: throw unusable(path, "there is no such file")
        case .foreign: throw unusable(path, "it is a database of another program")
        case .corrupt(let reason): throw unusable(path, reason)
        }
        let paths = StorePaths(directory: directory, program: .collector)
        try StoreDirectory.prepare(paths, group: options.group)
        let lock = try StoreLock(paths, group: options.group, timeout: options.lockTimeout)
        let fresh = paths.database + ".restoring"
        unlink(fresh)
        let carried: CarriedDecisions?
        do {
            let source = try ReadOnlyConnection(path: path)
            try StoreCopy.write(to: fresh) { copy in try source.queue.backup(to: copy) }
            try source.queue.close()
            carried = try CarriedDecisions.read(paths.database, paths.wal)
            try carried?.write(to: fresh)
        } catch {
            throw StoreFault.writing(error, doing: "restore \(path)", at: paths.database, program: .collector)
        }
        let now = options.clock()
        let tookOver = carried != nil
        let hasOld = FileFacts(paths.database) != nil || FileFacts(paths.wal) != nil
        let old = hasOld ? try paths.setAside(at: now, as: "replaced") : nil
        guard rename(fresh, paths.database) == 0 else {
            throw StoreDirectory.unwritable(paths.database, SystemFault("rename"), program: .collector)
        }
        lock.release()
        let store = try open(directory: directory, options: options)
        do {
            try store.pool.write { db in
                try AuditTrail.note(
                    "store.restore", actor: actor,
                    detail: [("file", .string(path)), ("decisionsTakenOver", .bool(tookOver))], at: now, db)
            }
        } catch {
            throw store.failed(error, "note the restoring")
        }
        try store.close()
        return RestoreOutcome(replaced: old, tookDecisionsOver: tookOver)
    }

    private static func unusable(_ path: String, _ reason: String) -> LastwordError {
        LastwordError(
            code: "backup.unusable", message: "cannot restore \(path): \(reason)", remedy: "name another backup")
    }

    /// Runs what blocks for long on a thread of its own.
    private static func blocking(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }
}

/// A copy of a store in one file, without a log beside it.
private enum StoreCopy {
    /// Writes under another name first: a copy that was interrupted does not look like one.
    static func write(to path: String, _ copy: (DatabaseQueue) throws -> Void) throws {
        // A name of its own: two that write to one place at the same time shall not write into one file.
        let partial = "\(path).\(UInt64.random(in: .min ... .max)).partial"
        let file = Glibc.open(partial, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw StoreDirectory.unwritable(partial, SystemFault("open"), program: .collector) }
        defer { Glibc.close(file) }
        do {
            let queue = try DatabaseQueue(path: partial)
            try copy(queue)
            try queue.writeWithoutTransaction { db in
                // The copy has the source's mark of a WAL database: readable anywhere only without one.
                try db.execute(sql: "PRAGMA journal_mode = DELETE")
                let verdict = try db.firstRow("PRAGMA quick_check(1)") { $0.text(0) } ?? "no answer"
                guard verdict == "ok" else {
                    throw LastwordError(code: "backup.failed", message: "the copy is damaged: \(verdict)")
                }
            }
            try queue.close()
        } catch {
            for suffix in ["", "-journal", "-wal", "-shm"] { unlink(partial + suffix) }
            throw StoreFault.writing(error, doing: "write a copy", at: path, program: .collector)
        }
        guard fsync(file) == 0 else {
            let fault = SystemFault("fsync")
            unlink(partial)
            throw StoreDirectory.unwritable(partial, fault, program: .collector)
        }
        guard rename(partial, path) == 0 else {
            let fault = SystemFault("rename")
            unlink(partial)
            throw StoreDirectory.unwritable(path, fault, program: .collector)
        }
    }
}
