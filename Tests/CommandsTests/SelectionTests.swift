// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@testable import Commands

@Suite("Which sessions are meant")
struct SelectionTests {
    private let cli = CommandHarness()

    private func pods(_ arguments: String...) async -> Set<String> {
        let lines = await cli.run(["list", "--no-headers"] + arguments).out.split(separator: "\n")
        return Set(lines.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
    }

    @Test("by name, code, state and age")
    func filters() async {
        let all: Set = [
            "debug-target", "node-debugger-worker-1-9xq2c", "ledger-debug", "worker-7d9f", "web-0", "-",
        ]
        #expect(await pods() == all)
        #expect(await pods("-A") == all)
        #expect(await pods("-n", "payments") == ["ledger-debug"])
        #expect(await pods("-npayments") == ["ledger-debug"])
        #expect(await pods("--namespace", "default", "--pod", "web-0") == ["web-0"])
        #expect(await pods("--container", "debugger") == ["node-debugger-worker-1-9xq2c"])
        #expect(await pods("--target", "nginx") == ["debug-target", "web-0"])
        #expect(await pods("--exit-code", "137") == ["ledger-debug", "worker-7d9f"])
        #expect(await pods("--exit-code", "42") == ["debug-target"])
        #expect(await pods("--running") == ["node-debugger-worker-1-9xq2c"])
        #expect(await pods("--running", "--older-than", "2h") == ["node-debugger-worker-1-9xq2c"])
        #expect(await pods("--running", "--older-than", "3h") == [])
        #expect(await pods("--older-than", "1d") == ["ledger-debug"])
    }

    @Test("since and until ask who lived in the time between them")
    func times() async {
        // The running session began two hours ago and has not ended.
        #expect(await pods("--since", "10m") == ["node-debugger-worker-1-9xq2c", "-"])
        #expect(
            await pods("--since", "2026-11-21T02:40:00Z", "--until", "2026-11-21T02:40:15+00:00")
                == ["node-debugger-worker-1-9xq2c", "debug-target"])
        #expect(await pods("--until", "2026-11-19") == ["ledger-debug"])
        #expect(await pods("--since", "2026-11-18T10:05:07Z", "--until", "2026-11-18T10:05:08Z") == ["ledger-debug"])
        #expect(await pods("--since", "2026-11-18T10:05:08Z", "--until", "2026-11-18T10:05:09Z") == [])
    }

    @Test(
        "lengths of time",
        arguments: [("90s", 90), ("10m", 600), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("1h30m", 5400), ("0s", 0)])
    func spans(text: String, seconds: Int64) throws {
        #expect(try SpanExpression(text).nanoseconds == seconds * 1_000_000_000)
    }

    @Test(
        "what is no length of time is refused, also one that does not fit",
        arguments: ["", "10", "m", "-5m", "1.5h", "10 m", "10M", "99999999999999999999s", "9999999999999w", "٣m"])
    func noSpans(text: String) {
        #expect(throws: LastwordError.self) { try SpanExpression(text) }
    }

    @Test("references")
    func references() throws {
        #expect(try SessionReference("6F0c2A") == .idPrefix("6f0c2a"))
        #expect(try SessionReference("session/6f0c2a1b9") == .idPrefix("6f0c2a1b-9"))
        #expect(
            try SessionReference("6f0c2a1b9d3e5c7a8b1c2d3e4f5a6b7c")
                == .idPrefix("6f0c2a1b-9d3e-5c7a-8b1c-2d3e4f5a6b7c"))
        #expect(try SessionReference("a/b/c") == .path(namespace: "a", pod: "b", container: "c"))
        #expect(try SessionReference("-/b/-") == .path(namespace: nil, pod: "b", container: nil))
        for text in ["", "abc", "a/b", "a//c", "a/b/c/d", "pod/6f0c2a", "6f0c2a1b-9d3e-5c7a-8b1c-2d3e4f5a6b7c0", "ghij"] {
            #expect(throws: LastwordError.self) { try SessionReference(text) }
        }
    }

    @Test(
        "ages and durations in kubectl's steps",
        arguments: [
            (0, "0s", "0.0ms"), (400_000, "0s", "0.4ms"), (37_000_000, "0s", "37ms"), (10_012_000_000, "10s", "10.0s"),
            (119_000_000_000, "119s", "1m59s"), (192_000_000_000, "3m12s", "3m12s"),
            (600_000_000_000, "10m", "10m"), (7_507_000_000_000, "125m", "2h5m"),
            (90_000_000_000_000, "25h", "1d1h"), (190_000_000_000_000, "2d4h", "2d4h"),
            (864_000_000_000_000, "10d", "10d"), (-5, "0s", "0.0ms"),
        ] as [(Int64, String, String)])
    func humanTimes(nanoseconds: Int64, age: String, duration: String) {
        #expect(HumanTime.age(nanoseconds: nanoseconds) == age)
        #expect(HumanTime.duration(nanoseconds: nanoseconds) == duration)
    }

    @Test(
        "sizes",
        arguments: [
            (0, "0B"), (37, "37B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1.5KiB"), (65_536, "64KiB"),
            (10_485_760, "10MiB"), (Int64.max, "8388607TiB"),
        ] as [(Int64, String)])
    func sizes(bytes: Int64, text: String) {
        #expect(HumanTime.size(bytes: bytes) == text)
    }
}
