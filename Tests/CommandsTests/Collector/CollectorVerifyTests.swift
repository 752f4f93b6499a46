// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import Testing

@testable import Commands

@Suite("verify against a collector")
struct CollectorVerifyTests {
    /// The ledger of a real store, as a collector that has all of it would keep it.
    private static func delivered(_ scratch: ScratchStore) async throws -> (ledger: String, CollectorContents) {
        let reader = try StoreReader(directory: scratch.directory)
        let ledger = try reader.ledger()
        var contents = CollectorContents()
        var previous = Digest.zero
        contents.ledgers[ledger] = try reader.entries(from: 1, limit: 1000).map { entry in
            defer { previous = entry.hash }
            return .init(number: entry.number, hash: entry.hash, previousHash: previous, bytes: entry.bytes)
        }
        contents.nodes = ["{\"node\":\"worker-0\",\"ledgers\":[{\"ledger\":\"\(ledger)\"}]}"]
        return (ledger, contents)
    }

    private static func harness(_ collector: CollectorStandIn, _ store: String) -> CommandHarness {
        var cli = collector.cli
        cli.openStore = { _ in try StoreSessionSource.open(store) }
        cli.hasStore = true
        return cli
    }

    @Test("the node's ledger agrees with the head that was delivered, also an older one")
    func agrees() async throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        var (ledger, contents) = try await Self.delivered(scratch)
        try await CollectorStandIn.serve(contents) { collector in
            let result = await Self.harness(collector, scratch.directory).run("verify", "--no-journal")
            #expect(result.code == 0, "\(result.err)")
            #expect(result.out.contains("(collector): agrees"))
            #expect(result.out.contains("has entries 1 to"))
            #expect(result.out.contains("intact"))
            let named = await collector.cli.run("verify", "--ledger", ledger)
            #expect(named.out.contains("recomputed from the entries"))
        }
        contents.ledgers[ledger]?.removeLast(3)
        try await CollectorStandIn.serve(contents) { collector in
            let result = await Self.harness(collector, scratch.directory).run("verify", "--no-journal", "-ojson")
            #expect(result.code == 0)
            #expect(result.out.contains(#""keeper": "collector""#))
            #expect(result.out.contains(#""verdict": "agrees""#))
        }
    }

    @Test("a cut tail, another chain, and a ledger that the collector never heard of are not intact")
    func findings() async throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        let (ledger, whole) = try await Self.delivered(scratch)
        let last = try #require(whole.ledgers[ledger]?.last)
        var contents = whole
        contents.heads[ledger] = (last.number + 2, Digest(of: [1]))
        try await CollectorStandIn.serve(contents) { collector in
            let result = await Self.harness(collector, scratch.directory).run("verify", "--no-journal")
            #expect(result.code == 1)
            #expect(result.out.contains("(collector): MISSING, the ledger ends before it"))
            #expect(result.out.contains("its tail was cut"))
        }
        contents.heads[ledger] = (last.number, Digest(of: [1]))
        try await CollectorStandIn.serve(contents) { collector in
            let result = await Self.harness(collector, scratch.directory).run("verify", "--no-journal")
            #expect(result.code == 1)
            #expect(result.out.contains("(collector): DIFFERS"))
        }
        contents.ledgers = [:]
        try await CollectorStandIn.serve(contents) { collector in
            let result = await Self.harness(collector, scratch.directory).run("verify", "--no-journal")
            #expect(result.code == 1)
            #expect(result.out.contains("the collector does not know this ledger"))
            #expect(result.out.contains("NOT INTACT"))
        }
    }

    @Test("without a store the collector's chains are recomputed, and every change of them is found")
    func recomputed() async throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        let (ledger, whole) = try await Self.delivered(scratch)
        func verify(
            _ change: (inout CollectorContents) -> Void, _ arguments: String...
        ) async throws -> CommandHarness.Result {
            var contents = whole
            change(&contents)
            var result = CommandHarness.Result(code: -1, bytes: [], err: "")
            try await CollectorStandIn.serve(contents) { collector in
                result = await collector.cli.run(["verify"] + arguments)
            }
            return result
        }
        let intact = try await verify({ _ in })
        #expect(intact.code == 0, "\(intact.out)")
        #expect(intact.out.contains(/Node: +worker-0/), "\(intact.out)")
        #expect(intact.out.contains("intact"))
        let json = try await verify({ _ in }, "-o", "json")
        #expect(json.out.hasPrefix("[\n"))
        #expect(json.out.contains(#""intact": true"#))
        let one = try await verify({ _ in }, "-o", "json", "--ledger", ledger)
        #expect(one.out.hasPrefix("{\n"))

        let changed = try await verify { $0.ledgers[ledger]?[2].bytes?[5] ^= 1 }
        #expect(changed.code == 1)
        #expect(changed.out.contains("entry 3 does not have the hash that it was written with"))
        let hole = try await verify { $0.ledgers[ledger]?.removeSubrange(2...3) }
        #expect(hole.code == 1)
        #expect(hole.out.contains("entries 3 to 4 are missing"))
        let head = try await verify { $0.heads[ledger] = (99, Digest(of: [])) }
        #expect(head.code == 1)
        #expect(head.out.contains("collector knows entry 99, and it is not there"))
        let stub = try await verify { $0.ledgers[ledger]?[2].bytes = nil }
        #expect(stub.code == 0)
        #expect(stub.out.contains("of 1 only the hash"))
        let retained = try await verify { $0.ledgers[ledger]?.removeFirst(2) }
        #expect(retained.code == 0, "\(retained.out)")
        #expect(retained.out.contains(/Numbers: +3 to/))
        let second = try #require(whole.ledgers[ledger]?[1])
        let anchored = try await verify {
            $0.ledgers[ledger]?.removeFirst(2)
            $0.anchors[ledger] = (2, second.hash)
        }
        #expect(anchored.code == 0, "\(anchored.out)")
        #expect(anchored.out.contains(/Removed through: +2:/))
        let wrong = try await verify {
            $0.ledgers[ledger]?.removeFirst(2)
            $0.anchors[ledger] = (2, Digest(of: []))
        }
        #expect(wrong.out.contains("entry 3 does not stand on the entry before it"))
        let lost = try await verify {
            $0.ledgers[ledger]?.removeFirst(4)
            $0.anchors[ledger] = (2, second.hash)
        }
        #expect(lost.out.contains("entries 3 to 4 are missing"))

        // Every entry removed: a head that was kept of one of them is no loss.
        let third = try #require(whole.ledgers[ledger]?[2])
        let emptied = { (contents: inout CollectorContents) in
            contents.ledgers[ledger] = []
            contents.anchors[ledger] = (3, third.hash)
        }
        let older = try await verify(emptied, "--ledger", ledger, "--head", "2:\(second.hash)")
        #expect(older.out.contains("not compared, retention has removed the entry"), "\(older.out)")
        #expect(!older.out.contains("it is not there"), "\(older.out)")
        let equal = try await verify(emptied, "--ledger", ledger, "--head", "3:\(third.hash)")
        #expect(equal.code == 0, "\(equal.out)")
        let other = try await verify(emptied, "--ledger", ledger, "--head", "3:\(second.hash)")
        #expect(other.code == 1 && other.out.contains("entry 3 has another hash"), "\(other.out)")
        let beyond = try await verify(emptied, "--ledger", ledger, "--head", "4:\(second.hash)")
        #expect(beyond.code == 1 && beyond.out.contains("knows entry 4, and it is not there"), "\(beyond.out)")

        // Anchors that cannot be.
        for number in [Int64.min, -1, 1, 2, Int64.max] {
            let wrong = try await verify { $0.anchors[ledger] = (number, second.hash) }
            #expect(wrong.code == 1, "\(number)")
            #expect(wrong.out.contains("the last removed entry is said to be \(number)"), "\(wrong.out)")
        }

        let note = Digest(of: [9])
        let given = try await verify({ _ in }, "--ledger", ledger, "--head", "2:\(note)")
        #expect(given.code == 1)
        #expect(given.out.contains("(--head): DIFFERS"))
        #expect(try await verify({ _ in }, "--head", "2:\(note)").err.contains("name it by --ledger"))
        #expect(try await verify({ _ in }, "--ledger", "none").err.contains("does not know the ledger none"))
        #expect(try await verify { $0.nodes = [] }.code == 1)
    }

    @Test("entries that go backwards end in an error")
    func backwards() async throws {
        var contents = CollectorContents()
        let hash = Digest(of: [1])
        contents.answers["/v1/ledgers/x/entries"] = .good(
            "{\"entries\":[{\"number\":2,\"hash\":\"\(hash)\"},{\"number\":2,\"hash\":\"\(hash)\"}],\"next\":2}")
        try await CollectorStandIn.serve(contents) { collector in
            let result = await collector.cli.run("export", "--ledger", "x")
            #expect(result.code == 2)
            #expect(result.err.contains("out of order"))
        }
    }
}
