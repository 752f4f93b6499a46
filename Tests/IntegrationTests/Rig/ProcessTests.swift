// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

@Suite("Rig: processes, directories, waiting")
struct ProcessTests {
    @Test("a command's code, output and error output are told apart")
    func run() async throws {
        let result = try await ChildProcess.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
        #expect(result.ending == .exited(3))
        #expect(result.text == "out\n")
        #expect(result.errorText == "err\n")
    }

    @Test("a child gets its environment, directory and no descriptor but three")
    func surroundings() async throws {
        let result = try await ChildProcess.run(
            ["sh", "-c", "pwd; echo $RIG; ls /proc/self/fd | wc -l"],
            environment: ["PATH": "/usr/bin:/bin", "RIG": "yes"], workingDirectory: "/tmp")
        // `ls` itself opens the directory: 0, 1, 2 and that one.
        #expect(result.text == "/tmp\nyes\n4\n")
    }

    @Test("a child can be paused, resumed and ended; one that ignores TERM is killed")
    func signals() async throws {
        let child = try ChildProcess.start(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
        child.pause()
        try await waitUntil("it is stopped") { try Files.text("/proc/\(child.pid)/stat").contains(") T ") }
        child.resume()
        try await waitUntil("it runs") { try Files.text("/proc/\(child.pid)/stat").contains(") S ") }
        try await waitUntil("TERM is ignored") {
            let status = try Files.text("/proc/\(child.pid)/status").split(separator: "\n")
            let mask = status.first { $0.hasPrefix("SigIgn:") }?.split(separator: "\t").last
            return (mask.flatMap { UInt64($0, radix: 16) } ?? 0) & 1 << (SIGTERM - 1) != 0
        }
        #expect(try await child.terminate(limit: .milliseconds(200)) == .signalled(SIGKILL))
        #expect(!child.signal(SIGTERM))
    }

    @Test("a command that does not exist is an error that names it")
    func missing() throws {
        #expect {
            try ChildProcess.start(["/nonexistent/program"])
        } throws: { "\($0)".contains("/nonexistent/program") }
    }

    @Test("waiting in vain names what was waited for")
    func timeout() async throws {
        await #expect {
            try await waitUntil(limit: .milliseconds(20), "pigs fly") { false }
        } throws: { "\($0)".contains("pigs fly") }
    }

    @Test("a scratch directory goes with its last reference, also what is read-only in it")
    func scratch() throws {
        var scratch: ScratchDirectory? = try ScratchDirectory()
        let path = try #require(scratch?.path)
        try scratch?.write("x", to: "a/b/c")
        chmod(path + "/a/b", 0o500)
        #expect(Files.exists(path + "/a/b/c"))
        scratch = nil
        #expect(!Files.exists(path))
    }

    @Test("the guardian kills the groups of a process that was killed")
    func guardian() async throws {
        // The script of the guardian, told of a group over a pipe whose other end then goes.
        let child = try ChildProcess.start(["sh", "-c", "sleep 600 & wait"])
        try await ChildProcess.require(
            ["sh", "-c", "echo 'group \(child.pid)' | sh -c \"$0\"; exit 0", GuardianScript.text])
        #expect(try await child.wait(limit: .seconds(5)) == .signalled(SIGKILL))
    }
}
