// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import CollectorClient
import Foundation
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import Commands

@Suite("Which collector is asked, and as whom")
struct CollectorOptionTests {
    /// What `openCollector` was called with; nothing is connected.
    private final class Opened: Sendable {
        private let values = Mutex<[CollectorAccess]>([])
        var last: CollectorAccess? { values.withLock(\.last) }

        func harness(_ environment: [String: String] = [:]) -> CommandHarness {
            var cli = CommandHarness()
            cli.environment = environment
            cli.openStore = { path in
                throw LastwordError(code: "test.store", message: "the store in \(path) was opened")
            }
            cli.openCollector = { access in
                self.values.withLock { $0.append(access) }
                return MemorySource.samples.source
            }
            return cli
        }
    }

    @Test("flags before environment; a flag that names a store keeps the environment's collector out")
    func precedence() async {
        let opened = Opened()
        var cli = opened.harness(["LASTWORD_COLLECTOR": "https://environment", "LASTWORD_STORE": "/environment"])
        #expect(await cli.run("list").code == 0)
        #expect(opened.last?.url == "https://environment")
        #expect(await cli.run("list", "--collector", "https://flag").code == 0)
        #expect(opened.last?.url == "https://flag")
        #expect(await cli.run("--collector=https://first", "--token-file", "/t", "list").code == 0)
        #expect(opened.last?.url == "https://first")
        #expect(opened.last?.token == .file("/t"))
        #expect(await cli.run("list", "--store", "/flag").err.contains("the store in /flag was opened"))
        let both = await cli.run("list", "--store", "/flag", "--collector", "https://flag")
        #expect(both.code == 2)
        #expect(both.err.contains("both --store and --collector"))
        cli.environment["LASTWORD_COLLECTOR"] = ""
        #expect(await cli.run("list").err.contains("the store in /environment was opened"))
    }

    @Test("credentials: flag, then the token itself, then its file; nothing of the token is printed")
    func credentials() async {
        let opened = Opened()
        let all = [
            "LASTWORD_COLLECTOR": "https://c", "LASTWORD_COLLECTOR_TOKEN": "lwt_secret",
            "LASTWORD_COLLECTOR_TOKEN_FILE": "/file", "LASTWORD_COLLECTOR_CA_FILE": "/ca",
            "LASTWORD_COLLECTOR_CERTIFICATE_FILE": "/crt", "LASTWORD_COLLECTOR_KEY_FILE": "/key",
        ]
        var cli = opened.harness(all)
        _ = await cli.run("list")
        #expect(opened.last?.token == .text("lwt_secret"))
        #expect(opened.last?.authorityFile == "/ca")
        #expect(opened.last?.certificateFile == "/crt")
        #expect(opened.last?.keyFile == "/key")
        #expect(opened.last?.token?.description == "a token")
        _ = await cli.run(
            "list", "--token-file", "/t", "--ca-file", "/a", "--certificate-file", "/c", "--key-file", "/k")
        #expect(opened.last?.token == .file("/t"))
        #expect(opened.last?.authorityFile == "/a")
        #expect(opened.last?.certificateFile == "/c")
        #expect(opened.last?.keyFile == "/k")
        cli.environment["LASTWORD_COLLECTOR_TOKEN"] = nil
        _ = await cli.run("list")
        #expect(opened.last?.token == .file("/file"))
        #expect(Set(all.keys).isSubset(of: CommandContext.variables))
    }

    @Test(
        "an address that is none, or would give a token away, is refused before anything is sent",
        arguments: [
            ("collector", "not a URL"), ("ftp://host", "not a URL"), ("https://", "not a URL"),
            ("https://user@host", "not a URL"), ("https://host?x=1", "not a URL"), ("https://host/#a", "not a URL"),
            ("https://ho st", "not a URL"), ("https://host\r\nX: y", "not a URL"),
            ("http://collector.example:4318", "not sent over http"), ("http://127.example", "not sent over http"),
            ("http://127.0.0.256", "not sent over http"), ("http://10.0.0.1", "not sent over http"),
        ])
    func addresses(url: String, why: String) async {
        var cli = CommandHarness()
        cli.environment = ["LASTWORD_COLLECTOR_TOKEN": "lwt_secret"]
        let result = await cli.run("list", "--collector", url)
        #expect(result.code == 2)
        #expect(result.err.contains(why), "\(result.err)")
        #expect(result.err.contains("remedy: "))
        #expect(!result.err.contains("lwt_secret"))
    }

    @Test(
        "a token that is no token is refused, and not printed",
        arguments: ["two words", "line\nX-Evil: 1", " ", "t\u{F6}ken", "tab\tin"])
    func tokens(text: String) async throws {
        try await CollectorStandIn.serve { collector in
            var cli = collector.cli
            cli.environment["LASTWORD_COLLECTOR_TOKEN"] = text
            let result = await cli.run("list")
            #expect(result.code == 2)
            #expect(result.err.contains("is no bearer token"))
            #expect(collector.seen.isEmpty)
        }
    }

    @Test("a token file is read before each request, with its line feed; certificates want https")
    func files() async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/token"
        try Data("lwt_1_secret\n".utf8).write(to: URL(filePath: path))
        try await CollectorStandIn.serve { collector in
            let cli = CommandHarness()
            let base = ["--collector", collector.url + "/"]
            #expect(await cli.run(["list", "--token-file", path] + base).code == 0)
            #expect(collector.seen.first?.path == "/v1/sessions")
            #expect(Set(collector.seen.map(\.authorization)) == ["Bearer lwt_1_secret"])
            let missing = await cli.run(["list", "--token-file", "/nonexistent/t"] + base)
            #expect(missing.err.contains("cannot read the token file /nonexistent/t: No such file"))
            let plain = await cli.run(["list", "--token-file", path, "--ca-file", path] + base)
            #expect(plain.err.contains("certificates need TLS"))
        }
        let secure = ["list", "--collector", "https://127.0.0.1:1"]
        let noCA = await CommandHarness().run(secure + ["--ca-file", path])
        #expect(noCA.err.contains("\(path) holds no PEM certificate"))
        let half = await CommandHarness().run(secure + ["--certificate-file", path])
        #expect(half.err.contains("needs its key"))
    }

    @Test("filters, words and names go out as the API has them")
    func query() async throws {
        try await CollectorStandIn.serve { collector in
            let cli = collector.cli
            _ = await cli.run(
                "list", "-n", "a b", "--pod", "p&q=1", "--container", "c", "--target", "t", "--exit-code", "3",
                "--node",
                "n", "--running", "--since", "2026-11-21", "--until", "2026-11-22", "--older-than", "1h", "--search",
                "pool \"exhausted\" NOT", "--limit", "7")
            #expect(
                collector.seen.last?.query == [
                    "namespace": "a b", "pod": "p&q=1", "container": "c", "target": "t", "exitCode": "3", "node": "n",
                    "running": "true", "since": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z",
                    "startedBefore": "2026-11-21T02:00:00Z", "q": "pool \"exhausted\" NOT", "limit": "8",
                ])
            let found = await cli.run("list", "--search", "pool exhausted", "-o", "name")
            #expect(found.out == "session/\(Samples.demo.id)\n")
            _ = await cli.run("show", "default/debug-target/debugger-x7k2p")
            // The session is looked for, and then asked after.
            let asked = collector.seen.suffix(2)
            #expect(asked.first?.query["reference"] == "default/debug-target/debugger-x7k2p")
            #expect(asked.last?.query == ["details": "true"])
            _ = await cli.run("show", String(Samples.demo.id.rawValue.prefix(8)))
            #expect(collector.seen.suffix(2).first?.query["reference"] == String(Samples.demo.id.rawValue.prefix(8)))
        }
    }

    @Test("what only a collector can do names one as the remedy on a node's store")
    func storeAlone() async throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        var cli = CommandHarness()
        let directory = scratch.directory
        cli.openStore = { _ in try StoreSessionSource.open(directory) }
        for arguments in [
            ["nodes"], ["alarms"], ["list", "--search", "x"], ["list", "--search", "x", "--watch"],
            ["gaps", "--node", "worker-0"],
        ] {
            let result = await cli.run(arguments)
            #expect(result.code == 2, "\(arguments)")
            #expect(result.err.contains("remedy: name a collector by --collector"), "\(arguments)")
        }
        #expect(await cli.run("export", "--ledger", "another").err.contains("not another"))
        #expect(await cli.run("verify", "--ledger", "another").code == 2)
        let here = await cli.run("list", "--node", "worker-1", "-o", "name")
        #expect(here.out == "session/\(Samples.running.id)\n")
        #expect(await cli.run("list", "--node", "elsewhere").code == 1)
    }

    @Test("as kubectl's plug-in it calls itself kubectl lastword")
    func plugin() async throws {
        #expect(ProgramName(called: "/usr/local/bin/kubectl-lastword") == .kubectlPlugin)
        #expect(ProgramName(called: "lastword") == .lastword)
        #expect(ProgramName(called: nil) == .lastword)
        var cli = CommandHarness()
        cli.program = .kubectlPlugin
        try Golden.expect(await cli.run("--help").out, "help-kubectl.txt")
        #expect(await cli.run("help", "list").out.contains("USAGE: kubectl lastword list"))
        let wrong = await cli.run("list", "--no-such")
        #expect(wrong.code == 2)
        #expect(wrong.err.contains("kubectl lastword list"))
        #expect(await cli.run("list").code == 0)
    }
}
