// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The store's first schema. What a row may hold is said here, so that no code path can write anything else.
///
/// Small columns that are filtered and sorted by stand in `session`; the record's JSON and the tracker's facts stand
/// beside it in `session_record`, so that scanning a million sessions reads a sixteenth of the pages.
enum Schema1 {
    static func create(_ db: Database) throws {
        try db.execute(sql: ledger)
        try db.execute(sql: sessions)
        try db.execute(sql: sight)
    }

    /// `ledger_state` has one row. `anchor_*`: the last entry that retention removed; `delivered`: every entry up to
    /// this one is with the collector; `clean`: the last writer closed the store itself.
    private static let ledger = """
        CREATE TABLE ledger_state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            ledger TEXT NOT NULL CHECK (length(ledger) = 36),
            opened_at INTEGER NOT NULL,
            anchor_number INTEGER NOT NULL DEFAULT 0 CHECK (anchor_number >= 0),
            anchor_hash BLOB NOT NULL CHECK (length(anchor_hash) = 32),
            delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered >= 0),
            clean INTEGER NOT NULL DEFAULT 0 CHECK (clean IN (0, 1))
        );
        """

    /// Times are nanoseconds since 1970. `sort_at`: when it started, or else was created, asked for, or noticed.
    /// `last_entry`: number of the newest entry about the session; NULL while nothing has been told (provisional).
    private static let sessions = """
        CREATE TABLE session (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
            revision INTEGER NOT NULL CHECK (revision >= 0),
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ended', 'never-started', 'unknown')),
            mode TEXT,
            classification TEXT NOT NULL CHECK (classification IN ('confirmed', 'inferred', 'unresolved')),
            node TEXT NOT NULL,
            namespace TEXT,
            pod TEXT,
            pod_uid TEXT,
            container TEXT,
            container_id TEXT,
            target_container TEXT,
            image TEXT,
            exit_code INTEGER,
            started_at INTEGER,
            finished_at INTEGER,
            created_at INTEGER,
            observed_at INTEGER,
            sealed_at INTEGER,
            sort_at INTEGER NOT NULL,
            last_entry INTEGER CHECK (last_entry > 0)
        );
        CREATE INDEX session_time ON session (sort_at);
        CREATE INDEX session_namespace ON session (namespace, sort_at);
        CREATE INDEX session_pod ON session (pod, sort_at);
        CREATE INDEX session_container ON session (container, sort_at);
        CREATE INDEX session_target ON session (target_container, sort_at) WHERE target_container IS NOT NULL;
        CREATE INDEX session_exit_code ON session (exit_code, sort_at) WHERE exit_code IS NOT NULL;
        CREATE INDEX session_state ON session (state, sort_at) WHERE state <> 'ended';

        CREATE TABLE session_record (
            session INTEGER PRIMARY KEY REFERENCES session (seq) ON DELETE CASCADE,
            record TEXT NOT NULL CHECK (length(record) > 0),
            facts BLOB
        );
        CREATE INDEX session_record_open ON session_record (session) WHERE facts IS NOT NULL;

        CREATE TABLE output (
            session INTEGER PRIMARY KEY REFERENCES session (seq) ON DELETE CASCADE,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            frames_sha256 BLOB NOT NULL CHECK (length(frames_sha256) = 32),
            bytes BLOB NOT NULL,
            frames BLOB NOT NULL
        );

        CREATE TABLE ledger (
            number INTEGER PRIMARY KEY CHECK (number > 0),
            type TEXT NOT NULL CHECK (length(type) > 0),
            at INTEGER NOT NULL,
            session INTEGER REFERENCES session (seq),
            revision INTEGER,
            refused INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            bytes BLOB NOT NULL CHECK (length(bytes) > 0),
            CHECK ((session IS NULL) = (revision IS NULL))
        );
        CREATE UNIQUE INDEX ledger_session ON ledger (session, revision) WHERE session IS NOT NULL;
        CREATE INDEX ledger_refused ON ledger (number) WHERE refused = 1;
        """

    private static let sight = """
        CREATE TABLE gap (
            id TEXT PRIMARY KEY CHECK (length(id) > 0),
            source TEXT NOT NULL,
            opened_at INTEGER NOT NULL,
            closed_at INTEGER,
            reason TEXT NOT NULL,
            closed_by TEXT,
            dropped INTEGER CHECK (dropped >= 0),
            last_entry INTEGER NOT NULL CHECK (last_entry > 0),
            CHECK (closed_at IS NOT NULL OR closed_by IS NULL)
        );
        CREATE INDEX gap_open ON gap (opened_at) WHERE closed_at IS NULL;

        CREATE TABLE source_cursor (
            name TEXT PRIMARY KEY CHECK (length(name) > 0),
            cursor TEXT NOT NULL,
            at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE agent_run (
            id INTEGER PRIMARY KEY,
            version TEXT NOT NULL,
            boot_id TEXT,
            started_at INTEGER NOT NULL,
            stopped_at INTEGER,
            last_commit_at INTEGER NOT NULL
        );
        """
}
