// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import Testing

@testable import node_rig

/// What `make torture` calls lost, doubled, wrong and unknown.
@Suite("Torture: the judge")
struct TortureJudgeTests {
    private static let output = Array("finding\n".utf8)
    private static let id = ContainerID(String(repeating: "ab", count: 32))

    private static func at(_ milliseconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: 1_795_228_800_000_000_000 + milliseconds * 1_000_000)
    }

    private func truth() throws -> SessionTruth {
        var truth = SessionTruth(
            round: 1, container: try #require(Self.id), podUID: "11111111-1111-4111-8111-111111111111",
            namespace: "default", pod: "torture-1", name: "debugger-1-0", target: "nginx", image: "busybox",
            exitCode: 42, neverStarted: false, createdFrom: Self.at(0), startedBy: Self.at(300))
        truth.runtimeStart = Self.at(250)
        truth.runtimeFinish = Self.at(1000)
        truth.lastAlive = Self.at(998)
        truth.goneBy = Self.at(1001)
        truth.removedFrom = Self.at(1500)
        truth.removedBy = Self.at(1800)
        truth.logged = LoggedOutput(
            log: Array("2026-01-01T00:00:00.000000000Z stdout F finding\n".utf8), tailLimit: 1024)
        return truth
    }

    private func record(of truth: SessionTruth) -> RecordedSession {
        var session = Session(id: SessionID(container: truth.container), node: "node-1")
        session.containerID = truth.container
        session.state = .ended
        session.ending = .observed
        session.exitCode = 42
        session.mode = .ephemeral
        session.classification = .confirmed
        session.namespace = truth.namespace
        session.pod = truth.pod
        session.podUID = PodUID(truth.podUID)
        session.container = truth.name
        session.targetContainer = truth.target
        session.image = truth.image
        session.startedAt = Self.at(240)
        session.finishedAt = Self.at(1000)
        session.sources = ["startedAt": .containerdEvent, "finishedAt": .containerdEvent]
        session.output = OutputSummary(
            bytes: Self.output.count, truncated: false, lossy: false, streams: ["stdout"],
            sha256: Digest(of: Self.output), framesSHA256: .zero, pinnedBy: .hardlink)
        return RecordedSession(session: session, output: Self.output, started: 1, ended: 1, toldCodes: [42])
    }

    private func gap(_ from: Int64, _ to: Int64) -> Gap {
        var gap = Gap(source: "agent", openedAt: Self.at(from), reason: "agent ended without a stop")
        gap.closedAt = Self.at(to)
        return gap
    }

    private func judge(
        of given: SessionTruth? = nil, gaps: [Gap] = [], outages: [Outage] = [],
        _ spoil: (inout RecordedSession?) -> Void = { _ in }
    ) throws -> TortureJudge.Result {
        let truth = try given ?? truth()
        var record: RecordedSession? = record(of: truth)
        spoil(&record)
        let judge = TortureJudge(gaps: gaps, outages: outages)
        return judge.judge([truth], record.map { [truth.container: $0] } ?? [:])
    }

    private let outage = Outage(part: .agent, what: "agent SIGKILL", from: at(500), to: at(1200))

    @Test("a record that says what is true is nothing to talk about, and its tail is full")
    func right() throws {
        let result = try judge()
        #expect(result.findings.isEmpty, "\(result.findings)")
        #expect(result.fullTails == 1)
    }

    @Test("no record is lost, unless a gap that is told covers the whole life, or gaps that touch")
    func lost() throws {
        #expect(try judge { $0 = nil }.count(.lost) == 1)
        #expect(try judge(gaps: [gap(300, 1600)]) { $0 = nil }.count(.lost) == 1)
        #expect(try judge(gaps: [gap(200, 1400)]) { $0 = nil }.count(.lost) == 1)
        #expect(try judge(gaps: [gap(200, 900), gap(950, 1600)]) { $0 = nil }.count(.lost) == 1)
        let covered = try judge(gaps: [gap(200, 900), gap(900, 1600)]) { $0 = nil }
        #expect(covered.count(.lost) == 0 && covered.count(.unknown) == 1)
    }

    @Test("told twice is doubled, told never is wrong")
    func doubled() throws {
        #expect(try judge { $0?.started = 2 }.count(.doubled) == 1)
        #expect(try judge { $0?.ended = 2 }.count(.doubled) == 1)
        #expect(try judge { $0?.ended = 0 }.count(.wrong) == 1)
    }

    static let lies: [@Sendable (inout RecordedSession?) -> Void] = [
        { $0?.session.exitCode = 0 }, { $0?.toldCodes = [42, 255] }, { $0?.session.state = .running },
        { $0?.session.state = .neverStarted }, { $0?.session.container = "debugger-1-1" },
        { $0?.session.pod = "torture-2" }, { $0?.session.targetContainer = "web" }, { $0?.session.image = "alpine" },
        { $0?.session.oomKilled = true }, { $0?.session.startedAt = at(-1) }, { $0?.session.startedAt = at(5400) },
        { $0?.session.finishedAt = at(1002) }, { $0?.session.finishedAt = at(998) },
        { $0?.session.durationNanoseconds = 1 }, { $0?.output = Array("findinG\n".utf8) },
        {
            let other = Array("finding\nand more\n".utf8)
            $0?.output = other
            $0?.session.output?.bytes = other.count
            $0?.session.output?.sha256 = Digest(of: other)
        },
        { $0?.session.output?.lossy = true },
        {
            $0?.session.output = nil
            $0?.output = nil
        },
        {
            $0?.session.exitCode = 255
            $0?.session.reason = "Unknown"
        },
    ]

    @Test("each lie is found", arguments: lies.indices)
    func wrong(_ index: Int) throws {
        #expect(try judge(Self.lies[index]).count(.wrong) == 1)
    }

    @Test("where the runtime was not asked for the end, the process's own end says what can be true")
    func bracket() throws {
        var unasked = try truth()
        unasked.runtimeFinish = nil
        unasked.runtimeStart = nil
        #expect(try judge(of: unasked).findings.isEmpty)
        #expect(try judge(of: unasked) { $0?.session.finishedAt = Self.at(997) }.count(.wrong) == 1)
        #expect(try judge(of: unasked) { $0?.session.finishedAt = Self.at(6100) }.count(.wrong) == 1)
    }

    @Test("what is not known is unknown only while something was down and a gap says so, else it is wrong")
    func unknown() throws {
        let forget: (inout RecordedSession?) -> Void = {
            $0?.session.state = .unknown
            $0?.session.ending = nil
            $0?.session.exitCode = nil
            $0?.session.finishedAt = nil
            $0?.toldCodes = []
        }
        #expect(try judge(forget).count(.wrong) == 1)
        #expect(try judge(outages: [outage], forget).count(.wrong) == 1)
        let honest = try judge(gaps: [gap(500, 1200)], outages: [outage], forget)
        #expect(honest.count(.wrong) == 0 && honest.count(.unknown) == 1)
        // An outage long after it was over is no excuse.
        let late = Outage(part: .agent, what: "agent SIGKILL", from: Self.at(5000), to: Self.at(6000))
        #expect(try judge(gaps: [gap(5000, 6000)], outages: [late], forget).count(.wrong) == 1)
    }

    @Test("an ending that the runtime made up is unknown if it is marked as inferred, and wrong if not")
    func madeUp() throws {
        let invent: (inout RecordedSession?) -> Void = {
            $0?.session.exitCode = 255
            $0?.session.reason = "Unknown"
            $0?.session.ending = .inferred
            $0?.session.finishedAt = Self.at(3000)
            $0?.toldCodes = []
        }
        let marked = try judge(gaps: [gap(500, 1200)], outages: [outage], invent)
        #expect(marked.count(.wrong) == 0 && marked.count(.unknown) == 1)
        let unmarked = try judge(gaps: [gap(500, 1200)], outages: [outage]) {
            invent(&$0)
            $0?.session.ending = .recovered
        }
        #expect(unmarked.count(.wrong) == 1)
    }

    @Test("a container that could not be started is never-started, and has no start")
    func neverStarted() throws {
        var failed = try truth()
        failed.exitCode = 128
        failed.neverStarted = true
        failed.logged = LoggedOutput()
        let right: (inout RecordedSession?) -> Void = {
            $0?.session.state = .neverStarted
            $0?.session.exitCode = 128
            $0?.session.ending = .recovered
            $0?.session.startedAt = nil
            $0?.session.output = nil
            $0?.toldCodes = [128]
        }
        #expect(try judge(of: failed, right).findings.isEmpty)
        let started = try judge(of: failed) {
            right(&$0)
            $0?.session.startedAt = Self.at(250)
        }
        #expect(started.count(.wrong) == 1)
    }

    @Test(
        "a pod's own container may be unresolved where it ended unseen, or its word came soon after a fault, else not")
    func bystanders() throws {
        var session = record(of: try truth()).session
        session.sealedAt = Self.at(40_000)
        session.classification = .unresolved
        func isBystander(gaps: [Gap] = [], outages: [Outage] = []) -> Bool {
            TortureJudge(gaps: gaps, outages: outages).isBystander(session)
        }
        let fault = Outage(part: .agent, what: "agent SIGKILL", from: Self.at(30_000), to: Self.at(31_000))
        let old = Outage(part: .agent, what: "agent SIGKILL", from: Self.at(0), to: Self.at(1_000))
        #expect(isBystander(outages: [fault]) && !isBystander(outages: [old]))
        #expect(isBystander(gaps: [gap(2_900, 39_000)]) && !isBystander(gaps: [gap(3_100, 39_000)]))
        session.classification = .confirmed
        #expect(!isBystander(gaps: [gap(900, 39_000)], outages: [fault]))
    }
}
