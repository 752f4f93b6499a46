// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@testable import Commands

@Suite("Exit codes, and which stream things go to")
struct ExitCodeTests {
    private let cli = CommandHarness()
    private let demo = "default/debug-target/debugger-x7k2p"

    @Test(
        "nothing found is 1, and said on standard error",
        arguments: [
            (["list", "-n", "absent"], ""), (["list", "-n", "absent", "-o", "json"], "[]\n"),
            (["list", "-n", "absent", "-o", "yaml"], "[]\n"), (["list", "-n", "absent", "-o", "jsonl"], ""),
            (["show", "default/none/none"], ""), (["show", "0000abcd"], ""), (["logs", "default/none/none"], ""),
            (["gaps", "--source", "journal"], ""), (["gaps", "--source", "journal", "-o", "json"], "[]\n"),
            (["export", "--after", "3"], ""),
        ])
    func nothing(arguments: [String], out: String) async {
        let result = await cli.run(arguments)
        #expect(result.code == 1)
        #expect(result.out == out)
        #expect(!result.err.isEmpty)
    }

    @Test(
        "a wrong command line is 2, with the reason, and nothing on standard output",
        arguments: [
            (["list", "--frobnicate"], "--frobnicate"), (["list", "--since", "soon"], "neither a length of time"),
            (["list", "--older-than", "3 parsecs"], "no length of time"), (["list", "--exit-code", "x"], "exit-code"),
            (["list", "--exit-code", "256"], "0 to 255"), (["list", "-n", "a", "-A"], "either"),
            (["list", "-o", "xml"], "xml"), (["list", "--limit", "-1"], "limit"),
            (["list", "--watch", "-o", "json"], "jsonl"), (["show"], "session"), (["show", "a/b"], "names no session"),
            (["show", "abc"], "at least 4"), (["show", "xyzt"], "names no session"),
            (["logs", "abcd", "--stream", "stdin"], "stdin"), (["logs", "abcd", "--tail", "-2"], "tail"),
            (["verify", "--head", "17"], "number:hash"), (["verify", "--head", "0:" + String(repeating: "a", count: 64)], "head"),
            (["export", "--format", "csv"], "csv"), (["export", "--content", "sessions", "--after", "1"], "--after"),
            (["completion", "tcsh"], "tcsh"), (["dance"], "dance"),
        ])
    func usage(arguments: [String], reason: String) async {
        let result = await cli.run(arguments)
        #expect(result.code == 2)
        #expect(result.out == "")
        #expect(result.err.hasPrefix("error: "))
        #expect(result.err.contains(reason))
    }

    @Test("a store that cannot be read is 2, with cause and remedy")
    func unreadable() async {
        var cli = cli
        cli.openStore = { path in
            throw LastwordError(
                code: "store.unreadable", message: "cannot open the store in \(path)", remedy: "run as root",
                cause: LastwordError(code: "x", message: "permission denied"))
        }
        for verb in [["list"], ["show", "abcd"], ["logs", "abcd"], ["gaps"], ["status"], ["verify"], ["export"]] {
            let result = await cli.run(verb + ["--store", "/else\u{1B}where"])
            #expect(result.code == 2)
            #expect(result.out == "")
            #expect(
                result.err
                    == "error: cannot open the store in /else\\x1bwhere: permission denied\n  remedy: run as root\n")
        }
    }

    @Test("the store's path: flag before environment before default; the flag may stand before the command")
    func storePath() async {
        let seen = Received()
        var cli = cli
        let source = MemorySource.samples.source
        cli.openStore = { path in
            seen.append(Array((path + "\n").utf8))
            return source
        }
        cli.environment = [:]
        _ = await cli.run("status")
        cli.environment = ["LASTWORD_STORE": "/env"]
        _ = await cli.run("status")
        _ = await cli.run("status", "--store", "/flag")
        _ = await cli.run("--store", "/first", "--color=never", "status", "-o", "json")
        _ = await cli.run("--store=/joined", "status")
        #expect(
            String(decoding: seen.bytes, as: UTF8.self) == "/var/lib/lastword\n/env\n/flag\n/first\n/joined\n")
    }

    @Test("an id prefix that several sessions share is an error that names them")
    func ambiguous() async throws {
        var memory = MemorySource.samples
        var twin = Samples.demo
        let id = Samples.demo.id.rawValue
        twin.id = try #require(SessionID(id.prefix(35) + (id.hasSuffix("0") ? "1" : "0")))
        memory.sessions.append(twin)
        let result = await CommandHarness(memory).run("show", String(id.prefix(12)))
        #expect(result.code == 2)
        #expect(result.out == "")
        #expect(result.err.contains(twin.id.rawValue))
        #expect(result.err.contains(id))
        let exact = await CommandHarness(memory).run("show", id, "-o", "json")
        #expect(exact.code == 0)
        #expect(exact.out.contains(id))
    }

    @Test("a path that several sessions have means the newest, and says so")
    func newest() async throws {
        var memory = MemorySource.samples
        var later = Samples.session("9")
        later.namespace = "default"
        later.pod = "debug-target"
        later.container = "debugger-x7k2p"
        later.startedAt = Samples.time("2026-11-21T02:50:00Z")
        memory.sessions.insert(later, at: 0)
        let result = await CommandHarness(memory).run("show", demo, "-o", "json")
        #expect(result.code == 0)
        #expect(result.out.contains(later.id.rawValue))
        #expect(result.err.contains("2 sessions"))
        #expect(result.err.contains(later.id.rawValue))
    }

    @Test("what -o name prints names a session")
    func names() async {
        let names = await cli.run("list", "-o", "name").out.split(separator: "\n").map(String.init)
        #expect(names.count == Samples.all.count)
        for name in names {
            let shown = await cli.run("show", name, "-o", "json")
            #expect(shown.code == 0)
            #expect(shown.out.contains(String(name.dropFirst("session/".count))))
        }
    }

    @Test("a reader that goes away ends the command quietly with 0")
    func closedPipe() async {
        var cli = cli
        cli.onOutput = { _ in throw ClosedPipe() }
        for verb in [["list"], ["list", "-o", "json"], ["export"], ["logs", demo], ["--help"], ["status"]] {
            let result = await cli.run(verb)
            #expect(result.code == 0)
            #expect(result.err == "")
        }
    }

    @Test("colour: only on a terminal, never with NO_COLOR or a dumb one, always when told so")
    func colour() async {
        var cli = cli
        func coloured(_ arguments: String...) async -> Bool {
            await cli.run(["list"] + arguments).out.contains("\u{1B}[")
        }
        #expect(await !coloured())
        #expect(await coloured("--color", "always"))
        cli.isTerminal = true
        #expect(await coloured())
        #expect(await !coloured("--color", "never"))
        cli.environment = ["NO_COLOR": "1"]
        #expect(await !coloured())
        #expect(await coloured("--color", "always"))
        cli.environment = ["NO_COLOR": "", "TERM": "xterm"]
        #expect(await coloured())
        cli.environment = ["TERM": "dumb"]
        #expect(await !coloured())
    }

    @Test("a limit that cuts the list is said; 0 lifts it; data has none of its own")
    func limit() async {
        var memory = MemorySource()
        memory.pageLimit = 300
        memory.sessions = (0..<620).map { number in
            let digits = String(number)
            var session = Session(
                id: SessionID(container: ContainerID("c" + digits).unsafelyUnwrapped), node: "worker-0")
            session.startedAt = Samples.time("2026-11-21T00:00:00Z").advanced(byNanoseconds: Int64(number))
            session.pod = "pod-" + digits
            return session
        }
        let cli = CommandHarness(memory)
        let table = await cli.run("list", "--no-headers")
        #expect(table.out.split(separator: "\n").count == 500)
        #expect(table.out.contains("pod-619"))
        #expect(table.err.contains("--limit 0"))
        let all = await cli.run("list", "--no-headers", "--limit", "0")
        #expect(all.out.split(separator: "\n").count == 620)
        #expect(all.err == "")
        #expect(await cli.run("list", "-o", "name").out.split(separator: "\n").count == 620)
        let three = await cli.run("list", "-o", "name", "--limit", "3")
        #expect(three.out.split(separator: "\n").count == 3)
        #expect(three.err.contains("3 shown"))
        let exact = await cli.run("list", "-o", "name", "--limit", "620")
        #expect(exact.err == "")
    }
}
