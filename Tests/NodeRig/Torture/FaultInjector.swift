// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import SessionTracking
import TestSupport

/// Kills, stops, freezes and restarts agent and containerd at random instants, one fault after the other, and notes each in
/// the ledger of truth.
struct FaultInjector: Sendable {
    enum Fault: String, Sendable {
        case agentKilled = "agent SIGKILL"
        case agentKilledTwice = "agent SIGKILL, and again while it starts"
        case agentStopped = "agent SIGTERM"
        case agentFrozen = "agent SIGSTOP"
        case containerdKilled = "containerd SIGKILL"
        case containerdStopped = "containerd SIGTERM"
        case containerdFrozen = "containerd SIGSTOP"
        case bothKilled = "both SIGKILL"
    }

    private static let weights: [(weight: Int, value: Fault)] = [
        (36, .agentKilled), (10, .agentKilledTwice), (8, .agentStopped), (8, .agentFrozen),
        (12, .containerdKilled), (8, .containerdStopped), (10, .containerdFrozen), (8, .bothKilled),
    ]

    let node: RigNode
    let agent: AgentProcess
    let gate: CallGate
    let truth: TruthLedger

    /// Runs until it is over; what it began is ended by then.
    func run(seed: UInt64, until isOver: @Sendable () -> Bool) async throws {
        var random = SeededGenerator(seed: seed)
        while !isOver() {
            try await Task.sleep(for: random.milliseconds(100...2500))
            guard !isOver(), let fault = random.choose(Self.weights) else { continue }
            try await play(fault, &random)
        }
    }

    private func play(_ fault: Fault, _ random: inout SeededGenerator) async throws {
        let down = random.milliseconds(0...1200)
        let second = random.milliseconds(0...400)
        switch fault {
        case .agentKilled:
            try await outage(.agent, fault) {
                try await agent.kill()
                try await Task.sleep(for: down)
                try await startAgent()
            }
        case .agentKilledTwice:
            try await outage(.agent, fault) {
                try await agent.kill()
                try await Task.sleep(for: down)
                try await agent.start(untilReady: false)
                try await Task.sleep(for: second)
                try await agent.kill()
                try await startAgent()
            }
        case .agentStopped:
            try await outage(.agent, fault) {
                try await agent.stop()
                try await Task.sleep(for: down)
                try await startAgent()
            }
        case .agentFrozen:
            try await outage(.agent, fault) {
                agent.process?.pause()
                try await Task.sleep(for: down * 2)
                agent.process?.resume()
                try await awaitReady()
            }
        case .containerdKilled:
            try await withoutContainerd(fault) {
                try await node.containerd.kill()
                try await Task.sleep(for: down)
                try await node.containerd.start()
            }
        case .containerdStopped:
            try await withoutContainerd(fault) {
                try await node.containerd.stop()
                try await Task.sleep(for: down)
                try await node.containerd.start()
            }
        case .containerdFrozen:
            try await withoutContainerd(fault) {
                node.containerd.pause()
                try await Task.sleep(for: down * 2)
                node.containerd.resume()
            }
        case .bothKilled:
            try await withoutContainerd(fault) {
                let handle = truth.began(.agent, fault.rawValue, at: Self.now())
                try await agent.kill()
                try await node.containerd.kill()
                try await Task.sleep(for: down)
                try await agent.start(untilReady: false)
                try await Task.sleep(for: second)
                try await node.containerd.start()
                try await awaitReady()
                truth.ended(handle, at: Self.now())
            }
        }
    }

    private func withoutContainerd(_ fault: Fault, _ body: () async throws -> Void) async throws {
        try await gate.close()
        do {
            try await outage(.containerd, fault) {
                try await body()
                try await awaitReady()
            }
        } catch {
            await gate.open()
            throw error
        }
        await gate.open()
    }

    private func outage(_ part: Outage.Part, _ fault: Fault, _ body: () async throws -> Void) async throws {
        let handle = truth.began(part, fault.rawValue, at: Self.now())
        try await body()
        truth.ended(handle, at: Self.now())
    }

    private func startAgent() async throws {
        try await agent.start(untilReady: false)
        try await awaitReady()
    }

    /// Until `/readyz` says yes. An agent that ended by itself is what this is looking for, and no reason to go on.
    func awaitReady() async throws {
        try await waitUntil(limit: .seconds(120), every: .milliseconds(20), "the agent is ready") {
            guard agent.process?.isRunning == true else {
                throw RigError.failed("the agent ended by itself: \(agent.logTail)")
            }
            return HTTPProbe.get(port: agent.port, path: "/readyz")?.status == 200
        }
    }

    static func now() -> Timestamp { AgentClock.system.now().wall }
}
