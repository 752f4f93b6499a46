// SPDX-License-Identifier: Apache-2.0
import HealthReporting
import Testing

@testable import AgentCore

@Suite("Health")
struct HealthStateTests {
    @Test("the agent is ready when every required part is in order, and not before")
    func readiness() {
        let state = HealthState()
        #expect(!state.isReady)
        state.register(HealthState.Part.runtime)
        state.register(HealthState.Part.store)
        state.register("journal", isRequired: false)
        #expect(!state.isReady)
        #expect(state.summary == "journal is starting; runtime is starting; store is starting")
        #expect(state.report(HealthState.Part.runtime, .ok))
        #expect(!state.isReady)
        #expect(state.report(HealthState.Part.store, .ok))
        #expect(state.isReady)
        #expect(state.report("journal", .failing("no journal here")))
        #expect(state.isReady)
        #expect(state.report(HealthState.Part.runtime, .failing("connection refused")))
        #expect(!state.isReady)
        #expect(state.summary == "journal: no journal here; runtime: connection refused")
        #expect(!state.report(HealthState.Part.runtime, .failing("connection refused")), "the same again is no news")
    }

    @Test("a part that nobody registered is required")
    func unregistered() {
        let state = HealthState()
        state.report("surprise", .failing("x"))
        #expect(!state.isReady)
        state.report("surprise", .ok)
        #expect(state.isReady)
        #expect(state.summary == "ready")
    }
}
