// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import Glibc
import SessionRecords
import TestSupport
import Testing

/// What makes a start impossible: one clear error, what to do about it, exit code 2 (`house-style.md`, errors).
@Suite("Faults: starts that must be refused", .timeLimit(.minutes(10)))
struct RefusedStartTests {
    /// Directories and flags of an agent without a runtime.
    private struct Ground {
        let scratch: ScratchDirectory
        var flags: [(String, String)]

        init() throws {
            scratch = try ScratchDirectory()
            let podLogs = try scratch.directory("log/pods")
            flags = [
                ("--node-name", "node-1"), ("--runtime-socket", scratch.file("no.sock")),
                ("--store-directory", scratch.file("store")), ("--logs-pod-logs-directory", podLogs),
                ("--http-listen", "off"), ("--pods-source", "none"), ("--store-lock-timeout", "300ms"),
            ]
        }

        func arguments(_ changed: [(String, String)]) -> [String] {
            let names = Set(changed.map(\.0))
            return (flags.filter { !names.contains($0.0) } + changed).flatMap { [$0.0, $0.1] }
        }

        /// Runs an agent that must refuse to start, and gives the one error that it printed.
        func refusal(_ changed: [(String, String)], sourceLocation: SourceLocation = #_sourceLocation) async throws
            -> String
        {
            let result = try await AgentProcess.run(arguments(changed))
            #expect(result.ending == .exited(2), "\(result.errorText)", sourceLocation: sourceLocation)
            #expect(result.standardOutput == [], sourceLocation: sourceLocation)
            let lines = result.errorText.split(separator: "\n").filter { $0.hasPrefix("error: ") }
            #expect(lines.count == 1, "\(result.errorText)", sourceLocation: sourceLocation)
            return result.errorText
        }
    }

    @Test("N out of its range", arguments: ["0", "1000B", "5MiB", "-1", "many", "9999999999999999999GiB"])
    func tailBytes(_ value: String) async throws {
        let text = try await Ground().refusal([("--output-tail-bytes", value)])
        #expect(text.contains("output.tailBytes") || text.contains("--output-tail-bytes"))
        #expect(text.contains("from 1KiB to 4MiB") || text.contains("expected an amount of bytes"), "\(text)")
    }

    @Test("a file that is no YAML, a key that nobody knows, a value of the wrong type: each with its place")
    func configurationFile() async throws {
        let ground = try Ground()
        for (name, yaml, wanted) in [
            ("malformed.yaml", "output: {tailBytes: 1KiB\nstore: [", "malformed.yaml:"),
            ("unknown.yaml", "output:\n  tailBites: 1KiB\n", "unknown.yaml:2:3: unknown key \"output.tailBites\""),
            ("type.yaml", "output:\n  capture: maybe\n", "expected true or false"),
        ] {
            let text = try await ground.refusal([("--config", try ground.scratch.write(yaml, to: name))])
            #expect(text.contains(wanted), "\(text)")
        }
        let unknown = try await ground.refusal([("--config", ground.scratch.file("unknown.yaml"))])
        #expect(unknown.contains("remedy: ") && unknown.contains("output.tailBytes"), "\(unknown)")
        let missing = try await ground.refusal([("--config", ground.scratch.file("none.yaml"))])
        #expect(missing.contains(ground.scratch.file("none.yaml")))
        // Nothing was made by an agent that did not start.
        #expect(!Files.exists(ground.scratch.file("store")))
    }

    @Test("a pin directory inside the pod logs, also by another name: refused, and nothing made there")
    func pinsInside() async throws {
        let ground = try Ground()
        let podLogs = ground.scratch.file("log/pods")
        #expect(symlink(podLogs, ground.scratch.file("alias")) == 0)
        for path in [podLogs + "/pins", podLogs, ground.scratch.file("alias/deeper/pins")] {
            let text = try await ground.refusal([("--logs-pin-directory", path)])
            #expect(text.contains(" inside ") && text.contains("remedy: "), "\(text)")
        }
        #expect(Files.names(in: podLogs) == [])
    }

    @Test("a pin directory or a store that cannot be written, no pod logs: the path and the remedy")
    func unwritable() async throws {
        let ground = try Ground()
        let file = try ground.scratch.write("a file", to: "file")
        let pins = try await ground.refusal([("--logs-pin-directory", file + "/pins")])
        #expect(pins.contains(file + "/pins") && pins.contains("remedy: "), "\(pins)")
        let store = try await ground.refusal([("--store-directory", file)])
        #expect(store.contains(file) && store.contains("remedy: "), "\(store)")
        let logs = try await ground.refusal([("--logs-pod-logs-directory", ground.scratch.file("nothing"))])
        #expect(logs.contains(ground.scratch.file("nothing")) && logs.contains("remedy: "), "\(logs)")

        try await MemoryMount.with { mount in
            for name in ["store", "pins"] { try Files.makeDirectories(mount.path + "/" + name) }
            try await mount.remount(readOnly: true)
            let store = try await ground.refusal([("--store-directory", mount.path + "/store")])
            #expect(store.contains("Read-only file system") && store.contains("remedy: "), "\(store)")
            let pins = try await ground.refusal([("--logs-pin-directory", mount.path + "/pins/here")])
            #expect(pins.contains("Read-only file system") && pins.contains("remedy: "), "\(pins)")
        }
    }

    @Test("a store of a later version, or of another program, is left as it is")
    func foreignStores() async throws {
        let ground = try Ground()
        for (name, sql, wanted) in [
            ("newer", "PRAGMA user_version = 99", "later version"),
            ("foreign", "CREATE TABLE shopping (list)", "another program"),
        ] {
            let path = try ground.scratch.directory(name) + "/lastword.db"
            // A real one, as a later agent would leave it.
            if name == "newer" { try await Self.makeStore(ground, name) }
            try Self.execute(sql, path)
            let before = try Files.read(path)
            let text = try await ground.refusal([("--store-directory", ground.scratch.file(name))])
            #expect(text.contains(wanted) && text.contains("remedy: "), "\(text)")
            #expect(try Files.read(path) == before)
            #expect(Files.names(in: ground.scratch.file(name)).allSatisfy { !$0.contains("corrupt") })
        }
    }

    private static func makeStore(_ ground: Ground, _ name: String) async throws {
        let port = try HTTPProbe.freePort()
        let agent = try ChildProcess.start(
            [try BuildProducts.path("lastword-agent")]
                + ground.arguments([
                    ("--store-directory", ground.scratch.file(name)), ("--http-listen", "127.0.0.1:\(port)"),
                ]))
        try await waitUntil("the agent is up") { HTTPProbe.get(port: port, path: "/healthz") != nil }
        #expect(try await agent.terminate(limit: .seconds(30)) == .exited(0))
    }

    private static func execute(_ sql: String, _ path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: sql)
            // All of it into the file itself, so that the file can be compared.
            _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try queue.close()
    }

    @Test("a second agent on the same store waits for its time, then names the first; on the same pins likewise")
    func secondAgent() async throws {
        let ground = try Ground()
        let port = try HTTPProbe.freePort()
        let first = try ChildProcess.start(
            [try BuildProducts.path("lastword-agent")] + ground.arguments([("--http-listen", "127.0.0.1:\(port)")]))
        try await waitUntil("the first one is up") { HTTPProbe.get(port: port, path: "/healthz") != nil }
        let began = ContinuousClock.now
        let store = try await ground.refusal([("--store-lock-timeout", "1s")])
        #expect(ContinuousClock.now - began >= .seconds(1))
        #expect(store.contains("process \(first.pid) holds it") && store.contains("remedy: "), "\(store)")
        let pins = try await ground.refusal([("--store-directory", ground.scratch.file("other"))])
        #expect(pins.contains("in use by another lastword-agent") && pins.contains("remedy: "), "\(pins)")
        #expect(first.isRunning)
        #expect(try await first.terminate(limit: .seconds(30)) == .exited(0))
    }

    @Test("an address that is taken")
    func addressTaken() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        try #require(bound)
        let place = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let text = try await Ground().refusal([("--http-listen", place)])
        #expect(text.contains(place) && text.contains("remedy: "), "\(text)")
    }

    @Test("check tries everything, names each failure with its remedy, and ends with 1")
    func check() async throws {
        let ground = try Ground()
        let file = try ground.scratch.write("a file", to: "file")
        let result = try await AgentProcess.run(
            ["check", "--format", "jsonl"]
                + ground.arguments([
                    ("--store-directory", file), ("--logs-pin-directory", file + "/pins"), ("--pods-source", "api"),
                    ("--pods-server", "https://127.0.0.1:1"), ("--pods-token-file", ground.scratch.file("no-token")),
                    ("--journal-source", "on"), ("--journal-directory", ground.scratch.file("no-journal")),
                    ("--forward-endpoint", "https://127.0.0.1:1"),
                ]))
        #expect(result.ending == .exited(1), "\(result.errorText)")
        struct Line: Decodable {
            let check: String
            let ok: Bool
            let code: String?
            let message: String
            let remedy: String?
        }
        let lines = try result.text.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        let needed = ["store", "log pins", "runtime", "pod source", "journal", "delivery"]
        #expect(lines.map(\.check) == needed + ["tokens", "clock", "selinux"])
        for line in lines.prefix(needed.count) {
            #expect(!line.ok && line.code != nil && line.remedy != nil, "\(line)")
        }
        #expect(lines[2].message.contains(ground.scratch.file("no.sock")))
        let wrong = try await AgentProcess.run(["check"] + ground.arguments([("--output-tail-bytes", "0")]))
        #expect(wrong.ending == .exited(2))
    }

    @Test("check on a node in order ends with 0, beside a running agent too")
    func checkInOrder() async throws {
        try await FaultNode.run { node in
            let result = try await AgentProcess.run(["check"] + node.agent.arguments)
            #expect(result.ending == .exited(0), "\(result.text)")
            let lines = result.text.split(separator: "\n")
            let checks = lines.filter { !$0.hasPrefix("  ") }
            #expect(checks.count == 9, "\(result.text)")
            // Whether this machine's clock is kept right is its own affair.
            #expect(checks.allSatisfy { $0.hasPrefix("ok ") || $0.hasPrefix("warn  clock: ") }, "\(result.text)")
            #expect(node.agent.process?.isRunning == true)
        }
    }
}
