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
            let (line, isGood) = try await verify(ledger)
            answer.lines.append(line)
            if !isGood { answer.isGood = false }
        }
        answer.notes.append(answer.isGood ? "everything is whole" : "something is wrong")
        return answer
    }

    private func verify(_ ledger: LedgerOverview) async throws -> (line: String, isGood: Bool) {
        var previous: (number: Int64, hash: Digest)? =
            ledger.anchorNumber > 0 ? (ledger.anchorNumber, ledger.anchorHash) : nil
        var (checked, stubs) = (0, 0)
        var faults: [String] = []
        while faults.count < 10 {
            try Task.checkCancellation()
            let entries = try await store.entries(
                ledger: ledger.ledger, after: previous?.number ?? 0, limit: Self.page, scope: .all)
            for entry in entries {
                if let previous, entry.number == previous.number + 1, entry.previousHash != previous.hash {
                    faults.append("entry \(entry.number) does not follow the one before it")
                }
                if let bytes = entry.bytes {
                    let hash = LedgerChain.hash(previous: entry.previousHash, number: entry.number, bytes: bytes)
                    if hash != entry.hash { faults.append("entry \(entry.number) is not what its hash says") }
                } else {
                    stubs += 1
                }
                checked += 1
                previous = (entry.number, entry.hash)
            }
            guard entries.count == Self.page else { break }
        }
        if let previous, previous.number == ledger.headNumber, previous.hash != ledger.headHash {
            faults.append("the last entry is not the head")
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
