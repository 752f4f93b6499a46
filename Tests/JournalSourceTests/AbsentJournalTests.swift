// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import SessionTracking
import SystemJournal
import TestSupport
import Testing

@testable import JournalSource

@Suite(
    "A journal that is not there", .enabled(if: FixedJournal.obstacle == nil, "systemd-journal-remote is missing"))
struct AbsentJournalTests {
    private func write(_ path: String, _ id: String) async throws {
        try await FixedJournal.write(
            [.line(Lines.started(id), unit: "containerd.service", at: 1_795_228_800_000_000)], to: path)
    }

    @Test("is a state and no gap, and is read once it is there")
    func absent() async throws {
        let scratch = try ScratchDirectory()
        let source = RunningSource(scratch.file("nothing"))
        try await waitUntil("it is said to be absent") { source.source.status.state == .absent }
        #expect(source.source.status.trouble == "there is no journal")
        // Nobody waits for it, and nothing was lost with it.
        try await waitUntil("it is told") { source.facts == [.sourceAbsent(.journal)] }
        #expect {
            try JournalSource.trialAccess(source.source.configuration)
        } throws: { ($0 as? LastwordError)?.code == "journal.absent" }
        // Made elsewhere and moved, so that it is never there by half.
        let path = try scratch.directory("making") + "/a.journal"
        try await write(path, "c1")
        try Files.rename(scratch.file("making"), to: scratch.file("nothing"))
        try await source.waitUntilLive()
        #expect(source.source.status.trouble == nil)
        try await source.stop()
    }

    @Test("although it was there the last time, is a gap that ends when it comes back")
    func lost() async throws {
        let scratch = try ScratchDirectory()
        let place = try scratch.directory("journal")
        try await write(place + "/a.journal", "c1")
        let first = RunningSource(place)
        try await first.waitUntilLive()
        try await first.stop()
        try Files.rename(place, to: scratch.file("away"))
        let second = RunningSource(place, cursor: first.cursor)
        try await waitUntil("the loss is told") {
            second.facts.contains(.sourceLost(.journal, reason: "there is no journal"))
        }
        #expect(second.source.status.state == .lost)
        try Files.rename(scratch.file("away"), to: place)
        try await second.waitUntilLive()
        #expect(second.missed.isEmpty)
        let changes = second.facts.filter { if case .readUpTo = $0 { false } else { true } }
        #expect(
            changes == [.sourceLost(.journal, reason: "there is no journal"), .sourceRestored(.journal)])
        try await second.stop()
    }

    @Test("for us, because its files may not be read, is noticed", .enabled(if: geteuid() == 0, "needs root"))
    func unreadable() async throws {
        let scratch = try ScratchDirectory()
        let place = try scratch.directory("journal")
        try await write(place + "/a.journal", "c1")
        chmod(scratch.path, 0o755)
        chmod(place + "/a.journal", 0o640)
        let configuration = JournalSourceConfiguration(place: .directory(place))
        let code = try SomebodyElse.run { () -> String? in
            do {
                _ = try JournalSource.trialAccess(configuration)
                return nil
            } catch {
                return (error as? LastwordError)?.code
            }
        }
        #expect(code == "journal.access")
        let trial = try JournalSource.trialAccess(configuration)
        #expect(trial.lastLines["containerd.service"] == Timestamp(nanoseconds: 1_795_228_800_000_000_000))
        #expect(trial.remark == nil)
        var others = configuration
        others.units = ["kubelet.service"]
        #expect(try JournalSource.trialAccess(others).remark?.contains("no line") == true)
    }

    @Test("in a format of tomorrow is noticed")
    func tooNew() async throws {
        let scratch = try ScratchDirectory()
        try await write(scratch.file("a.journal"), "c1")
        var bytes = try Files.read(scratch.file("a.journal"))
        bytes[12] |= 0x80
        try Files.write(bytes, to: scratch.file("a.journal"))
        #expect {
            try JournalSource.trialAccess(JournalSourceConfiguration(place: .directory(scratch.path)))
        } throws: { ($0 as? LastwordError)?.code == "journal.format" }
        try await write(scratch.file("b.journal"), "c2")
        let trial = try JournalSource.trialAccess(JournalSourceConfiguration(place: .directory(scratch.path)))
        #expect(trial.remark?.contains("newer format") == true)
    }
}
