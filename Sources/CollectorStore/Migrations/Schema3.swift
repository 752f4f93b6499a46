// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The feed: everything that arrives or happens, numbered in the order of its arrival, for outputs that read at their own
/// pace.
///
/// Triggers fill it, in the transaction of what they note, so that no way of storing something can pass it by. Numbers are
/// never used twice: the row with the highest one is never removed.
enum Schema3 {
    static func create(_ db: Database) throws {
        try db.execute(sql: tables)
        try db.execute(sql: triggers)
        // What an older program stored: it can be sent, too, by an output that begins at the beginning.
        try db.execute(
            sql: """
                INSERT INTO feed (kind, ref, at) SELECT \(kind("type")), seq, received_at FROM entry ORDER BY seq
                """)
    }

    /// `kind`: a `FeedKind`. `ref`: the row it is about, in the table that the kind names; it may be gone. `kinds` of an
    /// output: one bit for each kind that it sends. `skipped`: events that retention removed before it had sent them.
    private static let tables = """
        CREATE TABLE feed (
            number INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 8),
            ref INTEGER NOT NULL,
            at INTEGER NOT NULL
        );

        CREATE TABLE output_mark (
            name TEXT PRIMARY KEY CHECK (length(name) > 0),
            number INTEGER NOT NULL CHECK (number >= 0),
            kinds INTEGER NOT NULL DEFAULT 0,
            skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped >= 0)
        ) WITHOUT ROWID;
        """

    private static func kind(_ type: String) -> String {
        """
        CASE \(type) WHEN 'session.started' THEN 1 WHEN 'session.ended' THEN 2 WHEN 'session.amended' THEN 3
        WHEN 'gap' THEN 4 ELSE 5 END
        """
    }

    /// The second one: a stub, of which only number and hashes had come, is told again when its bytes are there.
    private static let triggers = """
        CREATE TRIGGER feed_entry AFTER INSERT ON entry BEGIN
            INSERT INTO feed (kind, ref, at) VALUES (\(kind("NEW.type")), NEW.seq, NEW.received_at);
        END;
        CREATE TRIGGER feed_completed AFTER UPDATE OF bytes ON entry WHEN OLD.bytes IS NULL AND NEW.bytes IS NOT NULL
        BEGIN
            INSERT INTO feed (kind, ref, at) VALUES (\(kind("NEW.type")), NEW.seq, NEW.received_at);
        END;
        CREATE TRIGGER feed_alarm AFTER INSERT ON alarm BEGIN
            INSERT INTO feed (kind, ref, at) VALUES (6, NEW.seq, NEW.opened_at);
        END;
        CREATE TRIGGER feed_alarm_closed AFTER UPDATE OF closed_at ON alarm
        WHEN OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL BEGIN
            INSERT INTO feed (kind, ref, at) VALUES (7, NEW.seq, NEW.closed_at);
        END;
        CREATE TRIGGER feed_audit AFTER INSERT ON audit BEGIN
            INSERT INTO feed (kind, ref, at) VALUES (8, NEW.seq, NEW.at);
        END;
        """
}
