// SPDX-License-Identifier: Apache-2.0
import CSystemd
import Glibc
package import SessionRecords

/// One handle of libsystemd's on a journal.
///
/// Not `Sendable`, because libsystemd allows one thread at a time; every call may block on the disk. After an error of
/// `next` or `previous` (a file that was vacuumed away or is damaged) the handle is of no more use: make a new one and go to
/// the last cursor.
package final class JournalReader {
    package let place: JournalPlace
    private let handle: OpaquePointer
    /// Values longer than this are cut, in bytes.
    private let longest: Int

    /// Opens the journal, before its first entry. From here on files that come and go are noticed.
    ///
    /// A journal of which nothing may be read opens all the same, as libsystemd has it: see `JournalInventory`.
    /// - Parameter longest: values are cut at this many bytes.
    /// - Throws: `journal.absent`, `journal.access`, `journal.limit`, …
    package init(
        _ place: JournalPlace, namespaces: JournalNamespaces = .standard, longest: Int = 65_536
    ) throws(LastwordError) {
        self.place = place
        self.longest = max(256, longest)
        var opened: OpaquePointer?
        let result = Self.open(place, namespaces, &opened)
        try JournalFailure.check(result, "cannot open the journal at \(place)")
        guard let opened else { throw JournalFailure.error("cannot open the journal at \(place)", number: EINVAL) }
        handle = opened
        // A little more than is wanted, so that what is cut is known to be cut.
        try JournalFailure.check(
            sd_journal_set_data_threshold(handle, self.longest + 128), "cannot limit the journal's values")
        // Files that are rotated away before anybody watches would stay open and be read for ever
        // (systemd/systemd#14695): watch before the first entry is read.
        try JournalFailure.check(sd_journal_get_fd(handle), "cannot watch the journal at \(place)")
    }

    deinit {
        sd_journal_close(handle)
    }

    private static func open(
        _ place: JournalPlace, _ namespaces: JournalNamespaces, _ handle: inout OpaquePointer?
    ) -> Int32 {
        switch place {
        case .host:
            // Only this machine's files, unless they are another's: a container that has the node's journal mounted and
            // a machine id of its own.
            let flags = hasOwnFiles() ? Int32(SD_JOURNAL_LOCAL_ONLY) : 0
            return switch namespaces {
            case .standard: sd_journal_open(&handle, flags)
            case .including(let name):
                sd_journal_open_namespace(&handle, name, flags | Int32(SD_JOURNAL_INCLUDE_DEFAULT_NAMESPACE))
            case .all: sd_journal_open_namespace(&handle, nil, flags | Int32(SD_JOURNAL_ALL_NAMESPACES))
            }
        case .directory(let path): return sd_journal_open_directory(&handle, path, 0)
        case .root(let path): return sd_journal_open_directory(&handle, path, Int32(SD_JOURNAL_OS_ROOT))
        }
    }

    private static func hasOwnFiles() -> Bool {
        var machine = sd_id128_t()
        guard sd_id128_get_machine(&machine) >= 0 else { return false }
        let name = text(of: machine)
        return JournalPlace.host.directories.contains { access("\($0)/\(name)", F_OK) == 0 }
    }

    // MARK: What is read

    /// From now on only entries that fit one of the groups; within a group values of the same field are alternatives, and
    /// different fields must all fit. No group: every entry. Forgets the position: seek anew.
    package func read(onlyMatching groups: [[JournalMatch]]) throws(LastwordError) {
        sd_journal_flush_matches(handle)
        for (number, group) in groups.enumerated() {
            if number > 0 { try JournalFailure.check(sd_journal_add_disjunction(handle), "cannot narrow the journal") }
            for match in group {
                let bytes = match.bytes
                try JournalFailure.check(
                    sd_journal_add_match(handle, bytes, bytes.count), "cannot narrow the journal to \(match.field)")
            }
        }
    }

    // MARK: Position

    /// Before the first entry: `next` reads it.
    package func seekToStart() throws(LastwordError) {
        try JournalFailure.check(sd_journal_seek_head(handle), "cannot go to the journal's start")
    }

    /// Behind the last entry: `previous` reads it. Before `next` is called, `previous` must have been.
    package func seekToEnd() throws(LastwordError) {
        try JournalFailure.check(sd_journal_seek_tail(handle), "cannot go to the journal's end")
    }

    /// Before the entry of a cursor, or where it would be: `next` reads it or one near it, `isAt` says which.
    /// - Throws: `journal.failed` also for text that is no cursor.
    package func seek(toCursor cursor: String) throws(LastwordError) {
        try JournalFailure.check(sd_journal_seek_cursor(handle, cursor), "cannot go to a cursor of the journal")
    }

    /// Before the first entry received at or after the moment.
    package func seek(to time: Timestamp) throws(LastwordError) {
        try JournalFailure.check(
            sd_journal_seek_realtime_usec(handle, UInt64(max(0, time.nanoseconds / 1000))),
            "cannot go to a time of the journal")
    }

    /// Goes on to the next entry; false at the end.
    package func next() throws(LastwordError) -> Bool {
        try JournalFailure.check(sd_journal_next(handle), "cannot read on in the journal at \(place)") > 0
    }

    /// Goes back to the previous entry; false at the start.
    package func previous() throws(LastwordError) -> Bool {
        try JournalFailure.check(sd_journal_previous(handle), "cannot read back in the journal at \(place)") > 0
    }

    /// Whether the present entry is the cursor's own.
    package func isAt(cursor: String) throws(LastwordError) -> Bool {
        try JournalFailure.check(sd_journal_test_cursor(handle, cursor), "cannot compare a cursor of the journal") > 0
    }

    /// The present entry's cursor: opaque, to be kept and given back.
    package func cursor() throws(LastwordError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        try JournalFailure.check(sd_journal_get_cursor(handle, &text), "cannot tell where the journal stands")
        guard let text else { throw JournalFailure.error("cannot tell where the journal stands", number: EINVAL) }
        defer { free(text) }
        return String(cString: text)
    }

    // MARK: The present entry

    /// When journald received it, by the wall clock; microseconds.
    package func received() throws(LastwordError) -> Timestamp {
        var microseconds: UInt64 = 0
        try JournalFailure.check(sd_journal_get_realtime_usec(handle, &microseconds), "cannot tell an entry's time")
        let (value, overflow) = Int64(clamping: microseconds).multipliedReportingOverflow(by: 1000)
        return Timestamp(nanoseconds: overflow ? .max : value)
    }

    /// When journald received it, in nanoseconds since that boot, and which boot it was (32 hexadecimal digits).
    package func receivedSinceBoot() throws(LastwordError) -> (boot: String, nanoseconds: Int64) {
        var microseconds: UInt64 = 0
        var boot = sd_id128_t()
        try JournalFailure.check(
            sd_journal_get_monotonic_usec(handle, &microseconds, &boot), "cannot tell an entry's time since boot")
        let (value, overflow) = Int64(clamping: microseconds).multipliedReportingOverflow(by: 1000)
        return (Self.text(of: boot), overflow ? .max : value)
    }

    /// The bytes of a field, cut at `longest`; of a field that comes several times one of them. Nil if the entry has no
    /// such field, or holds it in a way that this libsystemd cannot read.
    package func value(of field: String) throws(LastwordError) -> [UInt8]? {
        var data: UnsafeRawPointer?
        var count = 0
        let result = sd_journal_get_data(handle, field, &data, &count)
        guard result >= 0 else {
            if Self.isMissing(0 &- result) { return nil }
            throw JournalFailure.error("cannot read a field of the journal at \(place)", number: 0 &- result)
        }
        let prefix = field.utf8.count + 1
        guard let data, count >= prefix else { return nil }
        // Valid until the next call only.
        return Array(UnsafeRawBufferPointer(start: data + prefix, count: min(count - prefix, longest)))
    }

    /// All fields in no order, values cut at `longest`; at most `limit` of them.
    package func values(limit: Int = 256) throws(LastwordError) -> [(field: String, value: [UInt8])] {
        sd_journal_restart_data(handle)
        var fields: [(String, [UInt8])] = []
        while fields.count < limit {
            var data: UnsafeRawPointer?
            var count = 0
            let result = sd_journal_enumerate_available_data(handle, &data, &count)
            if result == 0 { break }
            try JournalFailure.check(result, "cannot read the fields of an entry")
            guard let data else { continue }
            let bytes = UnsafeRawBufferPointer(start: data, count: count)
            guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = bytes[(equals + 1)...].prefix(longest)
            fields.append((String(decoding: bytes[..<equals], as: UTF8.self), Array(value)))
        }
        return fields
    }

    /// A field that is not there, too large for this machine, compressed in an unknown way, or damaged on its own.
    private static func isMissing(_ number: Int32) -> Bool {
        [ENOENT, E2BIG, ENOBUFS, EPROTONOSUPPORT, EBADMSG].contains(number)
    }

    // MARK: News

    package enum Change: Sendable {
        case nothing
        /// Entries were added.
        case appended
        /// Files came or went; reading on in order misses nothing that is still there.
        case filesChanged
    }

    /// Waits until something changed, at most so long. Also lets go of files that were deleted, so it must be called now
    /// and then even when there is much to read.
    package func wait(upTo limit: Duration) throws(LastwordError) -> Change {
        let (seconds, attoseconds) = limit.components
        let microseconds = max(0, min(seconds, 3600)) * 1_000_000 + max(0, attoseconds / 1_000_000_000_000)
        let result = try JournalFailure.check(
            sd_journal_wait(handle, UInt64(microseconds)), "cannot wait for the journal at \(place)")
        return switch result {
        case Int32(SD_JOURNAL_APPEND): .appended
        case Int32(SD_JOURNAL_INVALIDATE): .filesChanged
        default: .nothing
        }
    }

    static func text(of id: sd_id128_t) -> String {
        withUnsafeBytes(of: id) { Hex.encode($0) }
    }
}
