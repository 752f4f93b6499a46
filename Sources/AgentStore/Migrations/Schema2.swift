// SPDX-License-Identifier: Apache-2.0
import GRDB

/// What delivery has to remember.
enum Schema2 {
    /// `delivery`: where entries go and how that does; no row where nothing is delivered. `refusal`: what the receiver would
    /// not have, as long as its entry is kept.
    static func create(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE delivery (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    destination TEXT NOT NULL,
                    is_waiting INTEGER NOT NULL CHECK (is_waiting IN (0, 1)),
                    reason TEXT,
                    since INTEGER NOT NULL,
                    accepted_at INTEGER
                );

                CREATE TABLE refusal (
                    number INTEGER PRIMARY KEY REFERENCES ledger (number) ON DELETE CASCADE,
                    part TEXT NOT NULL CHECK (part IN ('output', 'entry', 'unknown')),
                    status INTEGER NOT NULL,
                    reason TEXT NOT NULL,
                    at INTEGER NOT NULL
                );
                """)
    }
}
