// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import Glibc
import SessionRecords
import TestSupport
import Testing

/// The rig itself, on a real containerd: what every other integration test takes for granted.
@Suite("Rig: the kubelet stand-in", .timeLimit(.minutes(3)))
struct KubeletStandInTests {
    private func makePod(_ name: String) async throws -> (kubelet: KubeletStandIn, pod: RunningPod) {
        let kubelet = try await SharedNode.node.kubelet
        return (kubelet, try await kubelet.runPod(PodSpecification(name: name)))
    }

    /// The text of each log line, without time, stream and tag.
    private func lines(_ path: String) throws -> [String] {
        try Files.text(path).split(separator: "\n").map { line in
            line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).last.map(String.init) ?? ""
        }
    }

    @Test("a container prints, exits with 42, and CRI, log and link say so")
    func exits() async throws {
        let (kubelet, pod) = try await makePod("exits")
        let container = try await kubelet.startContainer(
            .debugger(shell: "echo 'finding: connection pool exhausted'; sleep 0.3; exit 42"), in: pod)
        #expect(Files.exists(container.linkPath))
        let status = try await kubelet.waitForExit(container)
        #expect(status.exitCode == 42)
        #expect(status.reason == "Error")
        #expect(status.logPath == container.logPath)
        #expect(try lines(container.logPath) == ["finding: connection pool exhausted"])
        #expect(try Files.read(container.linkPath) == Files.read(container.logPath))
        try await kubelet.deletePod(pod)
    }

    @Test("an ephemeral container with a target sees the target's processes, and one signal ends it")
    func target() async throws {
        let kubelet = try await SharedNode.node.kubelet
        let (pod, target) = try await kubelet.runTargetPod(PodSpecification(name: "target"))
        let session = try await kubelet.startEphemeralContainer(
            .debugger(shell: "tr '\\0' ' ' < /proc/1/cmdline; echo; sleep 60", target: "nginx"), in: pod)
        try await waitUntil("the session has printed") { try !lines(session.logPath).isEmpty }
        #expect(try lines(session.logPath).first?.hasPrefix("/bin/sh -c trap") == true)
        let pid = try #require(session.pid)
        let targetPID = try #require(target.pid)
        let namespaces = [pid, targetPID].map { ProcessTable.link("/proc/\($0)/ns/pid") }
        #expect(namespaces[0] == namespaces[1])
        try kubelet.kill(session, signal: SIGTERM)
        #expect(try await kubelet.waitForExit(session).exitCode == 128 + 15)
        try await kubelet.deletePod(pod)
    }

    @Test("running out of memory is exit code 137 and OOMKilled")
    func outOfMemory() async throws {
        let (kubelet, pod) = try await makePod("oom")
        var specification = ContainerSpecification(name: "eater", command: ["tail", "/dev/zero"])
        specification.memoryLimit = 20 << 20
        let container = try await kubelet.startContainer(specification, in: pod)
        let status = try await kubelet.waitForExit(container)
        #expect(status.exitCode == 137)
        #expect(status.reason == "OOMKilled")
        try await kubelet.deletePod(pod)
    }

    @Test("what is typed into a terminal is in the log, as echo and as its effect")
    func terminal() async throws {
        let (kubelet, pod) = try await makePod("terminal")
        var specification = ContainerSpecification(name: "debugger", command: ["sh"])
        specification.tty = true
        specification.stdin = true
        let container = try await kubelet.startEphemeralContainer(specification, in: pod)
        try kubelet.type("echo sum=$((40+2))\n", into: container)
        try await waitUntil("the shell has answered") { try lines(container.logPath).contains("sum=42") }
        try kubelet.type("exit 7\n", into: container)
        #expect(try await kubelet.waitForExit(container).exitCode == 7)
        let all = try lines(container.logPath)
        #expect(all.contains { $0.hasSuffix("echo sum=$((40+2))") })
        #expect(all.contains { $0.hasSuffix("exit 7") })
        #expect(try Files.text(container.logPath).split(separator: "\n").allSatisfy { $0.contains(" stdout ") })
        try await kubelet.deletePod(pod)
    }

    @Test("an exec runs beside the container and ends without it")
    func exec() async throws {
        let kubelet = try await SharedNode.node.kubelet
        let (pod, target) = try await kubelet.runTargetPod(PodSpecification(name: "exec"))
        let result = try await kubelet.exec(target, ["sh", "-c", "echo inside; exit 3"])
        #expect(result.exitCode == 3)
        #expect(result.text == "inside\n")
        #expect(try await kubelet.status(target)?.state == .running)
        try await kubelet.deletePod(pod)
    }

    @Test("a command that does not exist leaves a container with StartError and 128")
    func startFailure() async throws {
        let (kubelet, pod) = try await makePod("badcmd")
        let container = try await kubelet.startContainer(
            ContainerSpecification(name: "badcmd", command: ["/nonexistent"]), in: pod)
        #expect(container.startFailure?.contains("/nonexistent") == true)
        let status = try #require(try await kubelet.status(container))
        #expect(status.state == .exited)
        #expect(status.reason == "StartError")
        #expect(status.exitCode == 128)
        #expect(status.startedAt == nil)
        #expect(!Files.exists(container.linkPath))
        try await kubelet.deletePod(pod)
        #expect(try await kubelet.status(container) == nil)
    }

    @Test("an image that is not there cannot be created from")
    func missingImage() async throws {
        let (kubelet, pod) = try await makePod("noimage")
        await #expect(throws: (any Error).self) {
            try await kubelet.startContainer(
                ContainerSpecification(name: "c", image: "localhost/absent:1", command: ["sh"]), in: pod)
        }
        #expect(await kubelet.containers(of: pod).isEmpty)
        try await kubelet.deletePod(pod)
    }

    @Test("rotation renames the log, opens a new one and compresses the one before")
    func rotation() async throws {
        let (kubelet, pod) = try await makePod("rotation")
        let container = try await kubelet.startContainer(
            .debugger(shell: "n=0; while sleep 0.02; do n=$((n+1)); echo line $n; done"), in: pod)
        try await waitUntil("there is output") { try !lines(container.logPath).isEmpty }
        let first = try await kubelet.rotateLog(container)
        try await waitUntil("the new log has output") {
            Files.exists(container.logPath) ? try !lines(container.logPath).isEmpty : false
        }
        let second = try await kubelet.rotateLog(container)
        #expect(first != second)
        #expect(Files.exists(first + ".gz"))
        #expect(!Files.exists(first))
        let last = try #require(try lines(second).last)
        try await waitUntil("the log goes on where it was cut") {
            Files.exists(container.logPath) ? try !lines(container.logPath).isEmpty : false
        }
        let number = try #require(Int(last.dropFirst("line ".count)))
        #expect(try lines(container.logPath).first == "line \(number + 1)")
        let early = try await ChildProcess.require(["gzip", "-dc", first + ".gz"]).text
        #expect(early.contains("line 1\n"))
        try await kubelet.deletePod(pod, grace: 0)
    }

    @Test("a restarted container has a new id, the next attempt and a log of its own; the run before the last goes")
    func restart() async throws {
        let (kubelet, pod) = try await makePod("restart")
        let first = try await kubelet.startContainer(
            ContainerSpecification(name: "dbg", command: ["sh", "-c", "echo run; exit 6"]), in: pod)
        _ = try await kubelet.waitForExit(first)
        let second = try await kubelet.restartContainer(first)
        _ = try await kubelet.waitForExit(second)
        #expect(second.id != first.id)
        #expect(second.attempt == 1)
        #expect(try lines(second.logPath) == ["run"])
        #expect(Files.exists(first.logPath))
        let third = try await kubelet.restartContainer(second)
        #expect(!Files.exists(first.logPath))
        #expect(try await kubelet.status(first) == nil)
        #expect(Files.exists(second.logPath))
        #expect(third.attempt == 2)
        try await kubelet.deletePod(pod)
    }

    @Test("a deleted pod leaves no log, no link, no container, no directory")
    func deletion() async throws {
        let kubelet = try await SharedNode.node.kubelet
        let (pod, target) = try await kubelet.runTargetPod(PodSpecification(name: "deletion"))
        let session = try await kubelet.startEphemeralContainer(
            .debugger(shell: "echo hello; sleep 60", target: "nginx"), in: pod)
        try await waitUntil("the session has printed") { try !lines(session.logPath).isEmpty }
        try await kubelet.deletePod(pod, force: true, delays: .measured)
        for container in [target, session] {
            #expect(!Files.exists(container.logPath))
            #expect(!Files.exists(container.linkPath))
            #expect(try await kubelet.status(container) == nil)
        }
        #expect(!Files.exists(pod.logDirectory))
    }

    @Test("more calls than one connection bears in 30 s fail at none, without being asked again")
    func manyCalls() async throws {
        let node = try await SharedNode.node
        for _ in 0..<400 {
            let version = try await node.containerd.connection.call { client in
                try await Runtime_V1_RuntimeService.Client(wrapping: client).version(.init()).runtimeName
            }
            #expect(version == "containerd")
        }
    }

    @Test("twenty containers asked for at once that live for milliseconds all leave their log and code")
    func shortLives() async throws {
        let (kubelet, pod) = try await makePod("short")
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    let container = try await kubelet.startEphemeralContainer(
                        .debugger(name: "d\(number)", shell: "echo out-\(number); exit \(number)"), in: pod)
                    let status = try await kubelet.waitForExit(container)
                    #expect(status.exitCode == number)
                    #expect(try lines(container.logPath) == ["out-\(number)"])
                }
            }
            try await group.waitForAll()
        }
        try await kubelet.deletePod(pod, force: true)
        #expect(!Files.exists(pod.logDirectory))
    }
}
