// SPDX-License-Identifier: Apache-2.0
import Logging
import SessionRecords
import SessionTracking
import SystemJournal

/// Names of containers that were made before the cursor.
extension JournalFollower {
    var mayLookBack: Bool {
        guard let last = lookedBack else { return true }
        return ContinuousClock.now - last >= configuration.lookBackInterval
    }

    /// Goes back through the units' lines from where the source stands, bounded, with a reader of its own.
    /// - Returns: what that told of the containers that were asked for.
    func lookBack() throws(LastwordError) -> [Fact] {
        lookedBack = .now
        metrics.lookedBack()
        let reader = try JournalReader(
            configuration.place, namespaces: configuration.namespaces, longest: JournalEntry.longestMessage)
        try reader.read(onlyMatching: units.lines)
        if let position {
            try reader.seek(toCursor: position.cursor)
        } else {
            try reader.seekToEnd()
        }
        var count = 0
        while count < configuration.lookBackEntries, !Task.isCancelled, try reader.previous() {
            count += 1
            if let entry = try JournalEntry(reader, units: units) { translator.learn(entry) }
        }
        let facts = translator.describeWanted()
        logger.debug(
            "looked back through the journal for names",
            metadata: ["lastword.count": "\(count)", "lastword.named": "\(facts.count)"])
        translator.giveUpWanted()
        return facts
    }
}
