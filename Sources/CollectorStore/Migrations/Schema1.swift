// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The collector's first schema. What a row may hold is said here, so that no code path can write anything else.
enum Schema1 {
    static func create(_ db: Database) throws {
        try db.execute(sql: chains)
        try db.execute(sql: sessions)
        try db.execute(sql: sight)
        try db.execute(sql: administration)
    }

    /// Times are nanoseconds since 1970. `node.window_…`, `previous_min`: the smallest (received − recorded) of the running
    /// window and of the one before it. `ledger.first`, `head_…`: the lowest and highest number ever received; `anchor_…`:
    /// the last entry that retention removed. `entry.fork`: 0 is the chain, others are further entries of the same number.
    /// `entry.bytes` is NULL for a stub.
    private static let chains = """
        CREATE TABLE store_state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            created_at INTEGER NOT NULL,
            change INTEGER NOT NULL DEFAULT 0 CHECK (change >= 0),
            index_debt_at INTEGER,
            cursor_key BLOB NOT NULL CHECK (length(cursor_key) = 32),
            clean INTEGER NOT NULL DEFAULT 0 CHECK (clean IN (0, 1))
        );

        CREATE TABLE node (
            seq INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
            cluster TEXT,
            identity TEXT NOT NULL,
            first_received_at INTEGER NOT NULL,
            last_received_at INTEGER NOT NULL,
            last_entry_at INTEGER,
            last_ledger INTEGER REFERENCES ledger (seq),
            window_start INTEGER,
            window_min INTEGER,
            previous_min INTEGER
        );

        CREATE TABLE ledger (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 64),
            node INTEGER NOT NULL REFERENCES node (seq),
            first INTEGER NOT NULL CHECK (first > 0),
            head_number INTEGER NOT NULL CHECK (head_number >= first),
            head_hash BLOB NOT NULL CHECK (length(head_hash) = 32),
            anchor_number INTEGER NOT NULL DEFAULT 0 CHECK (anchor_number >= 0),
            anchor_hash BLOB NOT NULL CHECK (length(anchor_hash) = 32),
            stubs INTEGER NOT NULL DEFAULT 0 CHECK (stubs >= 0),
            first_received_at INTEGER NOT NULL,
            last_received_at INTEGER NOT NULL
        );
        CREATE INDEX ledger_node ON ledger (node);

        CREATE TABLE entry (
            seq INTEGER PRIMARY KEY,
            ledger INTEGER NOT NULL REFERENCES ledger (seq),
            number INTEGER NOT NULL CHECK (number > 0),
            fork INTEGER NOT NULL DEFAULT 0 CHECK (fork >= 0),
            type TEXT NOT NULL CHECK (length(type) > 0),
            at INTEGER,
            received_at INTEGER NOT NULL,
            previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            bytes BLOB CHECK (length(bytes) > 0),
            stub_reason TEXT,
            UNIQUE (ledger, number, fork)
        );

        CREATE TABLE hole (
            ledger INTEGER NOT NULL REFERENCES ledger (seq),
            first INTEGER NOT NULL CHECK (first > 0),
            last INTEGER NOT NULL CHECK (last >= first),
            PRIMARY KEY (ledger, first)
        ) WITHOUT ROWID;
        """

    /// `session` holds what is filtered and sorted by, of the version that was chosen (`session.ledger`);
    /// `session_version` what each ledger told last. `change` grows with every change of what a reader sees. `indexed`: the
    /// output whose words are in `output_text`, under its own number; the index keeps no text. (FTS5 writes a segment each
    /// time that a number is lower than the one before: those of outputs grow, those of sessions would not.)
    private static let sessions = """
        CREATE TABLE session (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
            ledger INTEGER NOT NULL REFERENCES ledger (seq),
            number INTEGER NOT NULL CHECK (number > 0),
            revision INTEGER NOT NULL CHECK (revision >= 0),
            versions INTEGER NOT NULL DEFAULT 1 CHECK (versions > 0),
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ended', 'never-started', 'unknown')),
            cluster TEXT,
            node TEXT NOT NULL,
            namespace TEXT,
            pod TEXT,
            container TEXT,
            target_container TEXT,
            image TEXT,
            exit_code INTEGER,
            sort_at INTEGER NOT NULL,
            received_at INTEGER NOT NULL,
            change INTEGER NOT NULL UNIQUE,
            sha256 BLOB CHECK (length(sha256) = 32),
            output_omitted TEXT,
            indexed INTEGER,
            erased_at INTEGER
        );
        CREATE INDEX session_time ON session (sort_at);
        CREATE INDEX session_namespace ON session (namespace, sort_at);
        CREATE INDEX session_pod ON session (pod, sort_at);
        CREATE INDEX session_container ON session (container, sort_at);
        CREATE INDEX session_node ON session (node, sort_at);
        CREATE INDEX session_target ON session (target_container, sort_at) WHERE target_container IS NOT NULL;
        CREATE INDEX session_exit_code ON session (exit_code, sort_at) WHERE exit_code IS NOT NULL;
        CREATE INDEX session_state ON session (state, sort_at) WHERE state <> 'ended';

        CREATE TABLE session_version (
            seq INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES session (seq) ON DELETE CASCADE,
            ledger INTEGER NOT NULL REFERENCES ledger (seq),
            number INTEGER NOT NULL CHECK (number > 0),
            revision INTEGER NOT NULL CHECK (revision >= 0),
            is_foreign INTEGER NOT NULL CHECK (is_foreign IN (0, 1)),
            rank INTEGER NOT NULL,
            output_bytes INTEGER NOT NULL,
            at INTEGER NOT NULL,
            received_at INTEGER NOT NULL,
            output_omitted TEXT,
            record TEXT NOT NULL CHECK (length(record) > 0),
            UNIQUE (session, ledger)
        );

        CREATE TABLE output (
            seq INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES session (seq) ON DELETE CASCADE,
            ledger INTEGER NOT NULL REFERENCES ledger (seq),
            revision INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            frames_sha256 BLOB NOT NULL CHECK (length(frames_sha256) = 32),
            bytes BLOB NOT NULL,
            frames BLOB NOT NULL,
            UNIQUE (session, ledger)
        );

        CREATE VIRTUAL TABLE output_text USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2');
        """

    private static let sight = """
        CREATE TABLE gap (
            ledger INTEGER NOT NULL REFERENCES ledger (seq),
            id TEXT NOT NULL CHECK (length(id) > 0),
            number INTEGER NOT NULL CHECK (number > 0),
            source TEXT NOT NULL,
            opened_at INTEGER NOT NULL,
            closed_at INTEGER,
            reason TEXT NOT NULL,
            closed_by TEXT,
            dropped INTEGER CHECK (dropped >= 0),
            PRIMARY KEY (ledger, id),
            CHECK (closed_at IS NOT NULL OR closed_by IS NULL)
        );
        CREATE INDEX gap_time ON gap (opened_at);

        CREATE TABLE alarm (
            seq INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('hole', 'fork', 'broken-link', 'two-ledgers', 'clock-offset', 'new-ledger',
                'session-conflict')),
            node INTEGER NOT NULL REFERENCES node (seq),
            ledger INTEGER REFERENCES ledger (seq),
            number INTEGER CHECK (number > 0),
            count INTEGER NOT NULL DEFAULT 1 CHECK (count > 0),
            opened_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            closed_at INTEGER,
            text TEXT NOT NULL
        );
        CREATE UNIQUE INDEX alarm_open ON alarm (kind, node, coalesce(ledger, 0)) WHERE closed_at IS NULL;
        """

    private static let administration = """
        CREATE TABLE hold (
            session INTEGER PRIMARY KEY REFERENCES session (seq),
            actor TEXT NOT NULL,
            reason TEXT NOT NULL,
            at INTEGER NOT NULL
        );

        CREATE TABLE token (
            id TEXT PRIMARY KEY CHECK (length(id) = 16),
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('agent', 'reader', 'admin')),
            node TEXT,
            namespaces TEXT,
            secret_sha256 BLOB NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER
        ) WITHOUT ROWID;

        CREATE TABLE audit (
            seq INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL CHECK (length(action) > 0),
            session TEXT,
            reason TEXT,
            detail TEXT
        );
        CREATE INDEX audit_session ON audit (session) WHERE session IS NOT NULL;
        """
}
