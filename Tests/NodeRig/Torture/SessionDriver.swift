// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import GRPCCore
import Glibc
import SessionRecords
import SessionTracking
import TestSupport

/// Plays rounds: a pod, some debug containers in it at once, their ends, the pod's deletion; and writes down what is true.
struct SessionDriver: Sendable {
    let node: RigNode
    let server: APIServerStandIn
    let gate: CallGate
    let truth: TruthLedger
    /// How much of an output the agent keeps.
    let tailLimit: Int

    /// One session under way.
    private struct Play: Sendable {
        let plan: SessionPlan
        let container: RunningContainer
        /// The driver's own descriptor of its log; -1 where there is none.
        let log: Int32
    }

    func play(round: Int, using random: inout SeededGenerator) async throws {
        let specification = PodSpecification(name: "torture-\(round)")
        let kubelet = node.kubelet
        let pod = try await gate.pass { try await kubelet.runTargetPod(specification).pod }
        let plans = (0..<Int.random(in: 2...4, using: &random)).map { index in
            SessionPlan.random(name: "debugger-\(round)-\(index)", target: "nginx", using: &random)
        }
        try await ask(for: plans, in: pod)
        // Until the last of them has begun none is taken away, so that what CRI knows can still be asked.
        let plays = try await begin(plans, round: round, in: pod)
        try await publish(pod)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for play in plays { group.addTask { try await end(play) } }
            try await group.waitForAll()
        }
        if random.happens(70) { try await publish(pod) }
        try await Task.sleep(for: plays.map(\.plan.linger).max() ?? .zero)
        try await delete(pod, plays, delays: random.happens(50) ? .none : .measured)
        for play in plays { readLog(play) }
        truth.roundIsOver()
    }

    // MARK: Beginning

    /// `kubectl debug` has been called: the API server knows the names before the node has the containers.
    private func ask(for plans: [SessionPlan], in pod: RunningPod) async throws {
        var manifest = try await patiently { try await node.kubelet.manifest(of: pod) }
        try server.put(podJSON: manifest.text)
        manifest.entries += plans.map { PodManifest.Entry($0.specification, kind: .ephemeral) }
        manifest.ephemeralAt = FaultInjector.now()
        try server.put(podJSON: manifest.text)
    }

    private func publish(_ pod: RunningPod) async throws {
        try server.put(podJSON: try await patiently { try await node.kubelet.manifest(of: pod) }.text)
    }

    private func begin(_ plans: [SessionPlan], round: Int, in pod: RunningPod) async throws -> [Play] {
        try await withThrowingTaskGroup(of: Play.self) { group in
            for plan in plans { group.addTask { try await begin(plan, round: round, in: pod) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func begin(_ plan: SessionPlan, round: Int, in pod: RunningPod) async throws -> Play {
        let kubelet = node.kubelet
        return try await gate.pass {
            let from = FaultInjector.now()
            let container = try await kubelet.startEphemeralContainer(plan.specification, in: pod)
            var plan = plan
            if container.startFailure == nil {
                guard !plan.neverStarts else { throw RigError.failed("\(container.name) started, and it cannot") }
            } else if !plan.neverStarts {
                // A runtime in trouble of its own refuses a start: a session that never started, and as true as a planned one.
                plan.neverStart()
                truth.startWasRefused()
            }
            var session = SessionTruth(
                round: round, container: container.id, podUID: pod.uid, namespace: pod.specification.namespace,
                pod: pod.specification.name, name: container.name, target: "nginx",
                image: plan.specification.image, exitCode: plan.exitCode, neverStarted: plan.neverStarts,
                createdFrom: from, startedBy: FaultInjector.now())
            if container.pid != nil { session.lastAlive = from }
            truth.write(session)
            let log = open(container.logPath, O_RDONLY | O_CLOEXEC)
            return Play(plan: plan, container: container, log: log)
        }
    }

    // MARK: Ending

    private func end(_ play: Play) async throws {
        switch play.plan.end {
        case .deleted: return
        case .neverStarts: return
        case .killed(let delay):
            try await Task.sleep(for: delay)
            try node.kubelet.kill(play.container, signal: SIGKILL)
        case .exits: break
        }
        try await watchEnd(play.container)
        let status: TestSupport.RuntimeStatus
        do {
            status = try await waitFor(limit: .seconds(10), every: .milliseconds(20), "it is exited") {
                let status = try await patiently { try await node.kubelet.status(play.container) }
                return status?.state == .exited ? status : nil
            }
        } catch let error as LastwordError where error.code == "rig.timeout" {
            // An exit within containerd's own restart may be lost to it for good: it goes on calling it running.
            return truth.endIsUntold()
        }
        truth.update(play.container.id) { session in
            // What the runtime makes up after a restart of its own is no truth.
            guard status.reason != "Unknown" else { return }
            session.runtimeStart = status.startedAt
            session.runtimeFinish = status.finishedAt
        }
    }

    /// Looks at the process until it is gone, past the runtime.
    private func watchEnd(_ container: RunningContainer) async throws {
        guard let pid = container.pid else { return }
        try await waitUntil(limit: .seconds(90), every: .milliseconds(3), "process \(pid) of \(container.name) ends") {
            let now = FaultInjector.now()
            guard kill(pid, 0) == 0 else {
                truth.update(container.id) { $0.goneBy = FaultInjector.now() }
                return true
            }
            truth.update(container.id) { $0.lastAlive = now }
            return false
        }
    }

    private func delete(_ pod: RunningPod, _ plays: [Play], delays: DeletionDelays) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for play in plays {
                if case .deleted = play.plan.end {
                    group.addTask { try await watchEnd(play.container) }
                } else if play.plan.isRemovedFirst {
                    truth.update(play.container.id) { $0.removedFrom = FaultInjector.now() }
                    try await patiently { try await node.kubelet.removeContainer(play.container, delays: delays) }
                    truth.update(play.container.id) { $0.removedBy = FaultInjector.now() }
                }
            }
            _ = try server.delete(uid: pod.uid)
            let from = FaultInjector.now()
            for play in plays {
                truth.update(play.container.id) { if $0.removedFrom == nil { $0.removedFrom = from } }
            }
            try await delete(pod, delays)
            try await group.waitForAll()
        }
        let now = FaultInjector.now()
        for play in plays {
            truth.update(play.container.id) { if $0.removedBy == nil { $0.removedBy = now } }
        }
    }

    /// Again and again until all is gone: an answer that was lost with the runtime leaves a container that is gone already.
    private func delete(_ pod: RunningPod, _ delays: DeletionDelays) async throws {
        for _ in 0..<20 {
            do {
                return try await patiently { try await node.kubelet.deletePod(pod, grace: 0, delays: delays) }
            } catch let error as RPCError where error.code == .notFound {
                let left = await node.kubelet.containers(of: pod)
                for container in left where try await patiently({ try await node.kubelet.status(container) }) == nil {
                    // Removing what is not there is no error to the runtime, and the stand-in forgets it.
                    try await patiently { try await node.kubelet.removeContainer(container) }
                }
                guard left.isEmpty else { continue }
                return Files.removeTree(pod.logDirectory)
            }
        }
        throw RigError.failed("pod \(pod.specification.name) could not be deleted")
    }

    private func readLog(_ play: Play) {
        guard play.log >= 0 else { return }
        defer { close(play.log) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(play.log, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        truth.update(play.container.id) { $0.logged = LoggedOutput(log: bytes, tailLimit: tailLimit) }
    }

    /// A kubelet comes back until the runtime has done it: so does this, for what may be done twice.
    private func patiently<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let deadline = ContinuousClock.now + .seconds(90)
        while true {
            do {
                return try await body()
            } catch let error as RPCError where ContinuousClock.now < deadline {
                if error.code == .notFound { throw error }
                await node.containerd.connection.reset()
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
