// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import SystemJournal

/// Where reading begins, and where it goes on.
extension JournalFollower {
    /// Puts the reader before the first entry that was not told yet.
    func takePosition(_ reader: JournalReader) throws(LastwordError) {
        if cursorIsUnreadable {
            cursorIsUnreadable = false
            let now = clock.now().wall
            missed(from: now, to: now, "cursor", "the stored cursor of the journal was unreadable")
        }
        guard let start = position else { return try startAtEnd(reader) }
        // Among all entries first: the cursor may stand at one that is none of ours, behind which ours are to be read.
        try reader.read(onlyMatching: [])
        let isThere = try find(start, reader)
        try reader.read(onlyMatching: units.all)
        guard isThere else { return try seekBehind(start, reader) }
        try reader.seek(toCursor: start.cursor)
        guard try reader.next() else { return }
        if try reader.isAt(cursor: start.cursor) {
            if let entry = try JournalEntry(reader, units: units) { translator.pass(entry) }
        } else {
            // Already the first one to be read: once more before it.
            try reader.seek(toCursor: start.cursor)
        }
    }

    private func find(_ position: JournalPosition, _ reader: JournalReader) throws(LastwordError) -> Bool {
        do {
            try reader.seek(toCursor: position.cursor)
        } catch {
            // The text has our form, and what it holds is no cursor of libsystemd's.
            return false
        }
        guard try reader.next() else { return false }
        return try reader.isAt(cursor: position.cursor)
    }

    /// The cursor's entry is gone: vacuumed, or the journal is another one. What is left behind it is read; the interval up
    /// to there is said to be missing.
    private func seekBehind(_ start: JournalPosition, _ reader: JournalReader) throws(LastwordError) {
        do {
            try reader.seek(toCursor: start.cursor)
        } catch {
            try reader.seek(to: start.received)
        }
        var first: JournalPosition?
        while first == nil, try reader.next() {
            let here = try JournalPosition(reader)
            // libsystemd goes to the closest entry, which may be one that was told.
            if start.isBefore(here) { first = here }
        }
        missed(
            from: start.received, to: first?.received ?? clock.now().wall, "vacuumed",
            "the journal no longer has the entry up to which it was read")
        if let first {
            try reader.seek(toCursor: first.cursor)
            return
        }
        // Nothing is left behind it; from here on a cursor that exists.
        if let end = try endOfJournal() { position = end }
    }

    /// The first start: what is in the journal already is not told.
    private func startAtEnd(_ reader: JournalReader) throws(LastwordError) {
        let end = try endOfJournal()
        try reader.read(onlyMatching: units.all)
        guard let end else { return try reader.seekToStart() }
        position = end
        try reader.seek(toCursor: end.cursor)
        guard try reader.next(), try !reader.isAt(cursor: end.cursor) else { return }
        try reader.seek(toCursor: end.cursor)
    }

    /// The last entry of anybody's; nil if there is none.
    private func endOfJournal() throws(LastwordError) -> JournalPosition? {
        let reader = try JournalReader(configuration.place, namespaces: configuration.namespaces, longest: 256)
        try reader.seekToEnd()
        guard try reader.previous() else { return nil }
        return try JournalPosition(reader)
    }

    /// On a quiet node the last entry of ours grows old until the journal forgets it, and with it where we were. So the
    /// position moves to the end of everything, once all of ours before that is read.
    func moveOn(_ reader: JournalReader) async throws {
        movedOn = .now
        guard let end = try endOfJournal() else { return }
        // What came between our last look and that end, also in a file that was made meanwhile.
        _ = try reader.wait(upTo: .zero)
        while try await tellNext(reader) {}
        guard let here = position, here.isBefore(end) else { return }
        position = end
        store()
    }
}
