// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import TestSupport
import Testing

@Suite("Which version of a session counts")
struct ChoiceTests {
    @Test("an older revision that comes after a newer one changes nothing")
    func olderAfterNewer() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let started = ledger.started(1)
        let ended = ledger.ended(1)
        try await store.take([ended])
        let before = try await store.json(1)
        let mark = try await store.changes(after: nil, scope: .all, limit: 1).mark
        try await store.take([started])
        #expect(try await store.json(1) == before)
        #expect(before?.contains("\"state\":\"ended\"") == true)
        #expect(try await store.changes(after: mark, scope: .all, limit: 10).sessions.isEmpty)
        #expect(try await store.session(Sample.id(1), scope: .all)?.others == [])
    }

    @Test("the record is answered as the agent made it, with keys that this version does not know")
    func bytesStay() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let session = Sample.running(1)
        guard case .object(var object) = session.json else { return }
        object["zukunft"] = .string("{\"}],\\ ü")
        let content = JSONValue.object(object)
        try await store.take([ledger.entry(.sessionStarted, key: "session", content, session: session)])
        #expect(try await store.json(1) == String(decoding: content.canonical, as: UTF8.self))
    }

    @Test("an entry that has its record twice is refused, and nothing of its batch is kept")
    func twoRecords() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let good = ledger.started(1)
        var bad = ledger.started(2)
        bad.bytes = Array("{\"session\":{\"id\":1},\"session\":{\"id\":2}}".utf8)
        let refusal = await #expect(throws: LastwordError.self) { try await store.take([good, bad]) }
        #expect(refusal?.code == "ingest.malformed")
        #expect(try await store.ids().isEmpty)
    }

    /// What each of two ledgers tells, and whether the second one's counts.
    private static let pairs: [(String, Ending?, String, Ending?, String, Bool)] = [
        ("observed before recovered", .observed, "x", .recovered, "xxxxxx", false),
        ("recovered before inferred", .inferred, "xxxxxx", .recovered, "x", true),
        ("inferred before none", nil, "xxxxxx", .inferred, "x", true),
        ("of equal endings the fuller output", .observed, "x", .observed, "xx", true),
        ("of equal endings the fuller output, also if it is the elder", .observed, "xxx", .observed, "xx", false),
        ("of equals the later", .observed, "ab", .observed, "ba", true),
    ]

    @Test("between ledgers the better version counts, whichever comes first", arguments: 0..<6, [false, true])
    func betweenLedgers(index: Int, reversed: Bool) async throws {
        let (what, ending1, text1, ending2, text2, secondWins) = Self.pairs[index]
        let store = try Scratch().open()
        var one = MadeLedger("a")
        var other = MadeLedger("b")
        other.now = one.now.advanced(byNanoseconds: 500_000_000)
        // Both ledgers are known before, so that their order is the same in both runs.
        try await store.take([one.agentStarted(), other.agentStarted()])
        let first = one.ended(1, output: text1) { $0.ending = ending1 }
        let second = other.ended(1, output: text2) { $0.ending = ending2 }
        for entry in reversed ? [second, first] : [first, second] { try await store.take([entry]) }
        let session = try #require(try await store.session(Sample.id(1), scope: .all))
        #expect(session.ledger == (secondWins ? other.id : one.id), "\(what)")
        #expect(session.others.map(\.ledger) == [secondWins ? one.id : other.id])
        let text = secondWins ? text2 : text1
        guard case .kept(let bytes, _, let sha256, _)? = try await store.output(Sample.id(1), scope: .all) else {
            Issue.record("there is no output")
            return
        }
        #expect(bytes == Array(text.utf8))
        #expect(sha256 == Digest(of: bytes))
        #expect(try await store.found(text) == [Sample.id(1)])
    }

    @Test("an amendment brings a fuller output; the one before it is neither found nor kept")
    func amendedOutput() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let early = ledger.ended(1, output: "anfang")
        let late = ledger.ended(1, output: "anfang und schluss") { $0.revision = 4 }
        try await store.take([early, late])
        #expect(try await store.found("schluss") == [Sample.id(1)])
        #expect(try await store.status().outputs == 1)
        // The same without output: what is known stays.
        let without = ledger.session(Sample.ended(2))
        try await store.take([without])
        #expect(try await store.output(Sample.id(2), scope: .all) == .absent(reason: "the record names no output"))
    }

    @Test("an output that comes after its record is taken, and one left out says why")
    func outputLater() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let whole = ledger.ended(1, output: "spaeter")
        var bare = whole
        bare.output = nil
        bare.outputOmitted = "forward.output is none"
        try await store.take([bare])
        #expect(try await store.output(Sample.id(1), scope: .all) == .absent(reason: "forward.output is none"))
        #expect(try await store.take([whole]).duplicates == 1)
        #expect(try await store.found("spaeter") == [Sample.id(1)])
    }

    @Test("of equal outputs the chosen ledger's is shown, and never another node's")
    func outputOfTheChosen() async throws {
        let store = try Scratch().open()
        let bytes = Array("same".utf8)
        func told(_ ledger: inout MadeLedger, _ ending: Ending, _ length: Int) -> (ReceivedEntry, [UInt8]) {
            let frames = OutputFrameCoding.encode(
                (0..<length).map { _ in
                    OutputFrame(stream: .stdout, time: ledger.now, length: bytes.count / length)
                })
            var session = Sample.ended(1, node: "worker-0")
            session.ending = ending
            session.output = Sample.summary((bytes, frames))
            return (ledger.session(session, output: (bytes, frames)), frames)
        }
        func frames() async throws -> [UInt8]? {
            guard case .kept(_, let frames, _, _)? = try await store.output(Sample.id(1), scope: .all) else {
                return nil
            }
            return frames
        }
        var own = MadeLedger("a")
        var better = MadeLedger("b")
        var foreign = MadeLedger("c", node: "worker-9")
        // A record without its output belongs to worker-0; another node sends one with that hash.
        var bare = told(&own, .inferred, 1).0
        bare.output = nil
        try await store.take([bare])
        try await store.take([told(&foreign, .observed, 4).0])
        #expect(try await frames() == nil)
        let (elder, elderFrames) = told(&own, .inferred, 2)
        var newer = elder
        newer.session?.revision += 1
        newer.bytes = nil
        try await store.take([newer])
        #expect(try await frames() == elderFrames)
        let (chosen, chosenFrames) = told(&better, .observed, 1)
        try await store.take([chosen])
        #expect(try await frames() == chosenFrames)
        #expect(try await store.found("same") == [Sample.id(1)])
    }

    @Test(
        "of many ledgers that tell of one session twenty are given beside it, and none to a reader of some namespaces")
    func manyLedgers() async throws {
        let store = try Scratch().open()
        for number in 0..<30 {
            var ledger = MadeLedger("ledger-\(number)")
            try await store.take([ledger.ended(1)])
        }
        #expect(try await store.session(Sample.id(1), scope: .all)?.others.count == 20)
        let limited = try #require(try await store.session(Sample.id(1), scope: .namespaces(["default"])))
        #expect(limited.others.isEmpty && limited.record.id == Sample.id(1))
    }

    @Test("to hold, to release and to erase is news for those who follow what changes")
    func decisions() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1), ledger.ended(2)])
        var mark = try await store.changes(after: nil, scope: .all, limit: 0).mark
        for decide in [
            { try await store.hold(Sample.id(1), by: "ada", reason: "case 7") },
            { _ = try await store.release(Sample.id(1), by: "ada", reason: "closed") },
            { _ = try await store.erase(Sample.id(1), by: "ada", reason: "a password") },
        ] as [@Sendable () async throws -> Void] {
            try await decide()
            let news = try await store.changes(after: mark, scope: .all, limit: 10)
            #expect(news.sessions.map(\.id) == [Sample.id(1)])
            mark = news.mark
        }
        try await store.take([ledger.ended(3)])
        #expect(try await store.changes(after: mark, scope: .all, limit: 10).sessions.map(\.id) == [Sample.id(3)])
    }
}
