// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import CollectorClient
import Foundation
import SessionRecords
import TestSupport
import Testing

@testable import Commands

@Suite("A collector that fails or lies is told with cause and remedy, and does no harm")
struct CollectorFailureTests {
    @Test(
        "each refusal has its words",
        arguments: [
            (401, "does not accept the token", "token create"), (403, "does not let this token", "reader role"),
            (429, "takes no more requests", "in 7 s"), (500, "failed (500)", "/readyz"),
            (503, "failed (503)", "/readyz"), (302, "sends to another address", "answers itself"),
            (400, "refuses the request (400)", "version"),
        ])
    func statuses(status: Int, words: String, remedy: String) async throws {
        var contents = CollectorContents()
        contents.answers["/v1/sessions"] = CollectorAnswer(
            status: status, body: #"{"error":{"code":"x","message":"said\u001b[2J so"}}"#,
            headers: ["Retry-After": "7", "Location": "http://127.0.0.1:1/"])
        try await CollectorStandIn.serve(contents) { collector in
            let result = await collector.cli.run("list")
            #expect(result.code == 2)
            #expect(result.out == "")
            #expect(result.err.contains(words), "\(result.err)")
            #expect(result.err.contains(": said\\x1b[2J so\n"), "\(result.err)")
            #expect(result.err.contains("remedy: "))
            #expect(result.err.contains(remedy), "\(result.err)")
            #expect(!result.err.contains("lwt_1_secret"))
            #expect(collector.seen.count == 1)
        }
    }

    @Test("without a token a 401 says how to give one; the collector's own remedy comes first")
    func noToken() async throws {
        try await CollectorStandIn.serve { collector in
            var cli = collector.cli
            cli.environment["LASTWORD_COLLECTOR_TOKEN"] = nil
            let result = await cli.run("list")
            #expect(result.err.contains("wants to know who asks"))
            #expect(result.err.contains("--token-file"))
        }
        var contents = CollectorContents()
        contents.answers["/v1/sessions"] = CollectorAnswer(
            status: 403, body: #"{"error":{"code":"x","message":"no","remedy":"call Ann"}}"#)
        try await CollectorStandIn.serve(contents) { collector in
            #expect(await collector.cli.run("list").err.hasSuffix("remedy: call Ann\n"))
        }
    }

    @Test(
        "what is no collector is told as such",
        arguments: [
            (404, "<html>nothing here</html>", "has no such page"), (404, "{}", "has no such page"),
            (200, "<html>welcome</html>", "cannot read what"), (200, "", "cannot read what"),
            (200, #"{"sessions":[{"id":"no"}]}"#, "cannot read what"), (200, #"{"sessions":{}}"#, "cannot read what"),
            (200, String(repeating: "[", count: 100_000), "cannot read what"),
            (500, String(repeating: "x", count: 1 << 20), "failed (500)"),
        ])
    func strangers(status: Int, body: String, words: String) async throws {
        var contents = CollectorContents()
        contents.answers["/v1/sessions"] = CollectorAnswer(status: status, body: body)
        try await CollectorStandIn.serve(contents) { collector in
            let result = await collector.cli.run("list")
            #expect(result.code == 2)
            #expect(result.out == "")
            #expect(result.err.contains(words), "\(result.err.prefix(2000))")
            #expect(result.err.utf8.count < 4096)
        }
    }

    @Test("an answer that is larger than its route may have is not taken in")
    func tooLarge() async throws {
        var contents = CollectorContents()
        contents.answers["/v1/status"] = .good(#"{"version":""# + String(repeating: "x", count: 17 << 20) + "\"}")
        try await CollectorStandIn.serve(contents) { collector in
            let result = await collector.cli.run("status")
            #expect(result.code == 2)
            #expect(result.err.contains("larger than it may be"))
        }
    }

    @Test("a page that leads to itself ends in an error")
    func endless() async throws {
        var contents = CollectorContents()
        contents.answers["/v1/sessions"] = .good(#"{"sessions":[],"next":"again"}"#)
        try await CollectorStandIn.serve(contents) { collector in
            let result = await collector.cli.run("list")
            #expect(result.code == 2)
            #expect(result.err.contains("the same page again"))
        }
    }

    @Test("sessions that were not asked for are not shown")
    func unasked() async throws {
        var contents = CollectorContents()
        contents.answers["/v1/sessions"] = .good(
            "{\"sessions\":\(JSONValue.array([Samples.demo.json, Samples.running.json]).compact)}")
        try await CollectorStandIn.serve(contents) { collector in
            let list = await collector.cli.run("list", "--node", "worker-1", "-o", "name")
            #expect(list.out == "session/\(Samples.running.id)\n")
            #expect(await collector.cli.run("show", "default/none/none").code == 1)
        }
    }

    @Test("an output that is not the one its record names is an error, not an output")
    func foreignOutput() async throws {
        // The sample's record has another hash than the sample's output.
        try await CollectorStandIn.serve { collector in
            let result = await collector.cli.run("logs", "default/debug-target/debugger-x7k2p")
            #expect(result.code == 2)
            #expect(result.out == "")
            #expect(result.err.contains("SHA-256"))
        }
        var contents = CollectorContents.delivered
        contents.answers["/v1/sessions/\(Samples.demo.id)/output"] = .refusal(
            404, "output.erased", "erased by ann: a password\u{7}")
        try await CollectorStandIn.serve(contents) { collector in
            let result = await collector.cli.run("logs", "default/debug-target/debugger-x7k2p")
            #expect(result.code == 1)
            #expect(result.err.hasSuffix(": erased by ann: a password\\x07\n"))
        }
    }

    @Test("hostile names from a collector break no line and no terminal")
    func hostileNames() async throws {
        for name in HostileSessionTests.names {
            let text = JSONValue.string(name).compact
            var contents = CollectorContents()
            contents.nodes = [
                "{\"node\":\(text),\"cluster\":\(text),\"identity\":\(text),\"ledgers\":[{\"ledger\":\(text)}]}"
            ]
            contents.alarms = ["{\"kind\":\(text),\"node\":\(text),\"ledger\":\(text),\"text\":\(text)}"]
            try await CollectorStandIn.serve(contents) { collector in
                for verb in ["nodes", "alarms"] {
                    let lines = await collector.cli.run(verb).out.split(separator: "\n")
                    #expect(lines.count == 2)
                    #expect(lines.joined().unicodeScalars.allSatisfy(TerminalTextTests.isHarmless))
                    let json = await collector.cli.run(verb, "-o", "json").out
                    #expect(json.unicodeScalars.allSatisfy(TerminalTextTests.isHarmless))
                }
            }
        }
    }

    @Test("nobody there, and nobody answering")
    func absent() async throws {
        let closed = try HTTPProbe.freePort()
        let refused = await CommandHarness().run("list", "--collector", "http://127.0.0.1:\(closed)")
        #expect(refused.code == 2)
        #expect(refused.err.contains("Connection refused"), "\(refused.err)")
        #expect(refused.err.contains("lastword-collector runs"))
        let unnamed = await CommandHarness().run("list", "--collector", "https://nowhere.invalid")
        #expect(unnamed.code == 2)
        #expect(unnamed.err.contains("cannot reach the collector at https://nowhere.invalid"), "\(unnamed.err)")
        var contents = CollectorContents()
        contents.isHanging = true
        try await CollectorStandIn.serve(contents) { collector in
            var cli = collector.cli
            cli.openCollector = { access in
                var access = access
                access.answerTimeout = .milliseconds(200)
                return try CollectorSessionSource.open(access)
            }
            let result = await cli.run("list")
            #expect(result.code == 2)
            #expect(result.err.contains("does not answer in time"))
        }
    }

    @Test("TLS: only to a collector of a CA that is trusted, under its name, with the certificate that it wants")
    func certificates() async throws {
        let scratch = try ScratchDirectory()
        let certificates = try StandInCertificates()
        func file(_ name: String, _ text: String) throws -> String {
            try Data(text.utf8).write(to: URL(filePath: scratch.path + "/" + name))
            return scratch.path + "/" + name
        }
        let authority = ["--ca-file", try file("ca", certificates.authority)]
        let client = [
            "--certificate-file", try file("crt", certificates.client), "--key-file",
            try file("key", certificates.clientKey),
        ]
        var options = CollectorStandIn.Options(tls: certificates)
        try await CollectorStandIn.serve(CollectorContents(), options) { collector in
            let cli = collector.cli
            let untrusted = await cli.run("list")
            #expect(untrusted.code == 2)
            #expect(untrusted.err.contains("not issued by a CA that is trusted"), "\(untrusted.err)")
            #expect(untrusted.err.contains("--ca-file"))
            #expect(collector.seen.isEmpty)
            #expect(await cli.run(["list"] + authority).code == 0)
            let plain = collector.url.replacing("https", with: "http")
            let wrong = await cli.run("list", "--collector", plain)
            #expect(wrong.err.contains("cannot reach the collector"), "\(wrong.err)")
        }
        try await CollectorStandIn.serve { collector in
            let secure = collector.url.replacing("http", with: "https")
            let wrong = await collector.cli.run(["list", "--collector", secure] + authority)
            #expect(wrong.err.contains("speaks no TLS"), "\(wrong.err)")
        }
        options.clientCertificates = true
        options.token = nil
        try await CollectorStandIn.serve(CollectorContents(), options) { collector in
            var cli = collector.cli
            cli.environment["LASTWORD_COLLECTOR_TOKEN"] = nil
            #expect(await cli.run(["list"] + authority + client).code == 0)
            let nobody = await cli.run(["list"] + authority)
            #expect(nobody.code == 2)
            #expect(nobody.err.contains("remedy: "), "\(nobody.err)")
        }
        let elsewhere = try StandInCertificates(names: ["other.example"], hasAddress: false)
        try await CollectorStandIn.serve(CollectorContents(), .init(tls: elsewhere)) { collector in
            let named = collector.url.replacing("127.0.0.1", with: "localhost")
            let result = await collector.cli.run(
                "list", "--collector", named, "--ca-file", try file("other", elsewhere.authority))
            #expect(result.code == 2)
            #expect(result.err.contains("for another name"), "\(result.err)")
        }
    }

    @Test("--watch goes on through trouble, and shows each change once")
    func watch() async throws {
        var contents = CollectorContents()
        contents.pageLimit = 3
        var ended = Samples.running
        ended.revision = 2
        ended.state = .ended
        ended.exitCode = 3
        contents.memory.polls = [[], [Samples.running, ended], [ended]]
        try await CollectorStandIn.serve(contents) { collector in
            var cli = collector.cli
            let left = Counter(4)
            cli.pause = { _ in if left.next() < 0 { throw CancellationError() } }
            let result = await cli.run("list", "--watch", "-o", "jsonl")
            #expect(result.code == 0)
            #expect(result.err == "")
            let lines = result.out.split(separator: "\n")
            #expect(lines.count == Samples.all.count + 1)
            #expect(lines.last?.contains(#""exitCode":3"#) == true)
            #expect(collector.seen.filter { $0.path == "/v1/changes" }.last?.query["after"] == "m3")
        }
    }

    @Test("doctor says whether the collector that is named lets us read")
    func doctor() async throws {
        try await CollectorStandIn.serve { collector in
            var cli = collector.cli
            let good = await cli.run("doctor")
            #expect(good.code == 0)
            #expect(good.out.contains("answers, and lets us read"))
            cli.environment["LASTWORD_COLLECTOR_TOKEN"] = "wrong"
            let bad = await cli.run("doctor")
            #expect(bad.code == 1)
            #expect(bad.out.contains("does not accept the token"))
            #expect(bad.out.contains("token create"))
        }
        #expect(await CommandHarness().run("doctor").out == "")
    }
}
