// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Foundation
import SessionRecords
import SessionTracking
import Synchronization
import SystemJournal
import Testing

@testable import Commands

@Suite("The commands on a real store")
struct StoreSourceTests {
    private func harness() -> CommandHarness {
        var cli = CommandHarness()
        cli.openStore = { try StoreSessionSource.open($0) }
        return cli
    }

    @Test("tell everything, while the agent runs and after it", arguments: [false, true])
    func everything(dead: Bool) async throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        if dead { try scratch.close() }
        let cli = harness()
        let store = ["--store", scratch.directory]
        let list = await cli.run(["list"] + store)
        #expect(list.code == 0)
        #expect(list.err == "")
        // The session of which nothing is known but an id is told of, so it is in the list too.
        #expect(list.out.split(separator: "\n").count == 1 + Samples.all.count)
        #expect(list.out.split(separator: "\n")[1].hasPrefix("-"))
        let show = await cli.run(["show", "default/debug-target/debugger-x7k2p"] + store)
        #expect(show.out.contains("42 (by containerd-event)"))
        let logs = await cli.run(["logs", String(Samples.demo.id.rawValue.prefix(8))] + store)
        #expect(logs.out == "finding: connection pool exhausted\n")
        #expect(logs.code == 0)
        let gaps = await cli.run(["gaps", "--no-headers"] + store)
        #expect(gaps.out.split(separator: "\n").map { $0.prefix(4) } == ["pods", "runt"])
        let verify = await cli.run(["verify"] + store)
        #expect(verify.code == 0, "\(verify.out)")
        let status = await cli.run(["status"] + store)
        #expect(status.code == 0)
        #expect(status.out.contains(dead ? "Running:       no" : "Running:       yes (PID \(getpid()))"))
        #expect(status.out.contains("1 running, 4 ended, 1 never-started") || status.out.contains("1 unknown"))
        #expect(status.out.contains("ledger-debug"))
        #expect(!status.out.contains("node-debugger-worker-1-9xq2c"))
    }

    @Test("JSON from the store is the session's own, in its own order")
    func json() async throws {
        let scratch = try ScratchStore()
        try scratch.commit(Samples.copy, .sessionEnded)
        let result = await harness().run("show", Samples.copy.id.rawValue, "-o", "json", "--store", scratch.directory)
        #expect(result.out == JSONText.pretty(Samples.copy.json))
    }

    @Test("pages follow one another without a hole or a repetition")
    func pages() async throws {
        let scratch = try ScratchStore()
        var commits: [Commit] = []
        for number in 0..<1203 {
            var session = Session(
                id: SessionID(container: try #require(ContainerID("c\(number)"))), node: "worker-0")
            session.classification = .confirmed
            session.revision = 1
            session.state = .ended
            session.pod = "pod-\(number % 7)"
            session.startedAt = Samples.time("2026-11-21T00:00:00Z").advanced(byNanoseconds: Int64(number / 3))
            commits.append(
                .session(SessionCommit(session: session, facts: nil, entry: .sessionEnded, output: nil)))
        }
        _ = try scratch.store?.commit(commits)
        let all = await harness().run("list", "-o", "name", "--store", scratch.directory)
        let names = all.out.split(separator: "\n")
        #expect(names.count == 1203)
        #expect(Set(names).count == 1203)
        let some = await harness().run("list", "-o", "name", "--pod", "pod-3", "--store", scratch.directory)
        #expect(some.out.split(separator: "\n").count == (0..<1203).count { $0 % 7 == 3 })
        let exported = await harness().run("export", "--content", "sessions", "--store", scratch.directory)
        #expect(exported.out.split(separator: "\n").count == 1203)
    }

    @Test("an export holds what the chain can be computed from, and a head that verify knows again")
    func export() async throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        let cli = harness()
        let lines = await cli.run("export", "--store", scratch.directory).out.split(separator: "\n")
        var previous = Digest.zero
        var head = ""
        for (index, line) in lines.enumerated() {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let number = try #require(object["number"] as? Int64)
            let entry = try #require(object["entry"] as? String)
            #expect(number == index + 1)
            previous = LedgerChain.hash(previous: previous, number: number, bytes: Array(entry.utf8))
            #expect(object["hash"] as? String == previous.description)
            head = "\(number):\(previous)"
        }
        #expect(lines.count > Samples.all.count)
        let store = ["--store", scratch.directory]
        let verified = await cli.run(["verify", "--head", head] + store)
        #expect(verified.code == 0)
        #expect(verified.out.contains("agrees"))
        let forged = await cli.run(["verify", "--head", "\(lines.count):" + Digest.zero.description] + store)
        #expect(forged.code == 1)
        #expect(forged.out.contains("DIFFERS"))
        let cut = await cli.run(["verify", "--head", "\(lines.count + 1):" + Digest.zero.description] + store)
        #expect(cut.code == 1)
        #expect(cut.out.contains("MISSING"))
        let after = await cli.run(["export", "--after", "\(lines.count - 1)"] + store)
        #expect(after.out.split(separator: "\n").count == 1)
    }

    @Test(
        "heads in the journal: many that agree are one line, one behind the end is a cut tail, and it says which it had"
    )
    func journalHeads() async throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        var cli = harness()
        let lines = await cli.run("export", "--store", scratch.directory).out.split(separator: "\n")
        let heads = try lines.map { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            return try NotedHead("\(object["number"] as? Int64 ?? 0):\(object["hash"] as? String ?? "")")
        }
        cli.journalHeads = { place, ledger in
            #expect(ledger.utf8.count == 36)
            return KeptHeads(heads: heads, note: "\(heads.count) heads of this ledger at \(place)")
        }
        let store = ["--store", scratch.directory]
        let whole = await cli.run(["verify", "--journal-directory", "/logs"] + store)
        #expect(whole.code == 0)
        #expect(whole.out.contains("(journal, the newest of \(heads.count)): agrees"))
        #expect(whole.out.contains("heads of this ledger at /logs"))
        let last = try #require(heads.last)
        cli.journalHeads = { _, _ in
            KeptHeads(heads: heads + [NotedHead(number: last.number + 3, hash: last.hash)], note: "more")
        }
        let cut = await cli.run(["verify"] + store)
        #expect(cut.code == 1)
        #expect(cut.out.contains("its tail was cut"))
        let unasked = await cli.run(["verify", "--no-journal"] + store)
        #expect(unasked.code == 0)
        #expect(unasked.out.contains("nothing: no head kept elsewhere"))
        let empty = scratch.directory
        cli.journalHeads = { _, ledger in JournalHeads.read(.directory(empty), ledger: ledger) }
        let none = await cli.run(["verify"] + store)
        #expect(none.code == 0)
        #expect(none.out.contains("not compared, there is no journal"))
    }

    @Test("an ambiguous id prefix lists its sessions, one a line")
    func ambiguous() async throws {
        let scratch = try ScratchStore()
        var twin = Samples.demo
        twin.id = try #require(SessionID(Samples.demo.id.rawValue.prefix(35) + "f"))
        if twin.id == Samples.demo.id { twin.id = try #require(SessionID(Samples.demo.id.rawValue.prefix(35) + "e")) }
        twin.pod = "evil\u{1B}[2J"
        twin.output = nil
        var demo = Samples.demo
        demo.output = nil
        try scratch.commit(demo, .sessionEnded)
        try scratch.commit(twin, .sessionEnded)
        let result = await harness().run(
            "show", String(Samples.demo.id.rawValue.prefix(10)), "--store", scratch.directory)
        #expect(result.code == 2)
        #expect(result.err.split(separator: "\n").count == 4)
        #expect(result.err.contains(twin.id.rawValue))
        #expect(!result.err.contains("\u{1B}"))
    }

    @Test("watching shows what the agent commits in between")
    func watch() async throws {
        let scratch = try ScratchStore()
        try scratch.commit(Samples.running, .sessionStarted)
        let polls = Counter(2)
        let directory = scratch.directory
        let store = try #require(scratch.store)
        var cli = harness()
        cli.pause = { _ in
            if polls.next() < 0 { throw CancellationError() }
            var ended = Samples.running
            ended.revision = 2
            ended.state = .ended
            ended.exitCode = 3
            _ = try store.commit([
                .session(.init(session: ended, facts: nil, entry: .sessionEnded, output: nil))
            ])
        }
        let result = await cli.run("list", "--watch", "--no-headers", "--store", directory)
        #expect(result.code == 0)
        let lines = result.out.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.last?.contains("ended") == true)
    }

    @Test("a debug pod counts as left behind until something of it runs or its deletion was seen")
    func leftBehind() {
        func pods(_ sessions: [Session]) -> [SessionID] {
            var pods = DebugPods()
            for session in sessions { pods.add(session) }
            return pods.leftBehind.map(\.id)
        }
        var running = Samples.copy
        running.id = Samples.running.id
        running.state = .running
        var deleted = Samples.copy
        deleted.podFate = PodFate()
        deleted.podFate?.deletedAt = Samples.time(Samples.finished)
        var caused = Samples.copy
        caused.cause = .podDeleted
        #expect(pods([Samples.copy]) == [Samples.copy.id])
        #expect(pods([running, Samples.copy]) == [])
        #expect(pods([deleted]) == [])
        #expect(pods([caused]) == [])
        #expect(pods([Samples.demo]) == [])
        var node = Samples.running
        node.state = .ended
        #expect(pods([Samples.copy, node]) == [Samples.copy.id, node.id])
    }

    @Test("a store that is not there is one clear error")
    func missing() async {
        let result = await harness().run("list", "--store", "/nonexistent/lastword")
        #expect(result.code == 2)
        #expect(result.out == "")
        #expect(result.err.hasPrefix("error: "))
        #expect(result.err.contains("/nonexistent/lastword"))
        #expect(result.err.contains("\n  remedy: "))
        #expect(result.err.split(separator: "\n").count == 2)
    }

    @Test("doctor's checks on store, agent, log, socket and pins")
    func doctor() async throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        func outcomes(_ target: DoctorTarget) async -> [String: DoctorCheck.Outcome] {
            var outcomes: [String: DoctorCheck.Outcome] = [:]
            let checks =
                StoreChecks.all(target.storePath)
                + [NodeChecks.runtimeSocket(target.runtimeSocket ?? ""), NodeChecks.podLogs(target.podLogs ?? "")]
            for check in checks { outcomes[check.name] = await check.ask().outcome }
            return outcomes
        }
        var target = DoctorTarget(
            storePath: scratch.directory, runtimeSocket: scratch.directory + "/lastword.db", podLogs: scratch.directory)
        #expect(
            await outcomes(target) == [
                "store": .warning, "agent": .ok, "write-ahead log": .ok, "runtime socket": .failed, "log pins": .ok,
            ])
        try scratch.close()
        target.podLogs = "/nonexistent/pods"
        target.runtimeSocket = "/nonexistent/socket"
        #expect(
            await outcomes(target) == [
                "store": .warning, "agent": .failed, "write-ahead log": .ok, "runtime socket": .failed,
                "log pins": .failed,
            ])
        target.storePath = "/nonexistent"
        target.podLogs = "/proc"
        let none = await outcomes(target)
        #expect(none["store"] == .failed)
        #expect(none["agent"] == .failed)
        #expect(none["log pins"] == .warning)
    }
}
