// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// A short `make torture`.
@Suite("Faults: torture", .timeLimit(.minutes(5)))
struct TortureTests {
    @Test("agent and containerd killed at random under a few rounds: nothing lost, nothing told twice or wrongly")
    func short() async throws {
        let result = try await ChildProcess.run(
            [try BuildProducts.path("node-rig"), "torture", "--rounds", "12", "--seconds", "20"], limit: .seconds(240))
        let line = result.text.split(separator: "\n").last ?? ""
        print(line)
        #expect(result.succeeded, "\(result.text.suffix(8000))\(result.errorText.suffix(2000))")
        let fields = line.split(separator: " ").map { $0.split(separator: "=").map(String.init) }
        let names = ["rounds", "sessions", "lost", "doubled", "wrong", "unknown", "full_tail"]
        #expect(fields.map { $0.first ?? "" } == names)
        for name in ["lost", "doubled", "wrong"] { #expect(fields.contains([name, "0"])) }
        #expect(fields.first.flatMap { Int($0.last ?? "") } ?? 0 > 0)
    }
}
