// SPDX-License-Identifier: Apache-2.0
import AgentStore
import CRIAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import SessionRecords
import SwiftProtobuf
import TestSupport
import Testing

/// Logs that are not what they seem, and pins that cannot be made (`design.md` §4, "Log pins").
@Suite("Faults: log pins", .serialized, .timeLimit(.minutes(10)))
struct PinFaultTests {
    private static let secret = "the secret of somebody else\n"

    @Test("a log that is a symbolic link, or in a linked directory, is not followed, and the record says so")
    func symbolicLinks() async throws {
        try await FaultNode.run(FaultNode.Options { $0.starts = false }) { node in
            let secret = try node.scratch.write(
                "2026-01-01T00:00:00.000000000Z stdout F \(Self.secret)", to: "secret/0.log")
            let pod = try await node.makePod()
            let file = try await node.debug(in: pod)
            try Files.remove(file.logPath)
            #expect(symlink(secret, file.logPath) == 0)
            let directory = try await node.debug(in: pod)
            try Files.rename(pod.logDirectory + "/" + directory.name, to: pod.logDirectory + "/elsewhere")
            #expect(symlink(node.scratch.file("secret"), pod.logDirectory + "/" + directory.name) == 0)

            try await node.agent.start()
            for session in [file, directory] {
                try await node.wait(for: session, "the refusal is known") { record in
                    record.evidence.contains { $0.witness == .pin && $0.fact == "refused" }
                }
                try await node.finish(session)
                let record = try await node.waitForEnd(of: session)
                #expect(record.exitCode == 42 && record.ending == .observed)
                #expect(record.output?.pinnedBy == PinnedBy.none && record.output?.bytes == 0)
                #expect(record.output?.note?.contains("symbolic link") == true, "\(record.output?.note ?? "-")")
                #expect(try await !node.output(of: session).contains("secret"))
            }
            #expect(!node.isPinned(file) && !node.isPinned(directory))
            #expect(try node.metric("lastword_pin_attempts_total", "outcome=\"refused\"") >= 2)
            try await node.expectSound([file, directory])
            try await node.expectNothingHeld(of: [file, directory])
        }
    }

    @Test("a log path that leads out of the pod logs is refused and recorded as refused")
    func escapingPath() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let name = "debugger-zzzzz"
            let id = try await node.createForged(name, logPath: "../../stolen.log", in: pod)
            let record = try await node.wait(for: id, "it is sealed") { $0.sealedAt != nil }
            #expect(record.exitCode == 0 && record.container == name)
            #expect(record.evidence.contains { $0.witness == .pin && $0.fact == "refused" })
            #expect(record.output?.pinnedBy == PinnedBy.none && record.output?.bytes == 0)
            #expect(Files.exists(node.rig.paths.log + "/stolen.log"), "the runtime wrote where it was told to")
            #expect(Files.names(in: node.pinDirectory).allSatisfy { !$0.hasPrefix(id.rawValue) })
            try Files.remove(node.rig.paths.log + "/stolen.log")
        }
    }

    @Test(
        "pins on another mount: /readyz says so, and logs are held open: a session deleted at its exit has its output")
    func anotherMount() async throws {
        try await MemoryMount.with { mount in
            try await FaultNode.run(FaultNode.Options { $0.pinDirectory = mount.path + "/pins" }) { node in
                let readiness = try await node.wait(for: "pins", toBe: "failing")
                // It is less than was asked for, not an outage.
                #expect(readiness.status == 200 && readiness["pins"]?.required == false)
                #expect(readiness["pins"]?.reason?.contains("mount") == true, "\(readiness)")
                let pod = try await node.makePod()
                let session = try await node.debug(in: pod)
                try await node.wait(for: session, "it is known to run") { $0.state == .running }
                try await waitUntil("its log is held open") { node.heldDescriptors().contains(session.logPath) }
                try await node.finish(session)
                try await node.delete(pod)
                let record = try await node.waitForEnd(of: session)
                #expect(record.exitCode == 42 && record.output?.pinnedBy == .descriptor)
                #expect(try await node.output(of: session) == FaultNode.waitingOutput)
                #expect(Files.names(in: node.pinDirectory) == [])
                try await node.expectSound([session])
                try await node.expectNothingHeld(of: [session])
            }
        }
    }

    @Test("held open only, and the agent is killed: what the last checkpoint had is in the record")
    func checkpoint() async throws {
        try await MemoryMount.with { mount in
            try await FaultNode.run(FaultNode.Options { $0.pinDirectory = mount.path + "/pins" }) { node in
                let pod = try await node.makePod()
                let session = try await node.debug(in: pod)
                try await node.wait(for: session, "its output so far is in the store") {
                    $0.output?.bytes ?? 0 > 0
                }
                try await node.agent.kill()
                try await node.finish(session)
                try await node.delete(pod)
                try await node.agent.start()
                let record = try await node.waitForEnd(of: session)
                #expect(record.state == .unknown)
                #expect(try await node.output(of: session) == "finding: pool exhausted\n")
                try await node.expectSound([session])
            }
        }
    }

    @Test("a log larger than pins may hold: its tail is copied in time, and is in the record of a pod that is gone")
    func overTheLimit() async throws {
        try await FaultNode.run(
            FaultNode.Options { $0.flags = ["--logs-pin-limit-each", "1MiB", "--output-tail-bytes", "4KiB"] }
        ) { node in
            let pod = try await node.makePod()
            let session = try await node.debug(
                "yes 0123456789abcde | head -c 3145728; echo the end; sleep 1000", in: pod)
            // Copied when it had grown too large, and again as it went on growing.
            try await waitUntil(limit: .seconds(60), every: .milliseconds(50), "its tail is in the store") {
                try node.kept(session).hasSuffix("the end\n")
            }
            #expect(!node.isPinned(session))
            try Files.remove(session.logPath)
            try await node.delete(pod)
            let record = try await node.waitForEnd(of: session)
            #expect(record.output?.pinnedBy == .copied && record.output?.truncated == true)
            let output = try await node.output(of: session)
            #expect(output.utf8.count == 4096 && output.hasSuffix("0123456789abcde\nthe end\n"))
            try await node.expectSound([session])
            try await node.expectNothingHeld(of: [session])
        }
    }

    @Test("many sessions at once in pods that all go at once: afterwards no link and no descriptor is left")
    func nothingLeft() async throws {
        try await FaultNode.run { node in
            var sessions: [RunningContainer] = []
            var pods: [RunningPod] = []
            for number in 0..<3 {
                let pod = try await node.makePod("many")
                pods.append(pod)
                for _ in 0..<3 { sessions.append(try await node.debug("echo \(number); sleep 0.2", in: pod)) }
            }
            for session in sessions { _ = try await node.kubelet.waitForExit(session) }
            for pod in pods { try await node.delete(pod) }
            for session in sessions {
                #expect(try await node.waitForEnd(of: session).output?.bytes == 2)
            }
            try await node.expectSound(sessions)
            try await node.expectNothingHeld(of: sessions)
        }
    }
}

extension FaultNode {
    /// A debug container whose log path is not a kubelet's: made through CRI by hand, and run to its end.
    func createForged(_ name: String, logPath: String, in pod: RunningPod) async throws -> ContainerID {
        let image = try #require(rig.images.first { $0.name == ImageBuilder.busybox })
        let sandbox = Runtime_V1_PodSandboxConfig.with {
            $0.metadata = .with {
                $0.name = pod.specification.name
                $0.uid = pod.uid
                $0.namespace = pod.specification.namespace
            }
            $0.logDirectory = pod.logDirectory
        }
        let container = Runtime_V1_ContainerConfig.with {
            $0.metadata = .with { $0.name = name }
            $0.image = .with { $0.image = image.id }
            $0.command = ["sh", "-c", "echo out of bounds"]
            $0.labels = [
                "io.kubernetes.container.name": name, "io.kubernetes.pod.name": pod.specification.name,
                "io.kubernetes.pod.namespace": pod.specification.namespace, "io.kubernetes.pod.uid": pod.uid,
            ]
            $0.annotations = ["io.kubernetes.container.restartCount": "0"]
            $0.logPath = logPath
        }
        return try await rig.containerd.connection.call { client in
            let runtime = Runtime_V1_RuntimeService.Client(wrapping: client)
            let id = try await runtime.createContainer(
                .with {
                    $0.podSandboxID = pod.sandboxID
                    $0.config = container
                    $0.sandboxConfig = sandbox
                }, options: RuntimeConnection.options()
            ).containerID
            _ = try await runtime.startContainer(.with { $0.containerID = id }, options: RuntimeConnection.options())
            return try #require(ContainerID(id))
        }
    }

    /// The output as it is in the store now.
    func kept(_ container: RunningContainer) throws -> String {
        let tail = try reading { try $0.output(SessionID(container: container.id)) }
        return String(decoding: tail?.bytes ?? [], as: UTF8.self)
    }

    /// The sum of a metric's lines that hold a text.
    func metric(_ name: String, _ label: String = "") throws -> Double {
        let page = try #require(HTTPProbe.get(port: agent.port, path: "/metrics")).body
        return page.split(separator: "\n").filter { $0.hasPrefix(name) && (label.isEmpty || $0.contains(label)) }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }
}
