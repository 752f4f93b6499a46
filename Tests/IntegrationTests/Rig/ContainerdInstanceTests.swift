// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

/// The private containerd: it survives what tests do to it, and leaves nothing behind.
@Suite("Rig: the private containerd", .serialized, .timeLimit(.minutes(3)))
struct ContainerdInstanceTests {
    @Test("after teardown with running containers there is no process, mount, cgroup or directory of it")
    func teardown() async throws {
        let node = try await RigNode.start()
        let (pod, target) = try await node.kubelet.runTargetPod(PodSpecification(name: "left"))
        let session = try await node.kubelet.startEphemeralContainer(
            .debugger(shell: "sleep 600", target: "nginx"), in: pod)
        let pids = try [target, session].map { try #require($0.pid) }
        let before = node.leftovers()
        #expect(before.contains { $0.contains("containerd-shim") })
        #expect(before.contains { $0.contains("sleep 600") })
        #expect(before.contains { $0.hasPrefix("mount ") })
        try await node.teardown()
        #expect(node.leftovers() == [])
        let living = Set(ProcessTable.all().map(\.pid))
        #expect(living.isDisjoint(with: pids))
        #expect(!Files.exists(node.paths.directory))
    }

    @Test("containers outlive containerd: stopped, killed and started again it knows them")
    func restart() async throws {
        let node = try await RigNode.start()
        let (_, target) = try await node.kubelet.runTargetPod(PodSpecification(name: "survivor"))
        try await node.containerd.stop()
        #expect(node.containerd.child?.isRunning == false)
        try await node.containerd.start()
        #expect(try await node.kubelet.status(target)?.state == .running)
        try await node.containerd.kill()
        #expect(kill(try #require(target.pid), 0) == 0)
        try await node.containerd.start()
        #expect(try await node.kubelet.status(target)?.state == .running)
        try await node.teardown()
    }

    @Test("a paused containerd answers nothing and goes on when resumed; teardown works on a paused one")
    func pause() async throws {
        let node = try await RigNode.start()
        node.containerd.pause()
        let kubelet = node.kubelet
        let answer = Task { try await kubelet.runPod(PodSpecification(name: "later")) }
        let pid = try #require(node.containerd.child?.pid)
        try await waitUntil("containerd is stopped") { try Files.text("/proc/\(pid)/stat").contains(") T ") }
        node.containerd.resume()
        _ = try await answer.value
        node.containerd.pause()
        try await node.teardown()
        #expect(node.leftovers() == [])
    }

    @Test("a directory with something of its own in it is refused")
    func takenDirectory() throws {
        let scratch = try ScratchDirectory()
        try scratch.directory("log")
        #expect(throws: LastwordError.self) { try ContainerdInstance(directory: scratch.path) }
        #expect(Files.exists(scratch.file("log")))
    }

    @Test("the images are static busybox under three names with three ids")
    func images() async throws {
        let builder = try await ImageBuilder()
        #expect(builder.images.map(\.name) == [ImageBuilder.pause, ImageBuilder.busybox, ImageBuilder.nginx])
        #expect(Set(builder.images.map(\.id)).count == 3)
        #expect(try await ImageBuilder().archive == builder.archive)
        await #expect(throws: LastwordError.self) { try await ImageBuilder(busybox: "/bin/ls") }
    }
}
