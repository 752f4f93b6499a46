// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentStore
import Foundation
import Glibc
import ManifestSupport
import SessionRecords
import SessionTracking
import TestSupport
import Testing

/// A node on which agent and collector run as pods of the rendered manifest, from the image that is shipped.
final class ClusterNode: Sendable {
    static let image = "localhost/lastword:0.1.0"
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    let rig: RigNode
    let server: APIServerStandIn
    let scratch: ScratchDirectory
    let certificates: StandInCertificates
    let agentPort: Int
    let collectorPort: Int

    var kubelet: KubeletStandIn { rig.kubelet }

    static func run(_ body: (ClusterNode) async throws -> Void) async throws {
        let rig = try await RigNode.start(withJournal: true, hasNodeNames: true)
        var failure: (any Error)?
        do {
            let node = try await ClusterNode(rig)
            do {
                try await body(node)
            } catch {
                failure = RigError.failed("\(error)\nlast words:\n\(node.lastWords)")
            }
            await node.server.close()
        } catch {
            failure = failure ?? error
        }
        try await rig.teardown()
        #expect(rig.leftovers() == [])
        if let failure { throw failure }
    }

    private init(_ rig: RigNode) async throws {
        self.rig = rig
        scratch = try ScratchDirectory()
        server = try APIServerStandIn()
        certificates = try StandInCertificates()
        agentPort = try HTTPProbe.freePort()
        collectorPort = try HTTPProbe.freePort()
        try await server.start()
        try await importImage()
        try prepareVolumes()
    }

    /// The shipped image, without what only a debugger reads; its layer is not packed, which saves half a minute.
    private func importImage() async throws {
        let products = try BuildProducts.path("lastword-agent").split(separator: "/").dropLast().joined(separator: "/")
        let archive = scratch.file("image.tar")
        let made = try await ChildProcess.require(
            [Self.repository + "/dev/image.sh", "/" + products, archive],
            environment: [
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "IMAGE": Self.image, "LAYER": "plain",
                "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
            ], limit: .seconds(180))
        let id = try #require(made.text.firstMatch(of: /sha256:[0-9a-f]{64}/)?.0)
        try await rig.containerd.importImages(from: archive)
        try Files.remove(archive)
        await kubelet.know(image: Self.image, id: String(id))
    }

    /// What the kubelet puts into volumes that are no host paths.
    private func prepareVolumes() throws {
        for (name, workload) in [("lastword-agent", try agentWorkload), ("lastword-collector", try collectorWorkload)] {
            for (file, text) in try #require(try manifest.configs[name]) {
                try scratch.write(text, to: "\(name)/config/\(file)")
            }
            #expect(workload.pod.volumes.contains { $0.name == "config" })
            try scratch.write(server.token, to: "\(name)/api-token/token")
            try scratch.write(try Files.read(server.caPath), to: "\(name)/api-token/ca.crt")
        }
        // The projected token, as the manifest asks for it.
        try scratch.write(
            try server.issuer.token(
                account: "lastword/lastword-agent", audience: "lastword", node: "node-1", lifetime: .seconds(3600)),
            to: "lastword-agent/collector-access/token")
        try scratch.write(certificates.authority, to: "lastword-agent/collector-access/ca.crt")
        try scratch.write(certificates.server, to: "lastword-collector/tls/tls.crt")
        try scratch.write(certificates.serverKey, to: "lastword-collector/tls/tls.key")
        try scratch.directory("lastword-collector/store")
        // What `fsGroup` and `defaultMode` make of them.
        let group = gid_t(try collectorWorkload.pod.security.fsGroup ?? 0)
        for path in ["store", "tls/tls.key", "tls/tls.crt", "api-token/token"] {
            let path = scratch.file("lastword-collector/" + path)
            #expect(chown(path, 0, group) == 0 && chmod(path, path.hasSuffix("/store") ? 0o2775 : 0o440) == 0)
        }
        // The directory of the test is the owner's alone; a container's user has to come through.
        #expect(chmod(scratch.path, 0o711) == 0)
    }

    // MARK: The two pods

    var manifest: Manifest {
        get throws { try Manifest(try Files.text(Self.repository + "/daemonset/rendered/kubeadm.yaml")) }
    }
    private var agentWorkload: Manifest.Workload {
        get throws { try #require(try manifest.daemonSets["lastword-agent"]) }
    }
    private var collectorWorkload: Manifest.Workload {
        get throws { try #require(try manifest.statefulSets["lastword-collector"]) }
    }

    private func directories(_ name: String) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: Files.names(in: scratch.file(name)).map { ($0, scratch.file("\(name)/\($0)")) })
    }

    private func start(
        _ name: String, _ workload: Manifest.Workload, environment: [String: String]
    ) async throws -> RunningContainer {
        var specification = PodSpecification(name: "\(name)-\(ContainerSpecification.randomSuffix())")
        specification.namespace = "lastword"
        specification.labels = workload.labels
        specification.gracePeriod = Int64(workload.pod.gracePeriod)
        let pod = try await kubelet.runPod(specification)
        // A kubelet makes the directories that are to be made; here the mount namespace has them.
        var given = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)"]
        given.merge(environment) { $1 }
        let shipped = ShippedPod(template: workload.pod, directories: directories(name))
        let container = try await kubelet.startContainer(
            try shipped.container(image: Self.image, environment: given), in: pod)
        #expect(container.startFailure == nil)
        // As on a node: the agent's own pod is one that it knows, and none to record.
        try server.put(podJSON: try await kubelet.manifest(of: pod).text)
        return container
    }

    /// Deletes a pod from the API and from the node.
    func delete(_ pod: RunningPod, grace: Int64? = nil) async throws {
        _ = try server.delete(uid: pod.uid)
        try await kubelet.deletePod(pod, grace: grace)
    }

    /// The agent, ready. All pods of the rig are on the node's network: its port and the collector's address differ.
    func startAgent() async throws -> RunningContainer {
        let container = try await start(
            "lastword-agent", try agentWorkload,
            environment: [
                "NODE_NAME": "node-1", "LASTWORD_HTTP_LISTEN": "127.0.0.1:\(agentPort)",
                "LASTWORD_FORWARD_ENDPOINT": "https://127.0.0.1:\(collectorPort)",
                "LASTWORD_FORWARD_RETRY_LIMIT": "1s",
            ])
        try await waitUntil(limit: .seconds(60), "the agent's pod is ready") {
            try await self.isAlive(container)
            return HTTPProbe.get(port: self.agentPort, path: "/readyz")?.status == 200
        }
        return container
    }

    /// The collector, answering.
    func startCollector() async throws -> RunningContainer {
        let container = try await start(
            "lastword-collector", try collectorWorkload,
            environment: [
                "LASTWORD_COLLECTOR_SERVER_LISTEN": "127.0.0.1:\(collectorPort)",
                "LASTWORD_COLLECTOR_SERVICE_ACCOUNTS_JWKS_URL": "\(server.url)/openid/v1/jwks",
            ])
        try await waitUntil(limit: .seconds(60), "the collector's pod answers") {
            try await self.isAlive(container)
            let tokens = try await self.kubelet.exec(container, ["/usr/sbin/lastword-collector", "token", "list"])
            return tokens.exitCode == 0
        }
        return container
    }

    private func isAlive(_ container: RunningContainer) async throws {
        let status = try #require(try await kubelet.status(container))
        guard status.state == .running else {
            throw RigError.failed("\(container.name) ended with \(status.exitCode): \(status.message)")
        }
    }

    /// Has the collector make a token and puts it into a file.
    func makeToken(_ collector: RunningContainer, _ arguments: [String], at file: String) async throws {
        let made = try await kubelet.exec(
            collector, ["/usr/sbin/lastword-collector", "token", "create"] + arguments)
        let words = made.text.split(whereSeparator: \.isWhitespace)
        let token = try #require(words.first { $0.hasPrefix("lwt_") }, "\(made)")
        try scratch.write(String(token), to: file)
    }

    /// What the collector has, by the command line's own question.
    func collected(readerToken: String) async throws -> [Session] {
        let answer = try await ChildProcess.run(
            [try BuildProducts.path("lastword"), "list", "-A", "-o", "jsonl"],
            environment: [
                "PATH": "/usr/bin:/bin", "LASTWORD_COLLECTOR": "https://127.0.0.1:\(collectorPort)",
                "LASTWORD_COLLECTOR_TOKEN_FILE": scratch.file(readerToken),
                "LASTWORD_COLLECTOR_CA_FILE": scratch.file("lastword-agent/collector-access/ca.crt"),
            ])
        return try answer.text.split(separator: "\n").map {
            try JSONDecoder().decode(Session.self, from: Data($0.utf8))
        }
    }

    /// The mount points that a container's process sees.
    func mounts(of container: RunningContainer) throws -> [String] {
        let pid = try #require(container.pid)
        return try Files.text("/proc/\(pid)/mountinfo").split(separator: "\n").compactMap { line in
            line.split(separator: " ").dropFirst(4).first.map(String.init)
        }
    }

    // MARK: Debug sessions

    /// `kubectl debug` on a pod, up to its first words.
    func debug(in pod: RunningPod) async throws -> RunningContainer {
        let debugger = ContainerSpecification.debugger(shell: FaultNode.waiting, target: "nginx")
        var asked = try await kubelet.manifest(of: pod)
        asked.entries.append(PodManifest.Entry(debugger, kind: .ephemeral))
        asked.ephemeralAt = AgentClock.system.now().wall
        try server.put(podJSON: asked.text)
        let container = try await kubelet.startEphemeralContainer(debugger, in: pod)
        try await waitUntil("the session has begun") {
            try Files.exists(container.logPath) && Files.text(container.logPath).contains("finding")
        }
        try server.put(podJSON: try await kubelet.manifest(of: pod).text)
        return container
    }

    func finish(_ container: RunningContainer) async throws {
        let pid = try #require(container.pid)
        try kubelet.kill(container, signal: SIGTERM)
        try await waitUntil("process \(pid) ends") { kill(pid, 0) != 0 }
    }

    func isPinned(_ container: RunningContainer) -> Bool {
        Files.names(in: rig.paths.pins).contains { $0.hasPrefix(container.id.rawValue) }
    }

    /// The record, once it is as wanted; read from the node's store beside the agent.
    @discardableResult
    func wait(
        for container: RunningContainer, _ what: String, _ condition: (Session) -> Bool
    ) async throws -> Session {
        try await waitFor(limit: .seconds(90), every: .milliseconds(50), what) {
            let reader = try StoreReader(directory: rig.paths.nodeStore)
            let session = Result { try reader.session(SessionID(container: container.id)) }
            try reader.close()
            return try session.get().flatMap { condition($0) ? $0 : nil }
        }
    }

    /// What a session printed, asked in the agent's pod.
    func output(of session: RunningContainer, agent: RunningContainer) async throws -> String {
        try await kubelet.exec(
            agent, ["/usr/bin/lastword", "logs", SessionID(container: session.id).rawValue, "--raw"]
        ).text
    }

    private var lastWords: String {
        Files.tree(rig.paths.podLogs).filter { $0.contains("/lastword_") && $0.hasSuffix(".log") }.map { path in
            let text = (try? Files.text(path)) ?? ""
            return "\(path):\n" + text.split(separator: "\n").suffix(12).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
