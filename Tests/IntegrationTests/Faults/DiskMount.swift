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
        try await mount.mount(mount.image)
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

    /// An operator's repair: what the disk held, on a sound one. A copy, because a mount namespace that another test made
    /// meanwhile may hold the failed file system a while longer, and the same image would come back as that, failed.
    func repair() async throws {
        try await ChildProcess.require(["umount", path])
        let copy = image + ".repaired"
        try await ChildProcess.require(["cp", "--sparse=always", image, copy])
        // 1: errors were corrected.
        let checked = try await ChildProcess.run(["e2fsck", "-p", copy])
        guard checked.succeeded || checked.ending == .exited(1) else {
            throw RigError.failed("e2fsck: \(checked.text)\(checked.errorText)")
        }
        try await mount(copy)
    }

    private func mount(_ image: String) async throws {
        try await ChildProcess.require(["mount", "-o", "loop", image, path])
    }
}
