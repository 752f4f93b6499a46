// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import Logging
import PodSource
import SessionRecords
import SessionTracking
import TestSupport
import Testing

@Suite("Kubelet's /pods", .timeLimit(.minutes(2)))
struct KubeletPodSourceTests {
    private func with(
        trust: (APIServerStandIn) -> KubeletAccess.Trust,
        _ body: (APIServerStandIn, PodSourceConfiguration) async throws -> Void
    ) async throws {
        let server = try APIServerStandIn()
        try await server.start()
        var timings = PodSourceTimings()
        timings.kubeletInterval = .milliseconds(30)
        timings.backoffBase = .milliseconds(20)
        timings.backoffCap = .milliseconds(200)
        timings.forbiddenDelay = .milliseconds(100)
        timings.listTimeout = .milliseconds(500)
        let access = KubeletAccess(
            host: "127.0.0.1", port: server.port, trust: trust(server), tokenFile: server.tokenPath)
        do {
            try await body(
                server, PodSourceConfiguration(origin: .kubelet(access), nodeName: "node-1", timings: timings))
        } catch {
            await server.close()
            throw error
        }
        await server.close()
    }

    private func trial(_ configuration: PodSourceConfiguration) async throws -> LastwordError? {
        var configuration = configuration
        // Nothing here waits for silence, and on a busy machine a handshake alone may take longer than a poll may.
        configuration.timings.listTimeout = .seconds(30)
        configuration.timings.connectTimeout = .seconds(30)
        let source = try #require(configuration.makeSource(logger: .init(label: "test")))
        do {
            try await source.trialAccess()
            return nil
        } catch let error as LastwordError {
            return error
        }
    }

    @Test("polls tell changes, and a deletion once several polls have missed the pod", arguments: [true, false])
    func life(pinned: Bool) async throws {
        try await with(trust: { pinned ? .fingerprint($0.fingerprint) : .authority(file: $0.caPath) }) {
            server, configuration in
            try server.put(podJSON: try RecordedPods.text("1-attach__pod-0-before.managed"))
            try await SourceRun.with(configuration) { run in
                try await run.until("listing") { run.restorations == 1 }
                #expect(run.listings.count == 1)
                try server.put(podJSON: try RecordedPods.text("1-attach__pod-1-during-notty.managed"))
                try await run.until("session") { run.pods["debug-target"]?.containers.count == 2 }
                let polls = server.count("kubelet")
                try server.delete(namespace: "default", name: "debug-target")
                try await run.until("deletion") { run.deletions.count == 1 }
                #expect(server.count("kubelet") >= polls + configuration.timings.kubeletMisses)
                #expect(run.count { if case .pod = $0 { true } else { false } } == 2)
                #expect(run.losses.isEmpty)
            }
            #expect(server.requests.allSatisfy { $0.path == "/pods" })
        }
    }

    @Test("a pod that one poll misses is not deleted")
    func flicker() async throws {
        try await with(trust: { .authority(file: $0.caPath) }) { server, configuration in
            var configuration = configuration
            configuration.timings.kubeletInterval = .milliseconds(300)
            let pod = RecordedPods.pod("a", uid: "uid-a")
            try server.put(podJSON: pod)
            try await SourceRun.with(configuration) { run in
                try await run.until("listing") { run.restorations == 1 }
                try server.delete(uid: "uid-a")
                let polls = server.count("kubelet")
                try await run.until("one poll without it") { server.count("kubelet", status: 200) == polls + 1 }
                try server.put(podJSON: pod)
                try server.put(podJSON: RecordedPods.pod("b", uid: "uid-b"))
                try await run.until("b") { run.pods["b"] != nil }
                try await run.until("more polls") { server.count("kubelet") >= polls + 5 }
                #expect(run.deletions.isEmpty)
            }
        }
    }

    @Test("a certificate that is not the pinned one is refused before the token is sent, and its print is named")
    func wrongFingerprint() async throws {
        try await with(trust: { _ in .fingerprint("SHA256:" + String(repeating: "AB:", count: 31) + "AB") }) {
            server, configuration in
            let error = try #require(try await trial(configuration))
            #expect(error.code == "pods.certificate")
            #expect(error.message.contains(server.fingerprint))
            #expect(server.requests.isEmpty)
        }
    }

    @Test("a certificate of another CA, or for another name, is refused")
    func wrongAuthority() async throws {
        let other = try APIServerStandIn()
        try await with(trust: { _ in .authority(file: other.caPath) }) { server, configuration in
            let stranger = try await trial(configuration)
            #expect(stranger?.code == "pods.certificate")
            #expect(server.requests.isEmpty)
            var elsewhere = configuration
            // The certificate is for localhost and 127.0.0.1.
            elsewhere.origin = .kubelet(
                KubeletAccess(
                    host: "127.0.0.2", port: server.port, trust: .authority(file: server.caPath),
                    tokenFile: server.tokenPath))
            #expect(try await trial(elsewhere) != nil)
            #expect(server.requests.isEmpty)
        }
        await other.close()
    }

    @Test("a trial passes, or names what is missing")
    func trialAccess() async throws {
        try await with(trust: { .fingerprint($0.fingerprint) }) { server, configuration in
            #expect(try await trial(configuration) == nil)
            server.forbid(["kubelet"])
            let forbidden = try #require(try await trial(configuration))
            #expect(forbidden.code == "pods.forbidden")
            #expect(forbidden.remedy?.contains("nodes/pods") == true)
            server.forbid([])
            server.unauthorized(1)
            #expect(try await trial(configuration)?.code == "pods.unauthorized")
            await server.stop()
            #expect(try await trial(configuration)?.code == "pods.unreachable")
        }
        try await with(trust: { _ in .fingerprint("no fingerprint") }) { _, configuration in
            let error = try await trial(configuration)
            #expect(error?.code == "pods.credentials")
        }
    }

    @Test("401, a hanging and a restarting kubelet are losses that end with a listing")
    func trouble() async throws {
        try await with(trust: { .authority(file: $0.caPath) }) { server, configuration in
            try server.put(podJSON: RecordedPods.pod("a", uid: "uid-a"))
            try await SourceRun.with(configuration) { run in
                try await run.until("listing") { run.restorations == 1 }
                try server.rotateToken("second", inFile: true)
                server.unauthorized(1)
                try await run.until("401") { run.losses.count == 1 && run.restorations == 2 }
                server.hang()
                try await run.until("hang") { run.losses.count == 2 }
                #expect(run.losses.last?.contains("silent") == true)
                server.hang(false)
                try await run.until("after the hang") { run.restorations == 3 }
                await server.stop()
                try await run.until("stop") { run.losses.count == 3 }
                try await server.start()
                try await run.until("after the stop") { run.restorations == 4 && run.listings.count == 4 }
                #expect(run.listings.allSatisfy { $0.count == 1 })
                #expect(run.deletions.isEmpty)
            }
        }
    }
}
