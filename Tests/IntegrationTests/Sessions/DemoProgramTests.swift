// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// `make demo` with a shorter session.
@Suite("make demo", .timeLimit(.minutes(5)))
struct DemoProgramTests {
    @Test("the demo shows the whole way, from the node to the SIEM, and leaves nothing behind")
    func demo() async throws {
        let shown = try await ChildProcess.run(
            [try BuildProducts.path("node-rig"), "demo", "--seconds", "1"], limit: .seconds(200))
        #expect(shown.succeeded, "\(shown.text.suffix(8000))\(shown.errorText.suffix(2000))")
        let listed = shown.text.matches(of: /default +debug-target +debugger-[a-z0-9]+ +nginx +ended +42 +Error/)
        // On the node, then from the collector, and from both once more when the agent is stopped.
        #expect(listed.count == 4)
        #expect(shown.text.matches(of: /\nfinding: connection pool exhausted\n/).count == 2)
        for part in [
            "IDENTITY", "(collector): agrees", "Result:         intact", "session.ended [lastword@32473 id=",
            "No process and no mount is left behind.",
        ] {
            #expect(shown.text.contains(part), "\(part)")
        }
    }
}
