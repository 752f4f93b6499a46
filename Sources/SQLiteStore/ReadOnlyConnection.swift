// SPDX-License-Identifier: Apache-2.0
package import GRDB
import GRDBSQLite

/// A connection that never writes: `mode=ro`, or `immutable` where no agent can have left anything beside the database.
package struct ReadOnlyConnection: Sendable {
    package let queue: DatabaseQueue
    package let isImmutable: Bool
    /// The file that was opened: another one under the same name means that the store was replaced.
    package let inode: UInt64?

    package init(_ paths: StorePaths) throws {
        try self.init(path: paths.database)
    }

    package init(path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.label = "lastword.reader"
        // In a pod with a read-only root there is no directory for what a sort puts aside.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA temp_store = MEMORY") }
        inode = FileFacts(path)?.inode
        // In WAL mode a reader needs the -shm file, and where there is none and the directory is not writable for it, it
        // cannot open at all. `immutable` reads without: right only while nobody writes, hence only when both are absent.
        isImmutable =
            FileFacts(path + "-wal") == nil && FileFacts(path + "-shm") == nil
            && sqlite3_compileoption_used("USE_URI") != 0
        let name = isImmutable ? "file:\(Self.escaped(path))?immutable=1" : path
        queue = try DatabaseQueue(path: name, configuration: configuration)
    }

    /// Whether the store behind `path` is no longer what was opened.
    package func isStale(_ path: String) -> Bool {
        FileFacts(path)?.inode != inode || (isImmutable && FileFacts(path + "-wal") != nil)
    }

    private static func escaped(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80, scalar.properties.isAlphabetic || (48...57).contains(byte) || "/-._".utf8.contains(byte) {
                text.unicodeScalars.append(scalar)
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                text += "%" + (hex.count == 1 ? "0" + hex : hex)
            }
        }
        return text
    }
}
