// SPDX-License-Identifier: Apache-2.0
package import GRDB
import GRDBSQLite

/// The columns of the row that a statement stands on, read by SQLite's own coercing accessors.
///
/// A store is a file, and files are altered: GRDB's typed subscripts end the process on a value of another type, these
/// give 0, "" or nil.
package struct Columns {
    private let statement: SQLiteStatement

    package init(_ statement: Statement) {
        self.statement = statement.sqliteStatement
    }

    package func isNull(_ index: Int32) -> Bool {
        sqlite3_column_type(statement, index) == SQLITE_NULL
    }

    package func integer(_ index: Int32) -> Int64 {
        sqlite3_column_int64(statement, index)
    }

    package func optionalInteger(_ index: Int32) -> Int64? {
        isNull(index) ? nil : integer(index)
    }

    package func text(_ index: Int32) -> String {
        withBytes(index) { String(decoding: $0, as: UTF8.self) }
    }

    package func optionalText(_ index: Int32) -> String? {
        isNull(index) ? nil : text(index)
    }

    package func bytes(_ index: Int32) -> [UInt8] {
        withBytes(index) { Array($0) }
    }

    /// The bytes in SQLite's own memory: valid inside `body` only.
    package func withBytes<Result>(_ index: Int32, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        let start = sqlite3_column_blob(statement, index)
        let count = Int(sqlite3_column_bytes(statement, index))
        guard let start, count > 0 else { return try body(UnsafeBufferPointer(start: nil, count: 0)) }
        return try body(UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count))
    }
}

extension Database {
    /// Runs a statement and hands over its rows until `body` returns false.
    ///
    /// - Parameter cached: whether the connection keeps the compiled statement, for good. False for texts that are put
    ///   together from what somebody asks for: there is no end of them.
    package func forEachRow(
        _ sql: String, _ arguments: StatementArguments = StatementArguments(), cached: Bool = true,
        _ body: (Columns) throws -> Bool
    ) throws {
        let statement = try cached ? cachedStatement(sql: sql) : makeStatement(sql: sql)
        let cursor = try Row.fetchCursor(statement, arguments: arguments)
        let columns = Columns(statement)
        while try cursor.next() != nil {
            guard try body(columns) else { return }
        }
    }

    /// The first row as `body` reads it; nil if there is none.
    package func firstRow<Result>(
        _ sql: String, _ arguments: StatementArguments = StatementArguments(), cached: Bool = true,
        _ body: (Columns) throws -> Result
    ) throws -> Result? {
        var result: Result?
        try forEachRow(sql, arguments, cached: cached) { columns in
            result = try body(columns)
            return false
        }
        return result
    }

    /// The first column of the first row as a number; 0 if there is none.
    package func number(
        _ sql: String, _ arguments: StatementArguments = StatementArguments(), cached: Bool = true
    ) throws -> Int64 {
        try firstRow(sql, arguments, cached: cached) { $0.integer(0) } ?? 0
    }

    /// Executes a cached statement.
    package func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
