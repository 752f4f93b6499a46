// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@testable import RuntimeSource

@Suite("The roster behind a listing")
struct ContainerRosterTests {
    private let ids = RecordedStreams.ids(4)
    private let at = Timestamp(nanoseconds: 1)

    @Test("a container created while the listing was under way is in it, and one removed is not")
    func touched() {
        var roster = ContainerRoster()
        roster.recordWritten(ids[0])
        roster.beginListing()
        roster.recordWritten(ids[1])
        roster.note(.containerRemoved(ids[0], at: at))
        let listing = roster.finishListing(listed: [ids[0]: .running], recorded: [:], thorough: true)
        #expect(listing.containers == [ids[1]: .unknown])
    }

    @Test("a state that an event may have overtaken is not told")
    func staleState() {
        var roster = ContainerRoster()
        roster.note(.taskStarted(ids[0], pid: 1, at: at))
        roster.beginListing()
        roster.note(.taskExited(ids[0], TaskExit(exitCode: 0, exitedAt: nil, at: at)))
        let listing = roster.finishListing(
            listed: [ids[0]: .running, ids[1]: .running], recorded: [:], thorough: false)
        #expect(listing.containers == [ids[0]: .unknown, ids[1]: .running])
    }

    @Test("containers that CRI does not list are looked for by their record, once, and again after a loss")
    func doubtful() {
        var roster = ContainerRoster()
        roster.recordWritten(ids[0])
        roster.recordWritten(ids[1])
        roster.recordWritten(ids[2])
        roster.described(ids[2], isSandbox: true)
        roster.beginListing()
        #expect(Set(roster.doubtful(listed: [ids[1]: .created], thorough: false)) == [ids[0]])
        let listing = roster.finishListing(
            listed: [ids[1]: .created], recorded: [ids[0]: false], thorough: false)
        #expect(listing.containers == [ids[0]: .unknown, ids[1]: .created])
        #expect(roster.doubtful(listed: [ids[1]: .created], thorough: false).isEmpty)
        #expect(roster.doubtful(listed: [ids[1]: .created], thorough: true) == [ids[0]])
        roster.beginListing()
        // Still there although it was not asked for again.
        #expect(
            roster.finishListing(listed: [:], recorded: [:], thorough: false).containers == [ids[0]: .unknown])
        roster.beginListing()
        #expect(roster.finishListing(listed: [:], recorded: [:], thorough: true).containers.isEmpty)
        #expect(roster.count == 0)
    }

    @Test("a late exit of a removed container does not bring it back")
    func lateExit() {
        var roster = ContainerRoster()
        roster.recordWritten(ids[0])
        roster.note(.containerRemoved(ids[0], at: at))
        roster.beginListing()
        roster.note(.taskExited(ids[0], TaskExit(exitCode: 0, exitedAt: nil, at: at)))
        #expect(roster.finishListing(listed: [:], recorded: [:], thorough: false).containers.isEmpty)
    }

    @Test("a sandbox is never listed, whatever says that it is there")
    func sandboxes() {
        var roster = ContainerRoster()
        roster.recordWritten(ids[0])
        roster.described(ids[0], isSandbox: true)
        roster.beginListing()
        roster.note(.taskStarted(ids[0], pid: 1, at: at))
        let listing = roster.finishListing(
            listed: [:], recorded: [ids[0]: true, ids[1]: true], thorough: false)
        #expect(listing.containers.isEmpty)
    }
}
