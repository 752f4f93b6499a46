// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Which ledgers were ever written to with a token for any node: whoever has such a token can tell of any node, and that the
/// node itself delivers afterwards makes what was told no stronger. And an index, because each group commit asks whether any
/// session was ever erased.
enum Schema4 {
    static func create(_ db: Database) throws {
        try db.execute(sql: "ALTER TABLE ledger ADD COLUMN weak INTEGER NOT NULL DEFAULT 0 CHECK (weak IN (0, 1))")
        try db.execute(sql: "CREATE INDEX audit_erased ON audit (session) WHERE action = 'session.erase'")
        try db.execute(
            sql: """
                UPDATE ledger SET weak = 1 WHERE node IN (SELECT seq FROM node WHERE identity = 'any-node token')
                """)
    }
}
