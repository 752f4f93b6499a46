// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SystemJournal

/// The heads of a ledger in the entries that the agent wrote into the journal. Only entries that journald itself says root
/// sent count: the fields that we write anybody could write.
enum JournalHeads {
    /// More than a ledger keeps in its longest time.
    private static let limit = 2_000_000

    static func read(_ place: JournalPlace, ledger: String) -> KeptHeads {
        let inventory = JournalInventory(of: place)
        guard inventory.isReadable else {
            let trouble = inventory.trouble ?? "nothing can be read"
            return KeptHeads(note: "not compared, \(trouble) at \(place)")
        }
        do {
            let heads = try heads(JournalReader(place, longest: 256), ledger)
            let count = heads.count == 1 ? "1 head" : "\(heads.count) heads"
            let trouble = inventory.trouble.map { "; \($0)" } ?? ""
            return KeptHeads(
                heads: heads.sorted { $0.number < $1.number }, note: "\(count) of this ledger at \(place)\(trouble)")
        } catch {
            return KeptHeads(note: "not compared, \(ErrorText.parts(error).message)")
        }
    }

    private static func heads(_ journal: JournalReader, _ ledger: String) throws(LastwordError) -> Set<NotedHead> {
        let matches = [
            JournalMatch("MESSAGE_ID", JournalVocabulary.messageID), JournalMatch("_UID", "0"),
            JournalMatch(JournalVocabulary.ledgerID, ledger),
        ]
        try journal.read(onlyMatching: [matches.compactMap { $0 }])
        try journal.seekToStart()
        var heads: Set<NotedHead> = []
        while heads.count < limit, try journal.next() {
            guard let number = try text(JournalVocabulary.entryNumber, journal),
                let hash = try text(JournalVocabulary.entryHash, journal),
                // Not a head: somebody with root's rights wrote what looks like one.
                let head = try? NotedHead("\(number):\(hash)")
            else { continue }
            heads.insert(head)
        }
        return heads
    }

    private static func text(_ field: String, _ journal: JournalReader) throws(LastwordError) -> String? {
        try journal.value(of: field).map { String(decoding: $0, as: UTF8.self) }
    }
}
