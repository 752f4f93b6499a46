// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Brings a store to the schema of this program. A migration that has been released is never edited; a new column is a
/// new migration in a file of its own.
enum CollectorMigrator {
    /// What `PRAGMA user_version` reads after all migrations: each migration adds one.
    static let version = 4

    /// `PRAGMA application_id` of every collector's store: "LWCO".
    static let applicationID: Int64 = 0x4C57_434F

    static func migrate(_ writer: some DatabaseWriter) throws {
        var migrator = DatabaseMigrator()
        // Immediate checks: the deferred ones would read every row of the store at each migration.
        migrator.registerMigration("1", foreignKeyChecks: .immediate) { db in
            try Schema1.create(db)
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: "PRAGMA user_version = 1")
        }
        migrator.registerMigration("2", foreignKeyChecks: .immediate) { db in
            try Schema2.create(db)
            try db.execute(sql: "PRAGMA user_version = 2")
        }
        migrator.registerMigration("3", foreignKeyChecks: .immediate) { db in
            try Schema3.create(db)
            try db.execute(sql: "PRAGMA user_version = 3")
        }
        migrator.registerMigration("4", foreignKeyChecks: .immediate) { db in
            try Schema4.create(db)
            try db.execute(sql: "PRAGMA user_version = 4")
        }
        try migrator.migrate(writer)
    }
}
