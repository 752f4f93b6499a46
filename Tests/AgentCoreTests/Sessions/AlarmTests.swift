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

    private func asleep(_ alarm: Alarm, _ body: @Sendable () async throws -> Void) async throws {
        let isAwake = Mutex(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await alarm.sleep(from: AgentClock.system.now().boottime)
                isAwake.withLock { $0 = true }
            }
            try await body()
            try await waitUntil("the sleeper is awake") { isAwake.withLock { $0 } }
            try await group.waitForAll()
        }
    }

    @Test("ends a sleep for what comes sooner, and not for what comes later")
    func sooner() async throws {
        let alarm = Alarm(longest: Self.hour)
        let now = AgentClock.system.now().boottime
        try await asleep(alarm) {
            alarm.set(now + 2 * Self.hour)
            alarm.set(now + Self.hour / 2)
        }
        #expect(!alarm.isDue(now))
        alarm.set(now)
        #expect(alarm.isDue(now))
        // Already due: hardly a sleep at all.
        try await asleep(alarm) {}
        alarm.set(nil)
        #expect(!alarm.isDue(now))
    }

    @Test("ends a sleep after the longest time, and when it is cancelled")
    func longest() async throws {
        try await asleep(Alarm(longest: 1)) {}
        let alarm = Alarm(longest: Self.hour)
        let sleeper = Task { await alarm.sleep(from: AgentClock.system.now().boottime) }
        sleeper.cancel()
        await sleeper.value
    }
}
