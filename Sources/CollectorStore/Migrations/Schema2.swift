// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Counts kept beside the sessions, so that statistics over a million of them read a table of some thousand rows.
enum Schema2 {
    static func create(_ db: Database) throws {
        try db.execute(sql: table)
        try db.execute(sql: triggers)
        try db.execute(sql: filling)
    }

    /// The day in UTC of a moment in nanoseconds, counted from 1970-01-01, also before it.
    static func day(_ moment: String) -> String {
        "(\(moment) / 86400000000000 - (\(moment) % 86400000000000 < 0))"
    }

    /// What is not known is an empty blob, which equals no text and no number: a key may hold no NULL.
    private static let table = """
        CREATE TABLE session_day (
            day INTEGER NOT NULL,
            namespace NOT NULL,
            state TEXT NOT NULL,
            exit_code NOT NULL,
            image NOT NULL,
            sessions INTEGER NOT NULL CHECK (sessions >= 0),
            PRIMARY KEY (day, namespace, state, exit_code, image)
        ) WITHOUT ROWID;
        """

    private static func values(_ row: String) -> String {
        """
        \(day(row + ".sort_at")), ifnull(\(row).namespace, x''), \(row).state, ifnull(\(row).exit_code, x''),
        ifnull(\(row).image, x'')
        """
    }

    private static let adding = """
        INSERT INTO session_day VALUES (\(values("NEW")), 1)
        ON CONFLICT DO UPDATE SET sessions = sessions + 1;
        """

    private static let removing = """
        UPDATE session_day SET sessions = sessions - 1
        WHERE (day, namespace, state, exit_code, image) = (\(values("OLD")));
        DELETE FROM session_day
        WHERE sessions = 0 AND (day, namespace, state, exit_code, image) = (\(values("OLD")));
        """

    /// No code path can forget what the database itself does.
    private static let triggers = """
        CREATE TRIGGER session_counted AFTER INSERT ON session BEGIN
        \(adding)
        END;
        CREATE TRIGGER session_uncounted AFTER DELETE ON session BEGIN
        \(removing)
        END;
        CREATE TRIGGER session_recounted AFTER UPDATE OF sort_at, namespace, state, exit_code, image ON session
        WHEN (\(values("OLD"))) <> (\(values("NEW"))) BEGIN
        \(removing)
        \(adding)
        END;
        """

    private static let filling = """
        INSERT INTO session_day
        SELECT \(values("s")), count(*) FROM session s GROUP BY 1, 2, 3, 4, 5;
        """
}
