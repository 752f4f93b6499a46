// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

/// How many entries of each ledger were acknowledged.
private final class Acknowledged: Sendable {
    private let value = Mutex<[String: Int]>([:])

    var counts: [String: Int] { value.withLock { $0 } }

    func note(_ count: Int, of ledger: String) {
        value.withLock { $0[ledger] = count }
    }
}

@Suite("The real program", .serialized)
struct ProcessTests {
    @Test("its commands work beside the running server, and the same without one")
    func commands() async throws {
        let collector = try CollectorProcess()
        try await collector.start()
        var ledger = MadeLedger()
        let id = ledger.addSession(1)
        for isRunning in [true, false] {
            if !isRunning { try await collector.stop() }
            let made = try await collector.command(
                "token", "create", "--role", "agent", "--node", "worker-0", "--name", "worker-0's agent")
            #expect(made.ending == .exited(0), "\(made.errorText)")
            let token = made.text.trimmingCharacters(in: .newlines)
            #expect(token.wholeMatch(of: /lwt_[0-9a-f]{16}_[A-Za-z0-9_-]{43}/) != nil)
            if isRunning { #expect(await collector.deliver(try ledger.body(), token: token) == 200) }
            let list = try await collector.command("token", "list")
            #expect(list.text.contains("agent node=worker-0 expires="))
            #expect(list.text.contains("name=worker-0's agent"))
            #expect(!list.text.contains(token))
            let prefix = String(id.rawValue.prefix(8))
            #expect(try await collector.command("hold", prefix, "--reason", "case 7").ending == .exited(0))
            let refused = try await collector.command("erase", prefix, "--reason", "asked")
            #expect(refused.ending == .exited(2))
            #expect(refused.errorText.contains("it is held (case 7)"))
            #expect(
                try await collector.command("release", "default/web-1/debugger-1", "--reason", "over").ending
                    == .exited(0))
            #expect(try await collector.command("erase", id.rawValue, "--reason", "asked").ending == .exited(0))
            #expect(try await collector.command("hold", "ffffffff", "--reason", "x").ending == .exited(1))
            let trail = try await collector.command("audit")
            #expect(trail.ending == .exited(0), "\(trail.errorText)")
            let lines = trail.text.split(separator: "\n").map(String.init)
            let actions = lines.prefix(4).map { String($0.split(separator: " ")[2]) }
            #expect(actions == ["token.create", "session.hold", "session.release", "session.erase"], "\(trail.text)")
            let asked = try await collector.command("audit", "--session", prefix, "-o", "jsonl")
            let objects = try asked.text.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            try #require(objects.count >= 3)
            #expect(objects[2]["action"] as? String == "session.erase" && objects[2]["reason"] as? String == "asked")
            #expect(objects.allSatisfy { $0["session"] as? String == id.rawValue })
            #expect(objects.allSatisfy { ($0["actor"] as? String)?.hasSuffix(" on the collector") == true })
            let last = try await collector.command("audit", "--limit", "1")
            #expect(last.text == (lines.last ?? "") + "\n")
            let first = try await collector.command("audit", "--before", "2")
            #expect(first.text == lines[0] + "\n" && lines[0].hasPrefix("1 "))
            let none = try await collector.command("audit", "--session", "00000000-0000-5000-8000-000000000000")
            #expect(none.ending == .exited(1) && none.text.isEmpty)
            #expect(try await collector.command("audit", "--limit", "0").ending != .exited(0))
            let verified = try await collector.command("verify")
            #expect(verified.ending == .exited(0))
            #expect(verified.text.contains("ledger ledger-1 of worker-0: 2 entries up to 2: whole"))
            let backup = collector.scratch.file("backup-\(isRunning)")
            #expect(try await collector.command("backup", backup).ending == .exited(0))
            #expect(try await collector.command("backup", backup).ending == .exited(2))
            let restored = try await collector.command("restore", backup)
            #expect(restored.ending == .exited(isRunning ? 2 : 0), "\(restored.errorText)")
            let secret = String(token.dropFirst(4).prefix(16))
            #expect(try await collector.command("token", "revoke", secret).ending == .exited(isRunning ? 0 : 0))
            if isRunning { #expect(await collector.deliver(try ledger.body(), token: token) == 401) }
        }
    }

    @Test("the control socket is the owner's alone")
    func controlSocket() async throws {
        let collector = try CollectorProcess()
        try await collector.start()
        let attributes = try FileManager.default.attributesOfItem(atPath: collector.store + "/control")
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        #expect(try await collector.stop() == .exited(0))
        // What a killed server leaves behind stands in nobody's way.
        try await collector.start()
        try await collector.kill()
        #expect(try await collector.command("token", "list").ending == .exited(0))
        try await collector.start()
        try await collector.stop()
    }

    @Test("it refuses to listen beyond loopback without TLS, with exit code 2 and what to do")
    func refusal() async throws {
        let collector = try CollectorProcess()
        let program = try BuildProducts.path("lastword-collector")
        for verb in ["serve", "check"] {
            let result = try await ChildProcess.run(
                [program, verb, "--server-listen", "0.0.0.0:0", "--store-directory", collector.store],
                environment: CollectorProcess.environment)
            #expect(result.ending == .exited(2))
            #expect(result.errorText.contains("there is no TLS") && result.errorText.contains("remedy: set tls."))
        }
        #expect(!FileManager.default.fileExists(atPath: collector.store))
    }

    @Test("check says what is in order, and what is not with exit code 1")
    func check() async throws {
        let collector = try CollectorProcess()
        let good = try await collector.command("check", "--server-listen", "127.0.0.1:0")
        #expect(good.ending == .exited(0), "\(good.text)")
        #expect(good.text.contains("ok    store: \(collector.store)"))
        let bad = try await collector.command(
            "check", "--server-listen", "127.0.0.1:0", "--tls-certificate-file", "/nonexistent", "--tls-key-file",
            "/nonexistent")
        #expect(bad.ending == .exited(1))
        #expect(bad.text.contains("FAIL  tls: cannot read the certificate in /nonexistent"))
        #expect(!FileManager.default.fileExists(atPath: collector.store))
    }

    @Test("a second collector on the same store ends with a clear error")
    func second() async throws {
        let collector = try CollectorProcess()
        try await collector.start()
        let program = try BuildProducts.path("lastword-collector")
        let second = try await ChildProcess.run(
            [
                program, "--server-listen", "127.0.0.1:0", "--http-listen", "off", "--store-directory", collector.store,
                "--store-lock-timeout", "100ms",
            ], environment: CollectorProcess.environment)
        #expect(second.ending == .exited(2))
        #expect(second.errorText.contains("error: "))
        try await collector.stop()
    }

    @Test("killed again and again amid deliveries, it loses nothing that it acknowledged, and keeps chains whole")
    func kills() async throws {
        let collector = try CollectorProcess()
        try await collector.start()
        let nodes = (0..<4).map { "worker-\($0)" }
        let ledgers = nodes.map { node in
            var ledger = MadeLedger("ledger-\(node)", node: node)
            for seed in 0..<200 { ledger.addSession(seed, output: "output of \(seed)\n") }
            return ledger
        }
        let made = try await collector.command("token", "create", "--role", "agent")
        let token = made.text.trimmingCharacters(in: .newlines)
        let acknowledged = Acknowledged()
        let deadline = ContinuousClock.now + .seconds(120)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for ledger in ledgers {
                group.addTask {
                    var next = 0
                    while next < ledger.entries.count {
                        guard ContinuousClock.now < deadline else {
                            throw RigError.failed("a ledger is stuck at \(next)")
                        }
                        let end = min(next + 5, ledger.entries.count)
                        switch await collector.deliver(try ledger.body(next..<end), token: token) {
                        case 200?:
                            next = end
                            acknowledged.note(end, of: ledger.id)
                        case 429?, 503?, nil: try await Task.sleep(for: .milliseconds(20))
                        case let status?: throw RigError.failed("a delivery was answered with \(status)")
                        }
                    }
                }
            }
            for round in 1...5 {
                let goal = round * ledgers.count * 201 / 7
                try await waitUntil(limit: .seconds(60), "more was acknowledged") {
                    acknowledged.counts.values.reduce(0, +) >= goal
                }
                let before = acknowledged.counts
                try await collector.kill()
                try await collector.start()
                let reader = try await collector.command("token", "create", "--role", "reader").text
                    .trimmingCharacters(in: .newlines)
                for (id, count) in before {
                    let answer = try await collector.get("/v1/ledgers/\(id)", token: reader)
                    let head = (answer.json["head"] as? [String: Any])?["number"] as? Int ?? 0
                    #expect(head >= count, "\(id) had acknowledged \(count)")
                    #expect((answer.json["holes"] as? [Any])?.isEmpty == true)
                }
            }
            try await group.waitForAll()
        }
        let verified = try await collector.command("verify")
        #expect(verified.ending == .exited(0), "\(verified.text)")
        for ledger in ledgers {
            #expect(verified.text.contains("ledger \(ledger.id) of \(ledger.node): 201 entries up to 201: whole"))
        }
        try await collector.stop()
    }
}
