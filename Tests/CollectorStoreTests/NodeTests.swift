// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import Testing

@Suite("Nodes and their ledgers")
struct NodeTests {
    @Test("an agent cannot write for another node, nor into another node's ledger")
    func otherNode() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let entry = ledger.ended(1)
        let refusal = await #expect(throws: LastwordError.self) {
            try await store.ingest([entry], sender: .of("worker-1"), receivedAt: TestClock.epoch)
        }
        #expect(refusal?.code == "ingest.other-node")
        try await store.take([entry])
        var stranger = ledger.agentStarted()
        stranger.node = "worker-1"
        let second = await #expect(throws: LastwordError.self) { try await store.take([stranger]) }
        #expect(second?.code == "ingest.other-node")
        #expect(try await store.nodes(scope: .all).map(\.node) == ["worker-0"])
        #expect(store.counters.refused == ["ingest.other-node": 2])
    }

    @Test("a token for any node may write for every one, and the node's page says so")
    func anyNode() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger(node: "worker-7")
        let sender = Sender(node: nil, kind: .token, anyNode: true, name: "old clusters")
        _ = try await store.ingest([ledger.ended(1)], sender: sender, receivedAt: ledger.now)
        #expect(try await store.nodes(scope: .all).first?.identity == "any-node token")
        // The node's own delivery makes what somebody told of it no stronger.
        var own = MadeLedger("own", node: "worker-7")
        var other = MadeLedger("other", node: "worker-8")
        try await store.take([own.ended(2)])
        try await store.take([other.ended(3)])
        #expect(try await store.nodes(scope: .all).first?.identity == "certificate")
        #expect(try await store.weakNodes(among: ["worker-7", "worker-8", "nobody"]) == ["worker-7"])
    }

    @Test("a session of one node that another one tells of stays the first one's, and is alarmed")
    func sessionOfAnother() async throws {
        let store = try Scratch().open()
        var own = MadeLedger()
        var foreign = MadeLedger("b", node: "worker-1")
        try await store.take([own.ended(1, output: "mine") { $0.ending = .inferred }])
        let result = try await store.take([foreign.ended(1, output: "a much longer output of theirs")])
        #expect(result.alarms.map(\.kind) == [.sessionConflict])
        let session = try #require(try await store.session(Sample.id(1), scope: .all))
        #expect(session.node == "worker-0")
        #expect(session.others.map(\.node) == ["worker-1"])
        #expect(try await store.found("theirs").isEmpty)
    }

    @Test("a ledger that replaces another is a notice; two that deliver in turns are an alarm until one is silent")
    func twoLedgers() async throws {
        let store = try Scratch().open()
        var old = MadeLedger("a")
        var new = MadeLedger("b")
        var now = TestClock.epoch.advanced(byNanoseconds: 60_000_000_000)
        func deliver(_ ledger: inout MadeLedger, later seconds: Int64) async throws -> [Alarm.Kind] {
            now = now.advanced(byNanoseconds: seconds * 1_000_000_000)
            ledger.now = now
            return try await store.take([ledger.agentStarted()], at: now).alarms.map(\.kind)
        }
        #expect(try await deliver(&old, later: 0) == [])
        #expect(try await deliver(&new, later: 60) == [.newLedger])
        #expect(try await deliver(&new, later: 60) == [])
        #expect(try await store.open(.twoLedgers).isEmpty)
        #expect(try await deliver(&old, later: 60) == [.twoLedgers])
        #expect(try await deliver(&new, later: 60) == [])
        #expect(try await store.open(.twoLedgers).count == 1)
        #expect(try await deliver(&new, later: 300) == [])
        #expect(try await store.open(.twoLedgers).count == 1)
        #expect(try await deliver(&new, later: 400) == [])
        #expect(try await store.open(.twoLedgers).isEmpty)
        #expect(try await store.nodes(scope: .all).first?.ledgers.count == 2)
    }

    @Test("two ledgers far apart in time are no alarm")
    func farApart() async throws {
        let store = try Scratch().open()
        var one = MadeLedger("a")
        var other = MadeLedger("b")
        try await store.take([one.agentStarted()], at: TestClock.epoch)
        try await store.take([other.agentStarted()], at: TestClock.epoch.advanced(byNanoseconds: 700_000_000_000))
        try await store.take([one.agentStarted()], at: TestClock.epoch.advanced(byNanoseconds: 1_400_000_000_000))
        #expect(try await store.open(.twoLedgers).isEmpty)
    }

    @Test("a clock that is more than five seconds off is alarmed, either way, until it is right", arguments: [-60, 60])
    func clock(seconds: Int64) async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let first = ledger.agentStarted()
        let offset = seconds * 1_000_000_000
        let received = ledger.now.advanced(byNanoseconds: offset)
        #expect(try await store.take([first], at: received).alarms.map(\.kind) == [.clockOffset])
        let node = try #require(try await store.nodes(scope: .all).first)
        #expect(node.clockOffsetNanoseconds == offset)
        #expect(node.alarms.map(\.kind) == [.clockOffset])
        // A day later it is right.
        for day in 1...2 {
            ledger.now = TestClock.epoch.advanced(byNanoseconds: Int64(day) * 86_400_000_000_000)
            let entry = ledger.agentStarted()
            try await store.take([entry], at: ledger.now.advanced(byNanoseconds: 100_000_000))
        }
        #expect(try await store.open(.clockOffset).isEmpty)
        #expect(try await store.nodes(scope: .all).first?.clockOffsetNanoseconds == 100_000_000)
    }

    @Test("entries that come late do not look like a wrong clock where prompt ones came before")
    func late() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let prompt = ledger.agentStarted()
        try await store.take([prompt])
        let late = ledger.agentStarted()
        try await store.take([late], at: ledger.now.advanced(byNanoseconds: 3_600_000_000_000))
        #expect(try await store.open(.clockOffset).isEmpty)
    }
}
