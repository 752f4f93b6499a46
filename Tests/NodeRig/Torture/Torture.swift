// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentStore
import ArgumentParser
import Glibc
import SessionRecords
import SessionTracking
import TestSupport

/// Rounds of start, print, exit, delete on a real containerd while the agent and containerd are killed at random; then the
/// agent's store is compared with what the driver knows to be true.
struct Torture: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Kills agent and containerd at random under debug sessions, and compares what was recorded with the truth.",
        discussion: """
            The environment variables ROUNDS, SECONDS_MAX, SEED and JOURNAL=1 stand for the options. Ends with 1 if a
            session was lost, told twice or told wrongly, if the ledger does not verify, or if the driver could not do its
            own part.
            """)

    @Option(help: "Rounds at most, each of two to four sessions in one pod.")
    var rounds = Environment.number("ROUNDS") ?? 1000

    @Option(help: "Seconds after which no round begins any more.")
    var seconds = Environment.number("SECONDS_MAX") ?? 7200

    @Option(help: "Of the plan; what the machine makes of it differs from run to run.")
    var seed = Environment.number("SEED") ?? Int(UInt32.random(in: 0 ... .max))

    @Option(help: "Rounds that are played at once.")
    var lanes = 3

    @Option(help: "How much of an output the agent keeps, in KiB.")
    var tail = 16

    @Flag(
        inversion: .prefixedNo, help: "With a journald of its own: containerd logs into it, the agent reads it.")
    var journal = Environment.number("JOURNAL") == 1

    @Option(help: "Where to keep the agent's store and log; nothing is kept if it is not given.")
    var keep: String?

    mutating func run() async throws {
        TerminationSignal.catchSignals()
        let scratch = try ScratchDirectory()
        print(
            "torture: seed \(seed), at most \(rounds) rounds, \(seconds) s, \(journal ? "with" : "without") a journal, in"
                + " \(scratch.path)")
        let node = try await RigNode.start(directory: try scratch.directory("node"), withJournal: journal)
        let result: Swift.Result<Bool, any Error>
        do {
            result = .success(try await play(on: node, scratch: scratch))
        } catch {
            result = .failure(error)
        }
        try await node.teardown()
        guard node.leftovers().isEmpty else {
            throw RigError.failed("left behind: \(node.leftovers().joined(separator: ", "))")
        }
        guard try result.get() else { throw ExitCode(1) }
    }

    private func play(on node: RigNode, scratch: ScratchDirectory) async throws -> Bool {
        let server = try APIServerStandIn()
        try await server.start()
        var options = AgentProcess.Options(
            server: PodServer(url: server.url, tokenPath: server.tokenPath, caPath: server.caPath))
        options.journal = node.journal
        options.flags = ["--output-tail-bytes", "\(tail)KiB", "--store-max-bytes", "64GiB"]
        let directory = try keep ?? scratch.directory("agent")
        try Files.makeDirectories(directory)
        let agent = try AgentProcess(paths: node.paths, directory: directory, options: options)
        let truth = TruthLedger()
        do {
            try await agent.start()
            try await torment(node, server, agent, truth)
            let isGood = try await judge(agent, truth)
            try await agent.stop()
            await server.close()
            return isGood
        } catch {
            try await agent.kill()
            await server.close()
            throw RigError.failed("\(error)\nthe agent's last words:\n\(agent.logTail)")
        }
    }

    // MARK: Playing

    private func torment(
        _ node: RigNode, _ server: APIServerStandIn, _ agent: AgentProcess, _ truth: TruthLedger
    ) async throws {
        let gate = CallGate()
        let driver = SessionDriver(node: node, server: server, gate: gate, truth: truth, tailLimit: tail * 1024)
        let injector = FaultInjector(node: node, agent: agent, gate: gate, truth: truth)
        let numbers = Numbers()
        let ending = RunEnding(deadline: ContinuousClock.now + .seconds(seconds))
        let (seed, rounds) = (UInt64(bitPattern: Int64(seed)), rounds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await injector.run(seed: seed &+ 1) { ending.isOver } }
            group.addTask { await report(truth, ending) }
            try await withThrowingTaskGroup(of: Void.self) { players in
                for lane in 0..<max(1, lanes) {
                    players.addTask {
                        var random = SeededGenerator(seed: seed &+ 1000 &+ UInt64(lane))
                        while !ending.isOver, let round = numbers.take(below: rounds) {
                            do {
                                try await driver.play(round: round, using: &random)
                            } catch {
                                truth.trouble("round \(round): \(error)")
                            }
                        }
                    }
                }
                try await players.waitForAll()
            }
            ending.end()
            try await group.waitForAll()
        }
        try await injector.awaitReady()
    }

    /// One line a while.
    private func report(_ truth: TruthLedger, _ ending: RunEnding) async {
        let began = ContinuousClock.now
        var next = began + .seconds(30)
        while !ending.isOver {
            do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
            guard ContinuousClock.now >= next else { continue }
            next += .seconds(30)
            print(
                "torture: \((ContinuousClock.now - began).components.seconds) s: \(truth.rounds) rounds,"
                    + " \(truth.count) sessions, \(truth.outages.count) faults, \(truth.troubles.count) troubles")
            fflush(nil)
        }
    }

    // MARK: Judging

    private func judge(_ agent: AgentProcess, _ truth: TruthLedger) async throws -> Bool {
        let truths = truth.sessions
        var collector = try RecordCollector(store: agent.store)
        do {
            try await waitUntil(limit: .seconds(240), every: .milliseconds(500), "all is told") {
                try collector.isSettled(truths)
            }
        } catch let error as LastwordError where error.code == "rig.timeout" {
            print("torture: \(error.message); the findings below say which")
        }
        try collector.collect(truths)
        let gaps = try collector.reader.gaps(limit: 1_000_000)
        let verified = try await agent.lastword("verify")

        let judge = TortureJudge(gaps: gaps, outages: truth.outages)
        let result = judge.judge(truths, collector.records)
        for finding in result.findings where finding.verdict != .unknown { print(finding) }
        for finding in result.findings where finding.verdict == .unknown {
            print("unknown: \(finding.what): \(finding.truth.summary)")
        }
        let strange = collector.strangeRows + collector.bystanders.filter { !judge.isBystander($0) }
        for row in strange {
            print("doubled: a row of no session, or the second of one\n  record: \(row.json.compact)")
        }
        for trouble in truth.troubles { print("driver: \(trouble)") }
        for (what, count) in Dictionary(grouping: truth.outages, by: \.what).mapValues(\.count).sorted(by: {
            $0.key < $1.key
        }) {
            print("torture: \(count) × \(what)")
        }
        print(
            "torture: \(gaps.count) gaps told, \(truth.untoldEnds) ends that containerd lost,"
                + " \(truth.refusedStarts) starts that it refused,"
                + " \(collector.bystanders.count) rows of the pods' own containers,"
                + " \(truth.troubles.count) troubles of the driver's")
        print(verified.text + verified.errorText, terminator: "")
        let doubled = result.count(.doubled) + strange.count
        let openGaps = gaps.filter { $0.closedAt == nil }
        if !openGaps.isEmpty { print("wrong: gaps are still open: \(openGaps)") }
        print(
            "rounds=\(truth.rounds) sessions=\(truths.count) lost=\(result.count(.lost)) doubled=\(doubled)"
                + " wrong=\(result.count(.wrong)) unknown=\(result.count(.unknown)) full_tail=\(result.fullTails)")
        return result.count(.lost) == 0 && doubled == 0 && result.count(.wrong) == 0 && verified.succeeded
            && truth.troubles.isEmpty && openGaps.isEmpty
    }
}
