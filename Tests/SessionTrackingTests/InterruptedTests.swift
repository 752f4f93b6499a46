// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

/// Restarts in the middle of something; each found by `make torture`.
@Suite struct InterruptedTests {
    let id = Sample.id(1)

    @Test("killed between the two questions whether the runtime still knows it: the second one is asked again")
    func betweenQuestions() throws {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: Sample.running(id, since: 0))], version: 10)), at: 0.1)
        node.start(id, at: 0.5)
        // It ends and goes while nobody watches; of the two answers the first one comes, and is written down.
        node.records = [:]
        node.statuses = [:]
        try node.restart()
        node.answersLookups = false
        node.relist()
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(3)), at: 3)
        node.tell(.containerUnknown(id), at: 3.5)
        node.tell(.podListing([]), at: 4)
        try node.restart()
        node.answersLookups = true
        node.relist()
        node.clock(20)
        #expect(node.session(id)?.state == .unknown)
        #expect(node.entryTypes(id).filter { $0 != .sessionAmended } == [.sessionStarted, .sessionEnded])
        #expect(node.violations.isEmpty)
    }

    @Test("an agent that never lives for half a minute settles what is over all the same")
    func shortLives() throws {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: Sample.running(id, since: 0))], version: 10)), at: 0.1)
        node.start(id)
        node.exit(id, 42, at: 5)
        node.delete(id, at: 5.1)
        node.remove(id, at: 6)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(6)), at: 6)
        for second in 1...4 {
            node.clock(6 + Double(second) * 10)
            if second < 3 { #expect(node.settled.isEmpty) }
            try node.restart()
            node.relist()
        }
        node.clock(47)
        #expect(node.settled == [SessionID(container: id)])
        #expect(node.violations.isEmpty)
    }

    @Test("the time that is left for somebody to say what it was goes on over restarts")
    func classification() throws {
        var node = TrackerDriver()
        node.answersLookups = false
        node.start(id, at: 1)
        node.exit(id, 3, at: 2)
        node.delete(id, at: 2)
        for minute in 1...10 {
            node.clock(Double(minute) * 60)
            #expect(node.entries.isEmpty)
            try node.restart()
        }
        node.clock(604)
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.session(id)?.classification == .unresolved && node.session(id)?.exitCode == 3)
    }

    @Test(
        "gone before it could be asked for its name, and named by the pod's status, before or after",
        arguments: [true, false])
    func namedByStatus(podFirst: Bool) {
        var node = TrackerDriver()
        let status = Sample.terminated(id, 9, "Error", from: 1, to: 2)
        let pod = Fact.pod(Sample.facts([Sample.regular(), Sample.ephemeral(status: status)], version: 11))
        if podFirst { node.tell(pod, at: 2.2) }
        node.start(id, at: 2.3)
        node.exit(id, 9, at: 2.4)
        node.delete(id, at: 2.5)
        if !podFirst { node.tell(pod, at: 2.6) }
        node.clock(20)
        let session = node.session(id)
        #expect(session?.container == "debugger-x7k2p" && session?.pod == "web-1")
        #expect(session?.classification == .confirmed && session?.targetContainer == "nginx")
        #expect(session?.exitCode == 9)
        #expect(node.violations.isEmpty)
    }
}
