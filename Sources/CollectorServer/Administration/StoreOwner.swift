// SPDX-License-Identifier: Apache-2.0
import Glibc
import SQLiteStore
import SessionRecords

/// Whose a store is.
enum StoreOwner {
    /// Refuses root on a store of another user, who could not open what root would leave in it.
    ///
    /// Throws `store.owner`.
    static func check(_ directory: String) throws(LastwordError) {
        let paths = StorePaths(directory: directory, program: .collector)
        guard geteuid() == 0, let owner = (FileFacts(paths.database) ?? FileFacts(nearest(paths.directory)))?.owner,
            owner != 0
        else { return }
        let name = name(of: owner)
        throw LastwordError(
            code: "store.owner",
            message:
                "cannot use the store in \(paths.directory) as root: the user \(name ?? "of uid \(owner)"), to whom it"
                + " belongs, could then not open it",
            remedy: name.map { "run it as that user: runuser -u \($0) -- lastword-collector …" }
                ?? "run it as that user, or give the store's files to root")
    }

    /// The directory, or where there is none yet the nearest one above it.
    static func nearest(_ directory: String) -> String {
        var path = directory
        while access(path, F_OK) != 0, path.count > 1 {
            path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            if path.isEmpty { path = "/" }
        }
        return path
    }

    /// The name of a user, if there is one.
    static func name(of uid: uid_t) -> String? {
        guard let entry = getpwuid(uid), let name = entry.pointee.pw_name else { return nil }
        return String(cString: name)
    }
}
