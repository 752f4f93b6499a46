// SPDX-License-Identifier: Apache-2.0
import AgentCore
import AgentStore
import Glibc
import Logging
import RuntimeSource
import SessionRecords
import SessionTracking
import Synchronization
import TestSupport
import Testing

/// The session loop stands still while the runtime goes on telling (`design.md` §9).
@Suite("Faults: the tracker stalls", .serialized, .timeLimit(.minutes(10)))
struct StalledTrackerTests {
    /// How long it stands still, and how many events a second come: 30 and 1000 by the design, less by default.
    private static let seconds = number("LASTWORD_TEST_STALL_SECONDS") ?? 5
    private static let rate = number("LASTWORD_TEST_STALL_RATE") ?? 1000

    private static func number(_ name: String) -> Int? {
        getenv(name).map { String(cString: $0) }.flatMap { Int($0) }
    }

    /// Holds up whoever logs that a session was recorded, which only the session loop does: as a full pipe would.
    private struct StallingHandler: LogHandler {
        let hold: @Sendable () -> Void
        var logLevel: Logger.Level = .info
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard event.message == "session recorded" else { return }
            hold()
        }
    }

    private final class StallSwitch: Sendable {
        private let isOn = Atomic(false)
        private let waits = Atomic(0)

        var hasCaught: Bool { waits.load(ordering: .relaxed) > 0 }

        func set(_ value: Bool) {
            isOn.store(value, ordering: .relaxed)
        }

        func pass() {
            while isOn.load(ordering: .relaxed) {
                waits.add(1, ordering: .relaxed)
                usleep(20_000)
            }
        }
    }

    /// Lets the session loop record one session after the other, each when it is allowed to.
    private final class Turns: Sendable {
        private let left = Mutex<Int?>(nil)

        func limit() {
            left.withLock { $0 = 0 }
        }

        func grant() {
            left.withLock { $0 = $0.map { $0 + 1 } }
        }

        func free() {
            left.withLock { $0 = nil }
        }

        func pass() {
            while !take() { usleep(5_000) }
        }

        private func take() -> Bool {
            left.withLock { left in
                guard let count = left else { return true }
                guard count > 0 else { return false }
                left = count - 1
                return true
            }
        }
    }

    /// As many events as the time and the rate make, and more than the queue holds in any case.
    private func flood(_ node: FaultNode, _ id: ContainerID, since began: ContinuousClock.Instant) async throws -> Int {
        var published = 0
        while ContinuousClock.now - began < .seconds(Self.seconds) || published < 2500 {
            try await node.publishStarts(128, of: id, padding: 2048)
            published += 128
            let early = began + .milliseconds(published * 1000 / Self.rate) - .now
            if early > .zero { try await Task.sleep(for: early) }
        }
        return published
    }

    @Test(
        "a loop that lags: what it commits late does not pass for what it has seen, so a sudden end would lose nothing")
    func lagging() async throws {
        let options = FaultNode.Options {
            $0.ownRuntime = true
            $0.starts = false
        }
        try await FaultNode.run(options) { node in
            let turns = Turns()
            let logger = Logger(label: "lagging") { _ in StallingHandler(hold: turns.pass) }
            try await node.runningInProcess(clock: .system, logger: logger) { _ in
                let pod = try await node.makePod()
                turns.limit()
                defer { turns.free() }
                var sessions: [RunningContainer] = []
                for code in 1...3 { sessions.append(try await node.debug("exit \(code)", in: pod)) }
                let last = try #require(sessions.last)
                let startedAt = try #require(try await node.kubelet.waitForExit(last).startedAt)
                // One session is recorded now, and the loop stands still before the next.
                turns.grant()
                let run = try await waitFor(limit: .seconds(60), "it commits what was said long ago") {
                    try node.reading { try $0.status() }.lastRun.flatMap { $0.lastCommitAt > startedAt ? $0 : nil }
                }
                #expect(try node.stored(last) == nil)
                #expect(run.watchedUntil <= startedAt)
                turns.free()
                for session in sessions { try await node.waitForEnd(of: session) }
                try await node.expectSound(sessions)
            }
        }
    }

    @Test("containerd's memory stays flat under 1 000 events/s, and after the relisting every session is recorded")
    func stalled() async throws {
        let options = FaultNode.Options {
            $0.ownRuntime = true
            $0.starts = false
            $0.flags = ["--runtime-queue-capacity", "1024"]
        }
        try await FaultNode.run(options) { node in
            let stall = StallSwitch()
            let logger = Logger(label: "stalled") { _ in StallingHandler(hold: stall.pass) }
            try await node.runningInProcess(clock: .system, logger: logger) { agent in
                let pod = try await node.makePod()
                let target = try #require(await node.kubelet.containers(of: pod).first)
                let containerd = try #require(node.rig.containerd.child?.pid)
                try await node.publishStarts(500, of: target.id, padding: 4096)
                let before = try CrowdedRuntimeTests.residentKiB(containerd)

                stall.set(true)
                defer { stall.set(false) }
                var sessions = [try await node.debug("echo first; exit 1", in: pod)]
                try await waitUntil(limit: .seconds(60), "the session loop stands still") { stall.hasCaught }
                let began = ContinuousClock.now
                async let publishing = flood(node, target.id, since: began)
                for number in 1...8 {
                    sessions.append(try await node.debug("echo session \(number); exit \(number + 1)", in: pod))
                }
                let published = try await publishing
                let spent = ContinuousClock.now - began
                let during = try CrowdedRuntimeTests.residentKiB(containerd)
                print(
                    "\(published) events in \(spent) of a stalled loop: containerd went from \(before) to \(during) KiB"
                )
                #expect(during - before < 48 * 1024)
                #expect(agent.runtime.queue.count <= 1024 + 64)
                #expect(agent.sessions.stalledFor > 1_000_000_000)
                // Its first session is in a commit that is still to come: nothing can be told of the others.
                #expect(try sessions.dropFirst().allSatisfy { try node.stored($0) == nil })
                stall.set(false)

                for (number, session) in sessions.enumerated() {
                    let record = try await node.waitForEnd(of: session)
                    #expect(record.exitCode == number + 1)
                    #expect(record.ending == .observed || record.ending == .recovered)
                    let output = try await node.output(of: session)
                    #expect(output == (number == 0 ? "first\n" : "session \(number)\n"))
                }
                try await node.waitForClosedGap("runtime")
                let gap = try #require(try node.gaps("runtime").first)
                #expect(gap.reason == "queue full" && gap.dropped ?? 0 > 0)
                try await node.expectSound(sessions)
            }
        }
    }
}
