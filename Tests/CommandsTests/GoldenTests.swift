// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@testable import Commands

@Suite("What the commands print stays as it is")
struct GoldenTests {
    private let cli = CommandHarness()

    @Test(
        "lists, in every format",
        arguments: [
            ("list.txt", ["list"]), ("list-wide.txt", ["list", "-o", "wide"]), ("list.json", ["list", "-o", "json"]),
            ("list.jsonl", ["list", "-ojsonl"]), ("list.yaml", ["list", "-o", "yaml"]),
            ("list-name.txt", ["list", "-o", "name"]),
            ("list-no-headers.txt", ["list", "--no-headers", "-n", "payments"]),
            ("list-color.txt", ["list", "--color", "always"]), ("gaps.txt", ["gaps"]),
            ("gaps.json", ["gaps", "-o", "json"]), ("export.jsonl", ["export", "--format", "jsonl"]),
            ("export-sessions.jsonl", ["export", "--content", "sessions"]),
        ])
    func lists(file: String, arguments: [String]) async throws {
        let result = await cli.run(arguments)
        #expect(result.code == 0)
        #expect(result.err == "")
        try Golden.expect(result.out, file)
    }

    @Test(
        "single things, for people and for programs",
        arguments: [
            ("show-demo.txt", ["show", "default/debug-target/debugger-x7k2p"]),
            ("show-demo.json", ["show", "default/debug-target/debugger-x7k2p", "-o", "json"]),
            ("show-demo.yaml", ["show", "default/debug-target/debugger-x7k2p", "-o", "yaml"]),
            ("show-copy.txt", ["show", "payments/ledger-debug/debugger-copy"]),
            ("show-made-up.txt", ["show", "default/worker-7d9f/debugger-gone"]),
            ("show-never-started.txt", ["show", "default/web-0/debugger-never"]),
            ("show-least.txt", ["show", "--", "-/-/-"]),
            ("logs.txt", ["logs", "default/debug-target/debugger-x7k2p"]),
            ("logs-timestamps.txt", ["logs", "default/debug-target/debugger-x7k2p", "--timestamps"]),
            ("status.txt", ["status"]), ("status.json", ["status", "-o", "json"]), ("verify.txt", ["verify"]),
            ("verify.json", ["verify", "-o", "json"]),
        ])
    func documents(file: String, arguments: [String]) async throws {
        let result = await cli.run(arguments)
        #expect(result.code == 0)
        #expect(result.err == "")
        try Golden.expect(result.out, file)
    }

    @Test("a chain that does not hold is told with every finding, and exit code 1")
    func damagedChain() async throws {
        var memory = MemorySource.samples
        memory.verdict.anchor = NotedHead(number: 4, hash: Digest(of: [4]))
        memory.verdict.firstNumber = 5
        memory.verdict.problems = ["entry 7: its hash does not match its bytes", "entries 9 to 10 are missing"]
        memory.verdict.comparisons = [
            .init(head: NotedHead(number: 2, hash: Digest(of: [2])), keeper: "journal", verdict: .removed),
            .init(head: NotedHead(number: 17, hash: Digest(of: [9])), keeper: VerifyReport.given, verdict: .differs),
            .init(head: NotedHead(number: 12, hash: Digest(of: [12])), keeper: "journal", verdict: .agrees, count: 5),
        ]
        memory.verdict.journal = "6 heads of this ledger at /var/log/journal"
        let result = await CommandHarness(memory).run("verify")
        #expect(result.code == 1)
        try Golden.expect(result.out, "verify-damaged.txt")
    }

    @Test("gaps say what closed them, and by which nothing is known")
    func closings() async throws {
        var memory = MemorySource()
        memory.gaps = Samples.moreGaps
        let result = await CommandHarness(memory).run("gaps")
        #expect(result.err.contains("containers that came and went inside such a gap are not known"))
        try Golden.expect(result.out, "gaps-closing.txt")
        let missed = await CommandHarness(memory).run("gaps", "--missed", "--no-headers")
        #expect(missed.out.split(separator: "\n").count == 1)
        #expect(missed.out.hasPrefix("journal"))
    }

    @Test("doctor tells outcome, check, finding and remedy")
    func doctor() async throws {
        var cli = CommandHarness()
        cli.checks = [
            DoctorCheck("store") { .init(.ok, "/var/lib/lastword, schema 1") },
            DoctorCheck("agent") { .init(.failed, "no agent holds the store", remedy: "start lastword-agent") },
            DoctorCheck("log pins") { .init(.warning, "tails are copied", remedy: "mount /var/log as a whole") },
            DoctorCheck("runtime socket") { .init(.skipped, "not allowed to look", remedy: "run doctor as root") },
        ]
        let text = await cli.run("doctor")
        #expect(text.code == 1)
        try Golden.expect(text.out, "doctor.txt")
        let json = await cli.run("doctor", "-o", "json")
        #expect(json.code == 1)
        try Golden.expect(json.out, "doctor.json")
        cli.checks.remove(at: 1)
        #expect(await cli.run("doctor").code == 0)
    }

    @Test(
        "help",
        arguments: [
            "", "list", "show", "logs", "gaps", "nodes", "alarms", "status", "verify", "export", "doctor", "completion",
        ])
    func help(verb: String) async throws {
        let arguments = verb.isEmpty ? ["--help"] : [verb, "--help"]
        let result = await cli.run(arguments)
        #expect(result.code == 0)
        #expect(result.err == "")
        try Golden.expect(result.out, "help\(verb.isEmpty ? "" : "-" + verb).txt")
    }
}
