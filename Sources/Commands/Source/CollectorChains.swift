// SPDX-License-Identifier: Apache-2.0
import AgentStore
import CollectorClient
import SessionRecords

/// The ledgers that a collector keeps: walked, recomputed, and asked for their heads.
struct CollectorChains {
    private static let pageEntries = 500
    /// Findings beyond these are counted.
    private static let shownProblems = 1000

    private let client: CollectorClient

    init(_ client: CollectorClient) {
        self.client = client
    }

    /// Every ledger with its node, by node.
    func ledgers() async throws -> [(ledger: String, node: String)] {
        try await client.nodes().sorted { $0.node < $1.node }
            .flatMap { node in node.ledgers.map { ($0.ledger, node.node) } }
    }

    /// All entries that the collector has of a ledger, in its order. Throws where it does not know it, and where it does not go
    /// forward.
    func forEach(
        in ledger: String, after start: Int64, _ body: (CollectorEntries.Entry) throws -> Void
    ) async throws {
        var after = start
        while true {
            switch try await client.entries(ledger: ledger, after: after, limit: Self.pageEntries) {
            case .absent(_, _): throw unknown(ledger)
            case .value(let page):
                for entry in page.entries {
                    guard entry.number > after else { throw disorder(ledger) }
                    after = entry.number
                    try body(entry)
                }
                guard let next = page.next else { return }
                guard !page.entries.isEmpty, next >= after else { throw disorder(ledger) }
                after = next
            }
        }
    }

    /// The collector's head of a ledger, for comparing the node's own with it.
    func head(of ledger: String) async throws -> KeptHeads {
        switch try await client.ledger(ledger) {
        case .absent(_, _):
            return KeptHeads(
                keeper: VerifyReport.collector, note: "\(client.address) does not know this ledger",
                problem: "the collector does not know this ledger: nothing of it was delivered, or it was made anew")
        case .value(let known):
            guard let head = known.head else {
                return KeptHeads(keeper: VerifyReport.collector, note: "\(client.address) has no entry of this ledger")
            }
            let first = known.first.map { "\($0) to " } ?? "through "
            let holes = Self.describe(known.holes ?? [])
            return KeptHeads(
                keeper: VerifyReport.collector, heads: [NotedHead(number: head.number, hash: head.hash)],
                note: "\(client.address) has entries \(first)\(head.number)"
                    + (holes.isEmpty ? "" : ", without \(holes)"))
        }
    }

    // MARK: Recomputing

    func verify(_ request: VerifyRequest) async throws -> [VerifyReport] {
        var reports: [VerifyReport] = []
        if let ledger = request.ledger {
            reports.append(try await verify(ledger, node: nil, request))
        } else {
            for (ledger, node) in try await ledgers() { reports.append(try await verify(ledger, node: node, request)) }
        }
        return reports
    }

    private func verify(_ ledger: String, node: String?, _ request: VerifyRequest) async throws -> VerifyReport {
        // The head first: what comes while the entries are read is then no contradiction.
        guard case .value(let known) = try await client.ledger(ledger) else { throw unknown(ledger) }
        let kept = try await request.kept(ledger)
        let told = known.head.map { [NotedHead(number: $0.number, hash: $0.hash)] } ?? []
        var chain = ChainWalk(
            anchor: known.anchor.map { NotedHead(number: $0.number, hash: $0.hash) },
            noted: request.heads.map { ($0, VerifyReport.given) }
                + kept.flatMap { place in place.heads.map { ($0, place.keeper) } }
                + told.map { ($0, VerifyReport.collector) })
        try await forEach(in: ledger, after: 0) { chain.add($0) }
        var report = chain.finished()
        report.ledger = ledger
        report.anchor = known.anchor.map { NotedHead(number: $0.number, hash: $0.hash) }
        report.node = node ?? known.node
        report.add(kept)
        report.collector = "recomputed from the entries that \(client.address) keeps"
        if report.problems.count > Self.shownProblems {
            let more = report.problems.count - Self.shownProblems
            report.problems = report.problems.prefix(Self.shownProblems) + ["and \(more) more"]
        }
        return report
    }

    private func unknown(_ ledger: String) -> LastwordError {
        LastwordError(
            code: "collector.ledger",
            message: "the collector at \(client.address) does not know the ledger \(Bounds.name(ledger))",
            remedy: "lastword nodes -o json tells which ledgers it has")
    }

    private func disorder(_ ledger: String) -> LastwordError {
        LastwordError(
            code: "collector.order",
            message: "the collector at \(client.address) gives entries of ledger \(Bounds.name(ledger)) out of order",
            remedy: "look at the collector's log")
    }

    static func describe(_ holes: [[Int64]]) -> String {
        let shown = holes.prefix(5).compactMap { hole -> String? in
            guard let first = hole.first, let last = hole.last else { return nil }
            return first == last ? "\(first)" : "\(first) to \(last)"
        }
        return shown.joined(separator: ", ") + (holes.count > 5 ? " and \(holes.count - 5) more" : "")
    }
}

/// A chain as it is read, one entry after the other.
struct ChainWalk {
    /// A head to meet, and by whom it was kept.
    typealias Noted = (head: NotedHead, keeper: String)

    private var anchor: NotedHead
    private let noted: [Noted]
    private var met: [Int64: Digest] = [:]
    private var report = VerifyReport()

    /// - Parameter anchor: the last entry that retention removed; nil: the ledger's beginning.
    init(anchor: NotedHead?, noted: [Noted]) {
        self.anchor = anchor ?? Self.beginning
        self.noted = noted
        guard self.anchor.number < 0 else { return }
        report.problems.append("the last removed entry is said to be \(self.anchor.number), which cannot be")
        self.anchor = Self.beginning
    }

    private static let beginning = NotedHead(number: 0, hash: .zero)

    mutating func add(_ entry: CollectorEntries.Entry) {
        if report.entries == 0, anchor.number >= entry.number {
            report.problems.append(
                "the last removed entry is said to be \(anchor.number), and entry \(entry.number) is there")
            anchor = Self.beginning
        }
        let last = report.head ?? anchor
        // Behind a hole nothing says what the entry stands on, but the entry itself.
        var link = entry.previousHash
        if entry.number == last.number &+ 1 {
            link = last.hash
            if let previous = entry.previousHash, previous != last.hash {
                report.problems.append("entry \(entry.number) does not stand on the entry before it")
            }
        } else if report.entries > 0 || anchor.number > 0 {
            let missing =
                entry.number - 1 == last.number + 1
                ? "entry \(last.number + 1) is" : "entries \(last.number + 1) to \(entry.number - 1) are"
            report.problems.append("\(missing) missing")
        }
        if report.entries == 0 { report.firstNumber = entry.number }
        if let bytes = entry.bytes {
            if let link, LedgerChain.hash(previous: link, number: entry.number, bytes: bytes) != entry.hash {
                report.problems.append("entry \(entry.number) does not have the hash that it was written with")
            }
        } else {
            report.stubs += 1
        }
        report.entries += 1
        report.head = NotedHead(number: entry.number, hash: entry.hash)
        if noted.contains(where: { $0.head.number == entry.number }) { met[entry.number] = entry.hash }
    }

    func finished() -> VerifyReport {
        var report = report
        for (head, keeper) in noted {
            let verdict: VerifyReport.Verdict
            if let hash = met[head.number] {
                verdict = hash == head.hash ? .agrees : .differs
            } else if head.number == anchor.number {
                verdict = anchor.hash == head.hash ? .agrees : .differs
            } else if head.number < max(anchor.number, report.firstNumber ?? 1) {
                verdict = .removed
            } else {
                verdict = .missing
            }
            switch verdict {
            case .differs:
                report.problems.append("entry \(head.number) has another hash than the one kept by \(keeper)")
            case .missing: report.problems.append("\(keeper) knows entry \(head.number), and it is not there")
            default: break
            }
            report.add(head, by: keeper, verdict)
        }
        return report
    }
}
