// SPDX-License-Identifier: Apache-2.0
import Glibc
import SQLiteStore
import SessionRecords

extension AgentStore {
    /// Tries what opening the store needs, for `check` and `doctor`, also beside a running agent: takes no lock, makes no
    /// store.
    ///
    /// Throws `store.unwritable`, `store.newer-schema`, `store.foreign`, or `store.corrupt` for a store that the next start
    /// would set aside.
    package static func trialAccess(directory: String) throws {
        let paths = StorePaths(directory: directory)
        try StoreDirectory.prepare(paths, group: StoreOptions().group)
        let probe = directory + "/.trial-\(getpid())"
        let file = Glibc.open(probe, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw StoreDirectory.unwritable(directory, SystemFault("create a file")) }
        Glibc.close(file)
        Glibc.unlink(probe)
        switch try StoreCondition.examine(paths) {
        case .absent, .sound: break
        case .newer(let version): throw StoreOpener.newer(version, paths)
        case .foreign: throw StoreOpener.foreign(paths)
        case .corrupt(let reason):
            throw LastwordError(
                code: "store.corrupt", message: "the store \(paths.database) is damaged: \(reason)",
                remedy: "keep a copy; at its next start the agent sets it aside and begins a new ledger")
        }
    }
}
