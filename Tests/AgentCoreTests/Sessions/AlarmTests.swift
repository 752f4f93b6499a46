// SPDX-License-Identifier: Apache-2.0
import SessionTracking
import Synchronization
import TestSupport
import Testing

@testable import AgentCore

@Suite("The alarm of the session loop")
struct AlarmTests {
    /// An hour: no test waits for that.
    private static let hour: Int64 = 3_600_000_000_000

    private final class Sleeper: Sendable {
        private let awake = Mutex(false)

        var isAwake: Bool { awake.withLock { $0 } }

        func sleep(_ alarm: Alarm) async {
            await alarm.sleep(from: AgentClock.system.now().boottime)
            awake.withLock { $0 = true }
        }
    }

    /// Waits until a sleep on the alarm ends, doing something again and again meanwhile.
    private func sleep(_ alarm: Alarm, meanwhile: () -> Void = {}) async throws {
        let sleeper = Sleeper()
        // Where it does not wake, the group's end by an error cancels it.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await sleeper.sleep(alarm) }
            try await waitUntil("the sleeper is awake") {
                meanwhile()
                return sleeper.isAwake
            }
            try await group.waitForAll()
        }
    }

    @Test("ends a sleep for what comes sooner")
    func sooner() async throws {
        let alarm = Alarm(longest: Self.hour)
        let now = AgentClock.system.now().boottime
        var due = now + Self.hour
        // The sleep may not have begun yet: each moment is sooner than the one before.
        try await sleep(alarm) {
            due -= 1_000_000_000
            alarm.set(due)
        }
        #expect(!alarm.isDue(now))
        alarm.set(now)
        #expect(alarm.isDue(now))
        // Already due: hardly a sleep at all.
        try await sleep(alarm)
        alarm.set(nil)
        #expect(!alarm.isDue(now))
    }

    @Test("ends a sleep after the longest time, and when it is cancelled")
    func longest() async throws {
        try await sleep(Alarm(longest: 1))
        let alarm = Alarm(longest: Self.hour)
        let sleeper = Task { await alarm.sleep(from: AgentClock.system.now().boottime) }
        sleeper.cancel()
        await sleeper.value
    }
}
