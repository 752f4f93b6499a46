// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

/// The node in a process of its own, ended in the two ways that a run ends.
@Suite("Rig: node-rig", .timeLimit(.minutes(3)))
struct NodeRigTests {
    private func hold(_ scratch: ScratchDirectory) async throws -> (process: ChildProcess, paths: NodePaths) {
        let directory = scratch.file("node with a blank")
        let process = try ChildProcess.start(
            [try BuildProducts.path("node-rig"), "hold", "--directory", directory, "--pod", "web"],
            output: .file(scratch.file("log")))
        let runtime = try await waitFor(limit: .seconds(60), "node-rig is ready") { () -> String? in
            if let ending = process.ending {
                throw RigError.failed("node-rig ended with \(ending): \(try Files.text(scratch.file("log")))")
            }
            guard Files.exists(directory + "/rig.env") else { return nil }
            return try await ChildProcess.require(
                ["sh", "-c", ". \"$0\"; printf %s \"$RUNTIME_DIRECTORY\"", directory + "/rig.env"]
            ).text
        }
        return (process, NodePaths(directory: directory, runtime: runtime))
    }

    @Test("told to end, it takes its node down and leaves an empty directory")
    func terminated() async throws {
        let scratch = try ScratchDirectory()
        let (process, paths) = try await hold(scratch)
        #expect(paths.leftovers().contains { $0.contains("containerd-shim") })
        #expect(Files.tree(paths.podLogs).contains { $0.hasSuffix("/nginx/0.log") })
        #expect(try await process.terminate(limit: .seconds(30)) == .exited(0))
        #expect(paths.leftovers() == [])
        #expect(Files.names(in: paths.directory) == [])
    }

    @Test("killed, its guardian takes the node down")
    func killed() async throws {
        let scratch = try ScratchDirectory()
        let (process, paths) = try await hold(scratch)
        #expect(paths.leftovers().contains { $0.contains("containerd-shim") })
        #expect(paths.leftovers().contains { $0.hasPrefix("mount ") })
        process.signal(SIGKILL)
        _ = try await process.wait()
        try await waitUntil("the guardian has cleaned up") { paths.leftovers().isEmpty }
    }

    @Test("a node whose owner and guardian are both gone is swept by the next one")
    func swept() async throws {
        let scratch = try ScratchDirectory()
        let (process, paths) = try await hold(scratch)
        // The guardian is the child of node-rig that runs the guardian's script.
        let guardian = try #require(
            ProcessTable.all().first { entry in
                entry.commandLine.contains(GuardianScript.text.prefix(40))
                    && ProcessTable.parent(of: entry.pid) == process.pid
            })
        kill(guardian.pid, SIGKILL)
        process.signal(SIGKILL)
        _ = try await process.wait()
        #expect(!paths.leftovers().isEmpty)
        let next = try ContainerdInstance()
        try await waitUntil(limit: .seconds(5), "what was left is swept") { paths.leftovers().isEmpty }
        try await next.teardown()
    }
}
