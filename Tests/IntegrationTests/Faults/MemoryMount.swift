// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestSupport
import Testing

/// A small file system of its own, in memory: to be full, read-only, or simply another one.
struct MemoryMount: Sendable {
    let path: String
    private var filler: String { path + "/filler" }

    /// Mounts it, runs a test, and unmounts it, whatever the test did.
    ///
    /// - Parameter size: as `mount -o size=` takes it.
    static func with(size: String = "8m", _ body: (MemoryMount) async throws -> Void) async throws {
        let scratch = try ScratchDirectory()
        let mount = MemoryMount(path: try scratch.directory("mount"))
        try await ChildProcess.require(["mount", "-t", "tmpfs", "-o", "size=\(size)", "lastword-test", mount.path])
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

    /// Takes every block that is left.
    func fill() throws {
        let file = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        #expect(file >= 0)
        defer { close(file) }
        let block = [UInt8](repeating: 0x5A, count: 4096)
        while write(file, block, block.count) == block.count {}
        #expect(errno == ENOSPC)
    }

    func free() throws {
        try Files.remove(filler)
    }

    func remount(readOnly: Bool) async throws {
        try await ChildProcess.require(["mount", "-o", "remount,\(readOnly ? "ro" : "rw")", path])
    }
}
