// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SystemJournal
import TestSupport
import Testing

@Suite(
    "Reading a journal", .enabled(if: FixedJournal.obstacle == nil, "systemd-journal-remote is missing"))
struct JournalReaderTests {
    private static let start: Int64 = 1_795_228_800_000_000

    private func entry(_ fields: [(String, String)], second: Int64) -> FixedJournal.Entry {
        FixedJournal.Entry(fields, realtime: Self.start + second * 1_000_000, monotonic: second * 1_000_000)
    }

    /// Messages `m0`, `m1`, … of units a and b in turn.
    private func write(_ count: Int64, to path: String, first: Int64 = 0) async throws {
        try await FixedJournal.write(
            (first..<(first + count)).map {
                entry([("MESSAGE", "m\($0)"), ("_SYSTEMD_UNIT", $0 % 2 == 0 ? "a.service" : "b.service")], second: $0)
            }, to: path)
    }

    private func messages(_ reader: JournalReader) throws -> [String] {
        var all: [String] = []
        while try reader.next() { all.append(String(decoding: try reader.value(of: "MESSAGE") ?? [], as: UTF8.self)) }
        return all
    }

    @Test("goes to start, end, times and cursors, and knows whether it is there")
    func positions() async throws {
        let scratch = try ScratchDirectory()
        try await write(10, to: scratch.file("a.journal"))
        let reader = try JournalReader(.directory(scratch.path))
        #expect(try messages(reader) == (0..<10).map { "m\($0)" })
        try reader.seekToEnd()
        #expect(try reader.previous())
        #expect(try reader.value(of: "MESSAGE") == Array("m9".utf8))
        #expect(try !reader.next())
        try reader.seek(to: Timestamp(nanoseconds: (Self.start + 4_000_000) * 1000))
        #expect(try reader.next())
        #expect(try reader.received() == Timestamp(nanoseconds: (Self.start + 4_000_000) * 1000))
        let (boot, since) = try reader.receivedSinceBoot()
        #expect(boot == FixedJournal.boot)
        #expect(since == 4_000_000_000)
        let cursor = try reader.cursor()
        try reader.seekToStart()
        #expect(try reader.next())
        #expect(try !reader.isAt(cursor: cursor))
        try reader.seek(toCursor: cursor)
        #expect(try reader.next())
        #expect(try reader.isAt(cursor: cursor))
        #expect(try messages(reader) == (5..<10).map { "m\($0)" })
        #expect(throws: LastwordError.self) { try reader.seek(toCursor: "no cursor") }
    }

    @Test("reads only what fits one of the groups")
    func matches() async throws {
        let scratch = try ScratchDirectory()
        try await FixedJournal.write(
            [
                entry([("MESSAGE", "1"), ("_SYSTEMD_UNIT", "a.service"), ("PRIORITY", "6")], second: 1),
                entry([("MESSAGE", "2"), ("_SYSTEMD_UNIT", "b.service"), ("PRIORITY", "6")], second: 2),
                entry([("MESSAGE", "3"), ("_SYSTEMD_UNIT", "b.service"), ("PRIORITY", "3")], second: 3),
                entry([("MESSAGE", "4"), ("_TRANSPORT", "kernel")], second: 4),
            ], to: scratch.file("a.journal"))
        func read(_ groups: [[(String, String)]]) throws -> [String] {
            let reader = try JournalReader(.directory(scratch.path))
            try reader.read(onlyMatching: groups.map { $0.compactMap { JournalMatch($0.0, $0.1) } })
            return try messages(reader)
        }
        #expect(try read([]) == ["1", "2", "3", "4"])
        #expect(try read([[("_SYSTEMD_UNIT", "a.service"), ("_SYSTEMD_UNIT", "b.service")]]) == ["1", "2", "3"])
        #expect(
            try read([[("_SYSTEMD_UNIT", "b.service"), ("PRIORITY", "6")], [("_TRANSPORT", "kernel")]]) == ["2", "4"])
        #expect(JournalMatch("__CURSOR", "x") == nil)
        #expect(JournalMatch("lower", "x") == nil)
        #expect(JournalMatch("9A", "x") == nil)
    }

    @Test("values are bytes, whatever they are, and cut at the limit; what is not there is nil")
    func values() async throws {
        let scratch = try ScratchDirectory()
        var odd = entry([("_HOSTNAME", "h")], second: 1)
        odd.fields += [("MESSAGE", [0, 10, 255, 61, 34]), ("BIG", [UInt8](repeating: 120, count: 500_000))]
        odd.fields += (0..<400).map { ("F\($0)", [65]) }
        try await FixedJournal.write([odd], to: scratch.file("a.journal"))
        let reader = try JournalReader(.directory(scratch.path), longest: 1000)
        #expect(try reader.next())
        #expect(try reader.value(of: "MESSAGE") == [0, 10, 255, 61, 34])
        #expect(try reader.value(of: "BIG") == [UInt8](repeating: 120, count: 1000))
        #expect(try reader.value(of: "NOTHING") == nil)
        let all = try reader.values(limit: 100)
        #expect(all.count == 100)
        #expect(all.allSatisfy { $0.value.count <= 1000 })
    }

    @Test("new entries wake it, and files that come are read")
    func news() async throws {
        let scratch = try ScratchDirectory()
        try await write(2, to: scratch.file("a.journal"))
        let reader = try JournalReader(.directory(scratch.path))
        #expect(try messages(reader).count == 2)
        _ = try reader.wait(upTo: .zero)
        try await write(2, to: scratch.file("b.journal"), first: 2)
        var read: [String] = []
        try await waitUntil("the new file is read") {
            _ = try reader.wait(upTo: .milliseconds(200))
            read += try messages(reader)
            return read == ["m2", "m3"]
        }
    }

    @Test("a machine's root elsewhere has two directories, and its name spaces apart")
    func places() async throws {
        let scratch = try ScratchDirectory()
        let machine = "3d1219c7c4c5404aaa1f6d2a48adfda4"
        for (number, path) in ["var/log/journal", "run/log/journal"].enumerated() {
            let directory = try scratch.directory("\(path)/\(machine)")
            try await write(1, to: directory + "/system.journal", first: Int64(number))
        }
        try await write(
            1, to: try scratch.directory("var/log/journal/\(machine).iso") + "/system.journal", first: 5)
        let place = JournalPlace.root(scratch.path)
        #expect(try messages(JournalReader(place)) == ["m0", "m1"])
        let inventory = JournalInventory(of: place)
        #expect(inventory.readable == 3)
        #expect(inventory.trouble == nil)
        #expect(JournalPlace.host.directories == ["/run/log/journal", "/var/log/journal"])
        #expect(try messages(JournalReader(.directory(scratch.file("var/log/journal")))) == ["m0"])
    }

    @Test("a place that is not there is an error with a remedy; one without files opens and has nothing")
    func nothing() throws {
        let scratch = try ScratchDirectory()
        #expect {
            try JournalReader(.directory(scratch.file("none")))
        } throws: { ($0 as? LastwordError)?.code == "journal.absent" }
        #expect(try !JournalReader(.directory(scratch.path)).next())
        #expect(JournalInventory(of: .directory(scratch.path)).trouble == "there is no journal")
        try scratch.write("no journal at all, but long enough", to: "x.journal")
        #expect(!JournalInventory(of: .directory(scratch.path)).isReadable)
    }
}
