// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Testing

@testable import Commands

@Suite("Hostile names break no table, no document and no terminal")
struct HostileSessionTests {
    /// Each text stands in every field that a record has from outside.
    static let names = [
        "evil\u{1B}[2J\u{1B}]0;owned\u{7}", "two\nrows   42   Error", "\u{202E}drowssap", "tab\there", "  padded  ",
        String(repeating: "A", count: 10_240), "漢字\u{200B}名前", "quote\"'`$(reboot)", "\u{9B}1;31m", "../../etc/passwd",
        "<script>alert(1)</script>", "", "- item: [x, {y}] # no", "\u{0}\u{1}\u{2}",
    ]

    private static func memory(_ name: String) -> MemorySource {
        var session = Samples.demo
        session.namespace = name
        session.pod = name
        session.container = name
        session.targetContainer = name
        session.image = name
        session.node = name
        session.reason = name
        session.message = name
        session.command = [name, name]
        session.labels = [name: name]
        session.owner = Owner(kind: name, name: name)
        session.requestedBy = name
        session.evidence = [Evidence(witness: .journal, fact: name, value: name)]
        session.output?.note = name
        var memory = MemorySource()
        memory.sessions = [session, Samples.running]
        var gap = Gap(source: name, openedAt: Samples.time(Samples.started), reason: name)
        gap.closedBy = name
        memory.gaps = [gap]
        memory.status.node = name
        memory.status.openGaps = [NodeGap(gap)]
        memory.status.podsLeftBehind = [session]
        memory.verdict.problems = [name]
        memory.outputs[session.id] = Samples.tail([("stdout", nil, name + "\n")])
        return memory
    }

    @Test("every table keeps one line a row and its columns", arguments: names)
    func tables(name: String) async throws {
        let cli = CommandHarness(Self.memory(name))
        for format in ["table", "wide"] {
            let lines = await cli.run("list", "-o", format).out.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count == 4)
            let columns = lines.dropLast().map { $0.components(separatedBy: "   ").filter { !$0.isEmpty }.count }
            #expect(Set(columns) == [SessionTable.titles(wide: format == "wide").count])
            // The last column of every row begins at the same place, by display width.
            let last = SessionTable.titles(wide: format == "wide").last ?? ""
            let start = try #require(lines.first?.range(of: last, options: .backwards))
            let width = DisplayWidth.of(String(lines[0][..<start.lowerBound]))
            for line in lines.dropFirst().dropLast() {
                var before = ""
                while DisplayWidth.of(before) < width { before = String(line.prefix(before.count + 1)) }
                #expect(before.hasSuffix("   "))
            }
        }
    }

    @Test("no command prints anything that a terminal obeys", arguments: names)
    func documents(name: String) async {
        let memory = Self.memory(name)
        let cli = CommandHarness(memory)
        let id = memory.sessions[0].id.rawValue
        let commands = [
            ["list"], ["list", "-o", "wide"], ["list", "-o", "json"], ["list", "-o", "jsonl"], ["list", "-o", "yaml"],
            ["list", "-o", "name"], ["show", id], ["show", id, "-o", "json"], ["show", id, "-o", "yaml"], ["logs", id],
            ["logs", id, "--timestamps"], ["gaps"], ["gaps", "-o", "json"], ["status"], ["status", "-o", "yaml"],
            ["verify"], ["show", name], ["show", "\(name)/\(name)/x"], ["list", "-n", name + "x"], [name],
        ]
        for command in commands {
            let result = await cli.run(command)
            #expect(result.out.unicodeScalars.allSatisfy(TerminalTextTests.isHarmless), "\(command)")
            #expect(result.err.unicodeScalars.allSatisfy(TerminalTextTests.isHarmless), "\(command)")
        }
    }

    @Test("JSON carries the exact names nevertheless", arguments: names)
    func exact(name: String) async throws {
        let memory = Self.memory(name)
        let out = await CommandHarness(memory).run("list", "-o", "json").bytes
        let parsed = try #require(try JSONSerialization.jsonObject(with: Data(out)) as? [[String: Any]])
        let first = try #require(parsed.first { $0["id"] as? String == memory.sessions[0].id.rawValue })
        #expect((first["pod"] as? String).map { Array($0.utf8) } == Array(name.utf8))
        #expect((first["command"] as? [String])?.first.map { Array($0.utf8) } == Array(name.utf8))
    }

    @Test("raw output is the bytes themselves")
    func raw() async {
        var memory = MemorySource.samples
        var tail = CapturedTail.lost("")
        tail.bytes = [0x1B, 0x5B, 0x32, 0x4A, 0xFF, 0x0D, 0x0A, 0xC3]
        tail.frames = [OutputFrame(stream: .stdout, time: nil, length: 8)]
        tail.summary.truncated = false
        tail.summary.lossy = false
        tail.summary.note = nil
        memory.outputs[Samples.demo.id] = tail
        let cli = CommandHarness(memory)
        #expect(await cli.run("logs", Samples.demo.id.rawValue, "--raw").bytes == tail.bytes)
        #expect(await cli.run("logs", Samples.demo.id.rawValue).out == "\\x1b[2J\\xff\n\\xc3")
    }
}
