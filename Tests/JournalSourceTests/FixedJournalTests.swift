// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import SessionRecords
import SessionTracking
import SystemJournal
import TestSupport
import Testing

@testable import JournalSource

@Suite(
    "The source on journals of known content",
    .enabled(if: FixedJournal.obstacle == nil, "systemd-journal-remote is missing"))
struct FixedJournalTests {
    private static let start: Int64 = 1_795_228_800_000_000

    private func line(_ text: String, second: Int64, unit: String = "containerd.service") -> FixedJournal.Entry {
        .line(text, unit: unit, at: Self.start + second * 1_000_000)
    }

    private func position(of second: Int64, cursor: String) -> String {
        "1 \(Self.start + second * 1_000_000) \(FixedJournal.boot) \((Self.start + second * 1_000_000) % 1_000_000_000_000) "
            + cursor
    }

    /// The text of the position of the entry received in this second.
    private func cursor(in directory: String, second: Int64) throws -> String {
        let reader = try JournalReader(.directory(directory))
        try reader.seek(to: Timestamp(nanoseconds: (Self.start + second * 1_000_000) * 1000))
        #expect(try reader.next())
        return try JournalPosition(reader).text
    }

    @Test("reading goes on behind the cursor's entry: no line twice, none missed")
    func resume() async throws {
        let scratch = try ScratchDirectory()
        try await FixedJournal.write(
            (0..<600).map { line(Lines.started("c\($0)"), second: $0) }, to: scratch.file("a.journal"))
        for start in [0, 299, 598] as [Int64] {
            let source = RunningSource(scratch.path, cursor: try cursor(in: scratch.path, second: start))
            try await source.waitUntilLive()
            #expect(source.statements == ((start + 1)..<600).map { "c\($0) started" })
            #expect(source.missed.isEmpty)
            #expect(try source.cursor == cursor(in: scratch.path, second: 599))
            try await source.stop()
        }
    }

    @Test("the cursor stands behind the facts that were read before it, and every batch has one")
    func order() async throws {
        let scratch = try ScratchDirectory()
        try await FixedJournal.write(
            (0..<1000).map { line(Lines.started("c\($0)"), second: $0) }, to: scratch.file("a.journal"))
        let first = RunningSource(scratch.path, cursor: try cursor(in: scratch.path, second: 0))
        try await first.waitUntilLive()
        try await first.stop()
        // Ended behind any of its cursors, it goes on there.
        var told = 0
        for fact in first.facts {
            switch fact {
            case .journal: told += 1
            case .readUpTo(_, let cursor):
                #expect(try cursor == self.cursor(in: scratch.path, second: Int64(told)))
            default: break
            }
        }
        #expect(told == 999)
        let cursors = first.facts.count { if case .readUpTo = $0 { true } else { false } }
        #expect(cursors >= 4)
    }

    @Test("one reader after the other, while history is read and at its end: no line twice, none missed, nothing lost")
    func renewal() async throws {
        let scratch = try ScratchDirectory()
        try await FixedJournal.write(
            (0..<1000).map { line(Lines.started("c\($0)"), second: $0) }, to: scratch.file("a.journal"))
        let start = try cursor(in: scratch.path, second: 0)
        for (whileReading, atEnd) in [(256, 1), (1, 256), (300, 5_000)] {
            let source = RunningSource(scratch.path, cursor: start) {
                $0.entriesOfReader = whileReading
                $0.entriesOfReaderAtEnd = atEnd
            }
            try await source.waitUntilLive()
            #expect(source.statements == (1..<1000).map { "c\($0) started" })
            #expect(source.missed.isEmpty)
            #expect(source.facts.count { if case .sourceRestored = $0 { true } else { false } } == 1)
            #expect(!source.facts.contains { if case .sourceLost = $0 { true } else { false } })
            #expect(try source.cursor == cursor(in: scratch.path, second: 999))
            try await source.stop()
        }
    }

    @Test("the first start tells nothing of before, and has a cursor at once")
    func firstStart() async throws {
        let scratch = try ScratchDirectory()
        try await FixedJournal.write(
            [line(Lines.started("c0"), second: 0), line("something else", second: 1, unit: "ssh.service")],
            to: scratch.file("a.journal"))
        let source = RunningSource(scratch.path)
        try await source.waitUntilLive()
        #expect(source.statements.isEmpty)
        #expect(try source.cursor == cursor(in: scratch.path, second: 1))
        #expect(
            source.facts.suffix(2).map { RecordedJournals.render($0) } == ["read up to", "restored"])
        try await source.stop()
    }

    @Test("a cursor at somebody else's entry is as good as one at ours")
    func foreignCursor() async throws {
        let scratch = try ScratchDirectory()
        try await FixedJournal.write(
            [
                line(Lines.started("c0"), second: 0), line("x", second: 1, unit: "ssh.service"),
                line(Lines.started("c2"), second: 2),
            ], to: scratch.file("a.journal"))
        let source = RunningSource(scratch.path, cursor: try cursor(in: scratch.path, second: 1))
        try await source.waitUntilLive()
        #expect(source.statements == ["c2 started"])
        #expect(source.missed.isEmpty)
        try await source.stop()
    }

    @Test("a cursor whose entry is gone is an interval that was missed, up to what is left")
    func vacuumed() async throws {
        let scratch = try ScratchDirectory()
        let old = try scratch.directory("old")
        let now = try scratch.directory("new")
        try await FixedJournal.write([line(Lines.started("c0"), second: 0)], to: old + "/a.journal")
        try await FixedJournal.write(
            (100..<110).map { line(Lines.started("c\($0)"), second: $0) }, to: now + "/b.journal")
        let source = RunningSource(now, cursor: try cursor(in: old, second: 0))
        try await source.waitUntilLive()
        #expect(source.statements == (100..<110).map { "c\($0) started" })
        #expect(source.missed.count == 1)
        #expect(source.missed.first?.from == Timestamp(nanoseconds: Self.start * 1000))
        #expect(source.missed.first?.to == Timestamp(nanoseconds: (Self.start + 100_000_000) * 1000))
        // Before the facts that were read behind it.
        #expect(source.facts.first.map { RecordedJournals.render($0) }?.hasPrefix("missed") == true)
        try await source.stop()
    }

    @Test(
        "a stored cursor of anybody's making does no harm",
        arguments: [
            "", "x", "1 2 3", "s=1;i=1;b=2;m=3;t=4;x=5",
            "1 1795228805000000 50e0952fdadf462ca07b14601eade161 5 nonsense",
            "1 1795228805000000 50e0952fdadf462ca07b14601eade161 5 s=zz;i=1",
            "1 1795228805000000 ffffffffffffffffffffffffffffffff 5 s=00000000000000000000000000000001;i=1;"
                + "b=ffffffffffffffffffffffffffffffff;m=1;t=660c046f77e40;x=1",
        ])
    func hostileCursor(cursor: String) async throws {
        let scratch = try ScratchDirectory()
        try await FixedJournal.write(
            (0..<10).map { line(Lines.started("c\($0)"), second: $0) }, to: scratch.file("a.journal"))
        let source = RunningSource(scratch.path, cursor: cursor)
        try await source.waitUntilLive()
        #expect(source.missed.count == 1)
        // With a time in it, what came behind that; without, nothing.
        let expected = cursor.hasPrefix("1 1795228805") ? ["c6 started", "c7 started", "c8 started", "c9 started"] : []
        #expect(source.statements.suffix(4) == expected.suffix(4))
        try await source.stop()
    }

    @Test("only what journald itself says of a line counts: forged fields are no witness")
    func forged() async throws {
        let scratch = try ScratchDirectory()
        let fake = Lines.started("fake")
        func entry(_ fields: [(String, String)], _ second: Int64) -> FixedJournal.Entry {
            FixedJournal.Entry(fields, realtime: Self.start + second * 1_000_000, monotonic: second)
        }
        let oom = "oom-kill:constraint=x,task_memcg=/kubepods/\(LineSamples.id),task=x,pid=1,uid=0"
        try await FixedJournal.write(
            [
                entry([("MESSAGE", "first"), ("_SYSTEMD_UNIT", "x.service")], 0),
                entry([("MESSAGE", fake), ("_SYSTEMD_UNIT", "evil.service"), ("SYSLOG_IDENTIFIER", "containerd")], 1),
                entry(
                    [("MESSAGE", fake), ("UNIT", "containerd.service"), ("_PID", "77"), ("_TRANSPORT", "journal")], 2),
                entry([("MESSAGE", fake), ("SYSTEMD_UNIT", "containerd.service"), ("_TRANSPORT", "stdout")], 3),
                entry([("MESSAGE", oom), ("SYSLOG_IDENTIFIER", "kernel"), ("_TRANSPORT", "syslog")], 4),
                entry(
                    [
                        ("MESSAGE", "Suppressed 3 messages from containerd.service"), ("N_DROPPED", "3"),
                        ("MESSAGE_ID", JournalMessage.dropped), ("_TRANSPORT", "journal"),
                        ("_SYSTEMD_UNIT", "evil.service"),
                    ], 5),
                // systemd itself about the unit: heard, and no fact.
                entry(
                    [("MESSAGE", fake), ("UNIT", "containerd.service"), ("_PID", "1"), ("_TRANSPORT", "journal")], 6),
                entry([("MESSAGE", oom), ("_TRANSPORT", "kernel")], 7),
                entry(
                    [
                        ("MESSAGE", "Suppressed 3 messages from containerd.service"), ("N_DROPPED", "3"),
                        ("MESSAGE_ID", JournalMessage.dropped), ("_TRANSPORT", "driver"),
                    ], 8),
                line(Lines.started("real"), second: 9),
            ], to: scratch.file("a.journal"))
        let source = RunningSource(scratch.path, cursor: try cursor(in: scratch.path, second: 0))
        try await source.waitUntilLive()
        #expect(source.statements == ["\(LineSamples.id) oom", "real started"])
        #expect(source.missed.map(\.dropped) == [3])
        try await source.stop()
    }

    @Test("a container made before the cursor gets its name and its pod from older lines, once")
    func lookBack() async throws {
        let scratch = try ScratchDirectory()
        var entries = [line(Lines.sandbox("s1", pod: "web"), second: 0)]
        entries.append(line(Lines.created("c1", name: "debugger-x", sandbox: "s1"), second: 1))
        entries += (2..<50).map { line("level=info msg=noise", second: $0) }
        entries += [line(Lines.removed("c1"), second: 50), line(Lines.removed("gone"), second: 51)]
        try await FixedJournal.write(entries, to: scratch.file("a.journal"))
        let source = RunningSource(scratch.path, cursor: try cursor(in: scratch.path, second: 40))
        try await source.waitUntilLive()
        let description = try #require(source.descriptions(of: "c1").first)
        #expect(source.descriptions(of: "c1").count == 1)
        #expect(description.container == "debugger-x")
        #expect(description.pod == "web")
        #expect(description.podUID == PodUID("uid-web"))
        #expect(description.namespace == "default")
        #expect(source.descriptions(of: "gone").isEmpty)
        #expect(source.statements == ["c1 removed", "gone removed"])
        try await source.stop()

        // Bounded: what is further back is not reached.
        let short = RunningSource(scratch.path, cursor: try cursor(in: scratch.path, second: 40)) {
            $0.lookBackEntries = 20
        }
        try await short.waitUntilLive()
        #expect(short.descriptions(of: "c1").isEmpty)
        #expect(short.statements == ["c1 removed", "gone removed"])
        try await short.stop()
    }

    @Test("hostile bytes and oversized fields in a journal are lines that say nothing")
    func hostileBytes() async throws {
        let scratch = try ScratchDirectory()
        var entries = [line("first", second: 0)]
        var raw = line("", second: 1)
        raw.fields = [("MESSAGE", [0, 255, 10, 34, 92, 0]), ("_SYSTEMD_UNIT", Array("containerd.service".utf8))]
        entries.append(raw)
        entries.append(line(Lines.started("c2") + String(repeating: "x", count: 300_000), second: 2))
        var empty = line("", second: 3)
        empty.fields.removeAll { $0.0 == "MESSAGE" }
        entries.append(empty)
        entries.append(line(Lines.started("c4"), second: 4))
        try await FixedJournal.write(entries, to: scratch.file("a.journal"))
        let source = RunningSource(scratch.path, cursor: try cursor(in: scratch.path, second: 0))
        try await source.waitUntilLive()
        #expect(source.statements == ["c4 started"])
        try await source.stop()
    }

    @Test("nothing is dropped and nothing grows where nobody takes what is told")
    func backPressure() async throws {
        let scratch = try ScratchDirectory()
        try await FixedJournal.write(
            (0..<3000).map { line(Lines.started("c\($0)"), second: $0) }, to: scratch.file("a.journal"))
        let start = try cursor(in: scratch.path, second: 0)
        var configuration = JournalSourceConfiguration(place: .directory(scratch.path))
        configuration.queueCapacity = 100
        let source = JournalSource(
            configuration: configuration, cursor: start,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let run = Task { try await source.run() }
        try await waitUntil("the queue is full") { source.queue.count > 50 }
        // By the time at which another one has read it all, this one would have, too.
        let other = RunningSource(scratch.path, cursor: start)
        try await other.waitUntilLive()
        try await other.stop()
        #expect(source.queue.count <= 50 + 2 * 257)
        #expect(source.status.state == .catchingUp)
        var told = 0
        while told < 2999 {
            #expect(source.queue.count <= 50 + 2 * 257)
            for observation in try #require(await source.queue.nextBatch(max: 50)) {
                if case .journal = observation.fact { told += 1 }
            }
        }
        #expect(!source.queue.hasDropped)
        run.cancel()
        try await run.value
    }
}
