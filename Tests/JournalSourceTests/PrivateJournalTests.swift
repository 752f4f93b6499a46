// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import SessionTracking
import SystemJournal
import TestSupport
import Testing

@testable import JournalSource

@Suite("The source on a journald at work", .serialized, .enabled(if: geteuid() == 0, "a private journald needs root"))
struct PrivateJournalTests {
    private let unit = "containerd.service"

    private func write(
        _ journal: PrivateJournal, _ lines: [String], unit: String = "containerd.service", isWaiting: Bool = true
    ) async throws {
        try await journal.write(unit: unit, identifier: String(unit.dropLast(8)), lines, isWaiting: isWaiting)
    }

    private func ids(_ range: Range<Int>) -> [String] { range.map { "c\($0)" } }

    @Test("lines of the units are told as they are written, whatever the machine's cgroups; others are not")
    func live() async throws {
        let journal = try PrivateJournal()
        try await journal.start()
        let source = RunningSource(journal.files)
        try await source.waitUntilLive()
        try await write(journal, [Lines.sandbox("s1", pod: "web"), Lines.created("c1", name: "x", sandbox: "s1")])
        try await write(journal, [Lines.started("forged")], unit: "ssh.service")
        try await write(
            journal,
            [
                #"I1121 02:40:10.865378   1 generic.go:413] "Generic (PLEG): container finished" podID="u" containerID="c1" exitCode=3"#
            ],
            unit: "kubelet.service")
        try await source.waitFor("c1 exited 3")
        #expect(source.statements == ["c1 exited 3"])
        #expect(source.descriptions(of: "c1").first?.pod == "web")
        try await source.stop()
        try await journal.teardown()
    }

    @Test("rotated and vacuumed while it reads and while it does not: nothing is lost that is still there")
    func rotation() async throws {
        let journal = try PrivateJournal()
        try await journal.start()
        let first = RunningSource(journal.files)
        try await first.waitUntilLive()
        for round in 0..<3 {
            try await write(journal, ids((round * 10)..<(round * 10 + 10)).map(Lines.started))
            try await journal.rotate()
        }
        try await first.waitFor("c29 started")
        #expect(first.statements == ids(0..<30).map { "\($0) started" })
        // The files that it has read go from under it.
        try await journal.vacuum(keeping: 1)
        try await write(journal, ids(30..<40).map(Lines.started))
        try await first.waitFor("c39 started")
        #expect(first.statements == ids(0..<40).map { "\($0) started" })
        // What was deleted is let go of.
        try await waitUntil("no deleted file of the journal is held") { heldFiles(journal).isEmpty }
        try await first.stop()
        #expect(first.missed.isEmpty)
        let cursor = try #require(first.cursor)

        // Rotated while nobody reads: exactly the rest.
        try await write(journal, ids(40..<50).map(Lines.started))
        try await journal.rotate()
        try await write(journal, ids(50..<60).map(Lines.started))
        let second = RunningSource(journal.files, cursor: cursor)
        try await second.waitUntilLive()
        #expect(second.statements == ids(40..<60).map { "\($0) started" })
        #expect(second.missed.isEmpty)
        try await second.stop()

        // And the cursor's file vacuumed: the interval is missed, the rest is told.
        try await journal.rotate()
        try await write(journal, ids(60..<70).map(Lines.started))
        try await journal.rotate()
        try await journal.vacuum(keeping: 1)
        try await write(journal, ids(70..<80).map(Lines.started))
        let third = RunningSource(journal.files, cursor: cursor)
        try await third.waitUntilLive()
        #expect(third.missed.count == 1)
        let left = third.statements
        #expect(left == ids((80 - left.count)..<80).map { "\($0) started" })
        #expect(left.count < 40)
        #expect(left.count >= 10)
        try await third.stop()
        try await journal.teardown()
    }

    private func heldFiles(_ journal: PrivateJournal) -> [String] {
        Files.names(in: "/proc/self/fd").compactMap { ProcessTable.link("/proc/self/fd/" + $0) }
            .filter { $0.hasPrefix(journal.files) && $0.hasSuffix("(deleted)") }
    }

    @Test("what journald suppresses at its rate limit is a missed interval with a number")
    func dropped() async throws {
        let journal = try PrivateJournal(settings: ["RateLimitIntervalSec": "2s", "RateLimitBurst": "20"])
        try await journal.start()
        let source = RunningSource(journal.files)
        try await source.waitUntilLive()
        // More than its burst, multiplied by what there is of free disk, lets through.
        try await write(journal, ids(0..<2000).map(Lines.started), isWaiting: false)
        var rounds = 0
        try await waitUntil(every: .milliseconds(500), "the loss is announced") {
            rounds += 1
            // The announcement comes with the service's first line after the interval.
            try await write(journal, [Lines.started("r\(rounds)")], isWaiting: false)
            return !source.missed.isEmpty
        }
        let missed = try #require(source.missed.first)
        #expect(missed.reason.contains("containerd.service"))
        let through = source.statements.count { $0.hasPrefix("c") }
        #expect(missed.dropped.map { $0 + through >= 2000 } == true)
        #expect(missed.from <= missed.to)
        try await source.stop()
        try await journal.teardown()
    }

    @Test("on a quiet node the cursor moves on with everybody else's entries")
    func quiet() async throws {
        let journal = try PrivateJournal()
        try await journal.start()
        try await write(journal, [Lines.started("c1")])
        let source = RunningSource(journal.files) { $0.idleInterval = .milliseconds(100) }
        try await source.waitUntilLive()
        let before = source.cursor
        try await write(journal, ["noise"], unit: "ssh.service")
        try await waitUntil("the cursor moves") { source.cursor != before }
        try await source.stop()
        // Even if all of ours is gone: nothing was missed.
        let next = RunningSource(journal.files, cursor: source.cursor)
        try await write(journal, [Lines.started("c2")])
        try await next.waitFor("c2 started")
        #expect(next.statements == ["c2 started"])
        #expect(next.missed.isEmpty)
        try await next.stop()
        try await journal.teardown()
    }

    @Test("its files replaced under it: the source opens the journal again and goes on")
    func replaced() async throws {
        let journal = try PrivateJournal()
        try await journal.start()
        let source = RunningSource(journal.files)
        try await source.waitUntilLive()
        try await write(journal, [Lines.started("c1")])
        try await source.waitFor("c1 started")
        try await journal.stop()
        Files.removeTree(journal.files + "/" + (Files.names(in: journal.files).first ?? "none"))
        try await journal.start()
        try await write(journal, [Lines.started("c2")])
        try await source.waitFor("c2 started")
        #expect(source.statements == ["c1 started", "c2 started"])
        try await source.stop()
        try await journal.teardown()
        #expect(journal.leftovers().isEmpty)
    }
}
