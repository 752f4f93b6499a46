// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// A small ext4 in a file, on a loop device: unlike one in memory it can fail under those who are writing, as a disk does.
struct DiskMount: Sendable {
    let path: String
    private let image: String

    /// Mounts it, runs a test, and unmounts it, whatever the test did.
    static func with(_ body: (DiskMount) async throws -> Void) async throws {
        let scratch = try ScratchDirectory()
        let mount = DiskMount(path: try scratch.directory("mount"), image: scratch.file("image"))
        try await ChildProcess.require(["truncate", "-s", "32M", mount.image])
        try await ChildProcess.require(["mkfs.ext4", "-q", "-F", mount.image])
        try await mount.mount()
        let outcome: (any Error)?
        do {
            try await body(mount)
            outcome = nil
        } catch {
            outcome = error
        }
        try await ChildProcess.require(["umount", mount.path])
        if let outcome { throw outcome }
    }

    /// What ext4 does at a fault of its disk (`errors=remount-ro`): from now on nothing can be written, also by those who
    /// have files open for it.
    func fail() async throws {
        try await ChildProcess.require(["mount", "-o", "remount,abort", path])
    }

    /// An operator's repair. Nobody may have a file open there.
    func repair() async throws {
        try await ChildProcess.require(["umount", path])
        // 1: errors were corrected.
        let checked = try await ChildProcess.run(["e2fsck", "-p", image])
        guard checked.succeeded || checked.ending == .exited(1) else {
            throw RigError.failed("e2fsck: \(checked.text)\(checked.errorText)")
        }
        try await mount()
    }

    private func mount() async throws {
        try await ChildProcess.require(["mount", "-o", "loop", image, path])
    }
}
