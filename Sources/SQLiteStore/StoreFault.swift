// SPDX-License-Identifier: Apache-2.0
package import GRDB
import Glibc
package import SessionRecords

/// What SQLite said, without the statement and without GRDB's type.
package struct SQLiteFault: Error, CustomStringConvertible {
    package let code: Int32
    package let message: String

    package init(_ error: DatabaseError) {
        code = error.extendedResultCode.rawValue
        message = error.message ?? "no message"
    }

    package var description: String { "\(message) (SQLite \(code))" }
}

/// A system call that failed.
package struct SystemFault: Error, CustomStringConvertible {
    package let call: String
    package let number: Int32

    /// Reads `errno`: make it right after the call.
    package init(_ call: String) {
        number = errno
        self.call = call
    }

    package var description: String { "\(call): \(String(cString: strerror(number)))" }
}

/// Turns what went wrong below into the store's own errors: `store.full`, `store.corrupt`, `store.unwritable`,
/// `store.busy`, `store.write`, `store.read`.
package enum StoreFault {
    package static func writing(
        _ error: any Error, doing: String, at path: String, program: StoreProgram = .agent
    ) -> LastwordError {
        if let error = error as? LastwordError { return error }
        guard let fault = error as? DatabaseError else {
            return LastwordError(code: "store.write", message: "cannot \(doing) in \(path)", cause: error)
        }
        let (code, remedy): (String, String) =
            switch fault.resultCode {
            case .SQLITE_FULL:
                ("store.full", "free space on the file system of \(path), or lower the store's byte limit")
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                ("store.corrupt", program.corruptRemedy)
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
                ("store.unwritable", "make \(path) and its directory writable for the \(program.name)")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                ("store.busy", "end whatever else writes to \(path)")
            default: ("store.write", "look at the disk and the kernel log: \(path) could not be written")
            }
        return LastwordError(
            code: code, message: "cannot \(doing) in \(path)", remedy: remedy, cause: SQLiteFault(fault))
    }

    package static func reading(
        _ error: any Error, doing: String, at path: String, program: StoreProgram = .agent
    ) -> LastwordError {
        if let error = error as? LastwordError { return error }
        guard let fault = error as? DatabaseError else {
            return LastwordError(code: "store.read", message: "cannot \(doing) from \(path)", cause: error)
        }
        let (code, remedy): (String, String) =
            switch fault.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                ("store.corrupt", program.corruptRemedy)
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_READONLY:
                ("store.unreadable", "run as root or as a member of the group lastword")
            case .SQLITE_BUSY, .SQLITE_LOCKED: ("store.busy", "try again: the store is being recovered or replaced")
            default: ("store.read", "look at the disk and the kernel log: \(path) could not be read")
            }
        return LastwordError(
            code: code, message: "cannot \(doing) from \(path)", remedy: remedy, cause: SQLiteFault(fault))
    }
}
