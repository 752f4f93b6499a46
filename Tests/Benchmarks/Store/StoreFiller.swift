// SPDX-License-Identifier: Apache-2.0
import AgentStore
import ArgumentParser
import FoundationEssentials
import GRDB
import SessionRecords
import TestSupport

/// A large store to look at by hand.
struct FillStore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill", abstract: "Make a store of many sessions, as the store rows read it.")

    @Option(help: "The store's directory; must not be there yet.")
    var directory: String

    @Option(help: "How many sessions.")
    var sessions = 1_000_000

    func run() throws {
        try StoreFiller(directory: directory, count: sessions).fill()
    }
}

/// Makes a store of many sessions, each with its ledger entry, that reads and verifies as one that an agent has written.
///
/// The agent's own code makes the file, the schema and the first entry; the rows are then put in by plain SQL in one
/// transaction, with the indexes made at the end: through the agent's commits it would take many minutes.
struct StoreFiller {
    let directory: String
    let count: Int

    /// One output in ten, of 1 KiB.
    private static let output = [UInt8](repeating: UInt8(ascii: "x"), count: 1023) + [0x0A]

    static func failure(_ text: String) -> LastwordError { RigError.failed("cannot fill a store: \(text)") }

    func fill() throws {
        let identity = NodeIdentity(node: "worker-0", machineID: nil, bootID: nil)
        let made = try AgentStore.open(directory: directory, identity: identity)
        let head = made.counters.head
        let ledger = made.ledger
        try made.close()
        let queue = try DatabaseQueue(path: directory + "/lastword.db")
        try queue.writeWithoutTransaction { db in
            // Nobody else reads it yet, and a crash now costs nothing.
            try db.execute(sql: "PRAGMA journal_mode = OFF")
            try db.execute(sql: "PRAGMA synchronous = OFF")
            try db.execute(sql: "PRAGMA cache_size = -400000")
            try db.inTransaction {
                let indexes = try String.fetchAll(
                    db, sql: "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
                for name in try String.fetchAll(
                    db, sql: "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
                {
                    try db.execute(sql: "DROP INDEX \(name)")
                }
                try insert(db, ledger: ledger, after: head)
                for sql in indexes { try db.execute(sql: sql) }
                return .commit
            }
        }
        try queue.close()
        // Opened and closed once more as an agent does: write-ahead log and all.
        try AgentStore.open(directory: directory, identity: identity).close()
    }

    private func insert(_ db: Database, ledger: String, after head: LedgerHead) throws {
        let session = try db.makeStatement(
            sql: """
                INSERT INTO session (
                    seq, id, revision, state, mode, classification, node, namespace, pod, pod_uid, container, container_id,
                    target_container, image, exit_code, started_at, finished_at, created_at, observed_at, sealed_at,
                    sort_at, last_entry)
                VALUES (?, ?, 3, ?, 'ephemeral', 'confirmed', 'worker-0', ?, ?, '3f0c8f1e-7a7f-4e5e-9d2c-1a2b3c4d5e6f',
                    ?, ?, ?, 'busybox:1.36', ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        let record = try db.makeStatement(sql: "INSERT INTO session_record (session, record) VALUES (?, ?)")
        let output = try db.makeStatement(
            sql: "INSERT INTO output (session, sha256, frames_sha256, bytes, frames) VALUES (?, ?, ?, ?, ?)")
        let entry = try db.makeStatement(
            sql: "INSERT INTO ledger (number, type, at, session, revision, hash, bytes) VALUES (?, ?, ?, ?, 3, ?, ?)")

        let frames = OutputFrameCoding.encode([
            OutputFrame(stream: .stdout, time: Timestamp(nanoseconds: FilledSession.newest), length: Self.output.count)
        ])
        let summary = OutputSummary(
            bytes: Self.output.count, totalBytes: Self.output.count, truncated: false, lossy: false,
            streams: ["stdout"], sha256: Digest(of: Self.output), framesSHA256: Digest(of: frames), pinnedBy: .hardlink)
        let templates = (
            ended: try FilledSession.template(running: false, output: summary),
            running: try FilledSession.template(running: true, output: summary)
        )
        var number = head.number
        var hash = head.hash
        for index in 0..<count {
            let filled = try FilledSession(index, of: count)
            let row = index + 1
            number += 1
            let isRunning = filled.exitCode == nil
            try session.execute(arguments: [
                row, filled.id, isRunning ? "running" : "ended", filled.namespace, filled.pod, filled.container,
                filled.containerID, filled.target, filled.exitCode, filled.startedAt, filled.finishedAt,
                filled.startedAt, filled.finishedAt, filled.finishedAt, filled.startedAt, number,
            ])
            let bytes = (isRunning ? templates.running : templates.ended).filled(filled.values())
            try record.execute(arguments: [row, String(decoding: bytes, as: UTF8.self)])
            let type: EntryType = isRunning ? .sessionStarted : .sessionEnded
            let at = filled.finishedAt ?? filled.startedAt
            let entryBytes = Self.entry(type, at: at, ledger: ledger, number: number, record: bytes)
            hash = LedgerChain.hash(previous: hash, number: number, bytes: entryBytes)
            try entry.execute(arguments: [number, type.rawValue, at, row, Data(hash.bytes), Data(entryBytes)])
            if !isRunning, index % 10 == 0 {
                try output.execute(arguments: [
                    row, Data(summary.sha256.bytes), Data(summary.framesSHA256.bytes), Data(Self.output), Data(frames),
                ])
            }
        }
    }

    /// An entry's canonical bytes, as the ledger makes them.
    private static func entry(
        _ type: EntryType, at: Int64, ledger: String, number: Int64, record: [UInt8]
    ) -> [UInt8] {
        let time = Timestamp(nanoseconds: at).description
        return Array(
            #"{"at":"\#(time)","ledger":"\#(ledger)","number":\#(number),"schemaVersion":1,"session":"#.utf8) + record
            + Array(#","type":"\#(type.rawValue)"}"#.utf8)
    }
}
