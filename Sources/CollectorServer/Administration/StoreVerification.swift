// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords

/// Reads the whole store through: the database, and the chain of every ledger, hash by hash.
struct StoreVerification: Sendable {
    private static let page = 1000

    let store: CollectorStore

    /// One line a ledger, and what is wrong with the database.
    func run() async throws -> ControlAnswer {
        var answer = ControlAnswer()
        for finding in try await store.integrityFindings() {
            answer.lines.append("database: \(SafeText.line(finding))")
            answer.isGood = false
        }
        for ledger in try await store.ledgers(scope: .all) {
            var (line, isGood) = try await verify(ledger)
            // What came or was removed meanwhile can look like a fault: what is one is there again.
            if !isGood, let now = try await store.ledger(ledger.ledger, scope: .all), now != ledger {
                (line, isGood) = try await verify(now)
            }
            answer.lines.append(line)
            if !isGood { answer.isGood = false }
        }
        answer.notes.append(answer.isGood ? "everything is whole" : "something is wrong")
        return answer
    }

    private func verify(_ ledger: LedgerOverview) async throws -> (line: String, isGood: Bool) {
        // Where the chain must begin: behind what retention removed, or at the lowest number that ever came.
        let first = max(ledger.first, ledger.anchorNumber + 1)
        var previous: (number: Int64, hash: Digest)? =
            first == ledger.anchorNumber + 1 && ledger.anchorNumber > 0
            ? (ledger.anchorNumber, ledger.anchorHash) : nil
        var reached = first - 1
        // From the very start: what stands before the beginning is found, too.
        var after: Int64 = 0
        var (checked, stubs) = (0, 0)
        var faults: [String] = []
        var holes = HolesAhead(store: store, ledger: ledger.ledger)
        while faults.count < 10 {
            try Task.checkCancellation()
            let entries = try await store.entries(
                ledger: ledger.ledger, after: after, limit: Self.page, scope: .all)
            for entry in entries {
                // The ledger grows meanwhile: what came after it was looked up is not judged by it.
                if entry.number > ledger.headNumber { break }
                after = entry.number
                guard entry.number >= first else {
                    faults.append("entry \(entry.number) stands before the beginning, which is \(first)")
                    continue
                }
                if let previous, entry.number == previous.number + 1, entry.previousHash != previous.hash,
                    try await !store.hasEntry(ledger.ledger, previous.number, hash: entry.previousHash)
                {
                    faults.append("entry \(entry.number) does not follow the one before it")
                }
                if entry.number > reached + 1,
                    try await !holes.isHole(reached + 1, entry.number - 1)
                {
                    faults.append("entries \(reached + 1) to \(entry.number - 1) are not there, and no hole says so")
                }
                reached = entry.number
                if let bytes = entry.bytes {
                    let hash = LedgerChain.hash(previous: entry.previousHash, number: entry.number, bytes: bytes)
                    if hash != entry.hash { faults.append("entry \(entry.number) is not what its hash says") }
                } else {
                    stubs += 1
                }
                checked += 1
                previous = (entry.number, entry.hash)
            }
            guard let last = entries.last, last.number < ledger.headNumber else { break }
        }
        if faults.count < 10 {
            let isWhole = ledger.headNumber <= ledger.anchorNumber || reached == ledger.headNumber
            if !isWhole {
                faults.append("the last entry is \(reached), and the head is \(ledger.headNumber)")
            } else if let previous, previous.number == ledger.headNumber, previous.hash != ledger.headHash {
                faults.append("the last entry is not the head")
            }
        }
        let missing = ledger.holes.map { "\($0.lowerBound)–\($0.upperBound)" }
        var line = "ledger \(SafeText.line(ledger.ledger)) of \(SafeText.line(ledger.node)): \(checked) entries up to"
        line += " \(ledger.headNumber)"
        if stubs > 0 { line += ", \(stubs) of them stubs" }
        if !missing.isEmpty { line += ", missing " + missing.prefix(10).joined(separator: ", ") }
        line += faults.isEmpty ? ": whole" : ": " + faults.joined(separator: "; ")
        return (line, faults.isEmpty)
    }
}

/// The recorded holes of a ledger, read as far as the walk has got.
private struct HolesAhead {
    let store: CollectorStore
    let ledger: String
    private var page: [ClosedRange<Int64>] = []
    private var isLast = false

    init(store: CollectorStore, ledger: String) {
        self.store = store
        self.ledger = ledger
    }

    /// Whether exactly these numbers are recorded as one hole. Asked in rising order.
    mutating func isHole(_ first: Int64, _ last: Int64) async throws -> Bool {
        if page.last.map({ $0.lowerBound < first }) ?? true, !isLast {
            page = try await store.holes(ledger: ledger, from: first, limit: LedgerOverview.maxHoles, scope: .all)
            isLast = page.count < LedgerOverview.maxHoles
        }
        return page.contains(first...last)
    }
}
