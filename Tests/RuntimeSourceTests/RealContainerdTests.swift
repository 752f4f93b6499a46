// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import SessionRecords
import SessionTracking
import TestSupport
import Testing

@testable import RuntimeSource

@Suite(
    "The runtime source on a real containerd", .serialized,
    .enabled(if: PrivateContainerd.isAvailable, "needs root and Debian's containerd"))
struct RealContainerdTests {
    @Test("its version is told")
    func version() async throws {
        try await PrivateContainerd.running { containerd in
            let version = try await RuntimeSource.trialConnection(containerd.configuration)
            #expect(version.name == "containerd")
            #expect(version.version.first?.isNumber == true || version.version.hasPrefix("v"))
        }
    }

    @Test("records that come and go are described and told; sandboxes are not listed")
    func records() async throws {
        try await PrivateContainerd.running { containerd in
            let ids = RecordedStreams.ids(3)
            let template = try RecordedStreams.record("ctr-info-tty.json")
            try await containerd.calling { caller in
                try await caller.create(RecordedStreams.record(ids[0], like: template))
                try await caller.create(RecordedStreams.record(ids[1], like: template, isSandbox: true))
                try await watching(containerd.configuration) { source, log in
                    try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                    #expect(log.facts.compactMap(\.listing) == [[ids[0]: .unknown]])
                    let description = try #require(log.facts.lazy.compactMap(\.described).first)
                    #expect(description.id == ids[0])
                    #expect(description.container == "ttyexact")
                    #expect(description.runtime == "containerd")
                    try await caller.create(RecordedStreams.record(ids[2], like: template))
                    try await log.wait(until: "described ahead") { $0.contains { $0.described?.id == ids[2] } }
                    try await caller.delete(ids[2])
                    try await log.wait(until: "removed") { $0.contains { $0.removed == ids[2] } }
                    source.requestDescription(of: ids[1])
                    try await log.wait(until: "sandbox") { $0.contains { $0.described?.isSandbox == true } }
                    source.requestDescription(of: ids[2])
                    source.requestStatus(of: ids[0])
                    try await log.wait(until: "answers") {
                        $0.contains(.containerUnknown(ids[2])) && $0.contains(.containerStatusUnknown(ids[0]))
                    }
                    #expect(source.metrics.value(.malformed) == 0)
                }
            }
        }
    }

    @Test("600 look-ups for 300 containers within seconds lose no event and no look-up")
    func lookups() async throws {
        try await PrivateContainerd.running { containerd in
            let ids = RecordedStreams.ids(300)
            let template = try RecordedStreams.record("ctr-info-tty.json")
            try await containerd.calling { caller in
                try await caller.createAll(ids.lazy.map { RecordedStreams.record($0, like: template) })
                try await watching(containerd.configuration) { source, log in
                    try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                    log.clear()
                    let start = ContinuousClock.now
                    for (index, id) in ids.enumerated() {
                        source.requestDescription(of: id)
                        // One at a time, so that each is a call of its own and the 200 of a connection are passed.
                        source.requestStatus(of: id)
                        if index % 10 == 0 {
                            try await waitUntil("answered") {
                                log.facts.count { if case .containerStatusUnknown = $0 { true } else { false } } > index
                            }
                        }
                        try await caller.publishStart(id)
                    }
                    try await log.wait(until: "all") { facts in
                        Set(facts.compactMap(\.described?.id)).count == 300
                            && facts.count { if case .containerStatusUnknown = $0 { true } else { false } } == 300
                            && facts.compactMap(\.started).count == 300
                    }
                    print("600 look-ups and 300 events: \(ContinuousClock.now - start)")
                    #expect(log.facts.allSatisfy { $0.lostReason == nil })
                    #expect(source.metrics.value(.eventsDropped) == 0)
                    #expect(source.metrics.value(.connectionsLost) == 0)
                    #expect(source.metrics.value(.unaryRenewals) >= 1)
                    #expect(log.facts.compactMap(\.started) == ids)
                }
            }
        }
    }

    @Test("10 000 records known at start are all listed and described")
    func tenThousand() async throws {
        try await PrivateContainerd.running { containerd in
            let ids = RecordedStreams.ids(10_000)
            let template = try RecordedStreams.record("ctr-info-tty.json")
            try await containerd.calling { caller in
                var start = ContinuousClock.now
                try await caller.createAll(ids.lazy.map { RecordedStreams.record($0, like: template) })
                print("10 000 records made in \(ContinuousClock.now - start)")
                let log = DescriptionCounter()
                start = ContinuousClock.now
                let before = residentKiB()
                let source = RuntimeSource(configuration: containerd.configuration, logger: .init(label: "test"))
                try await withThrowingTaskGroup { group in
                    group.addTask { try await source.run() }
                    defer { group.cancelAll() }
                    try await log.count(source.queue)
                }
                print("10 000 records listed in \(ContinuousClock.now - start), \(residentKiB() - before) KiB more")
                #expect(log.described == Set(ids))
                #expect(log.listed == Set(ids))
            }
        }
    }

    @Test("a restart of containerd is a gap that is closed, and events are seen again")
    func restart() async throws {
        try await PrivateContainerd.running { containerd in
            let ids = RecordedStreams.ids(2)
            let template = try RecordedStreams.record("ctr-info-tty.json")
            try await watching(containerd.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                log.clear()
                containerd.stop()
                try await log.wait(until: "lost") { $0.contains { $0.lostReason != nil } }
                source.requestDescription(of: ids[0])
                try await containerd.start()
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                try await log.wait(until: "answered") { $0.contains(.containerUnknown(ids[0])) }
                try await containerd.calling { caller in
                    try await caller.create(RecordedStreams.record(ids[1], like: template))
                    try await log.wait(until: "described") { $0.contains { $0.described?.id == ids[1] } }
                    try await caller.publishStart(ids[1])
                    try await log.wait(until: "started") { $0.contains { $0.started == ids[1] } }
                }
                #expect(log.facts.count { $0.lostReason != nil } == 1)
            }
        }
    }

    @Test("a source ended at any moment ends cleanly, and so does one whose runtime dies at any moment")
    func endedAtAnyMoment() async throws {
        try await PrivateContainerd.running { containerd in
            var generator = SeededGenerator(seed: 11)
            for _ in 0..<60 {
                let delay = Int.random(in: 0..<40, using: &generator)
                let source = RuntimeSource(
                    configuration: containerd.configuration,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                let task = Task { try await source.run() }
                try await Task.sleep(for: .milliseconds(delay))
                task.cancel()
                try await task.value
                // The queue has ended, after what was in it.
                while await source.queue.nextBatch(max: 100) != nil {}
            }
            let delays = (0..<5).map { _ in Int.random(in: 0..<60, using: &generator) }
            try await watching(containerd.configuration) { _, log in
                for delay in delays {
                    try await Task.sleep(for: .milliseconds(delay))
                    containerd.signal(SIGKILL)
                    containerd.stop()
                    try await containerd.start()
                }
                log.clear()
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
            }
        }
    }

    @Test("a containerd that stops answering without closing anything is noticed, and found again")
    func stopped() async throws {
        try await PrivateContainerd.running { containerd in
            var configuration = containerd.configuration
            configuration.heartbeatInterval = .milliseconds(300)
            configuration.heartbeatTimeout = .milliseconds(1000)
            configuration.callTimeout = .milliseconds(2000)
            let id = RecordedStreams.ids(1)[0]
            try await watching(configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                containerd.signal(SIGSTOP)
                try await log.wait(until: "lost") { $0.contains { $0.lostReason != nil } }
                log.clear()
                source.requestStatus(of: id)
                containerd.signal(SIGCONT)
                try await log.wait(until: "restored and answered") {
                    $0.contains { $0.isRestored } && $0.contains(.containerStatusUnknown(id))
                }
            }
        }
    }
}

/// Counts without keeping: what the source holds is to be measured, not what the test does.
private final class DescriptionCounter: @unchecked Sendable {
    // One task writes; the test reads after it has ended.
    private(set) var described: Set<ContainerID> = []
    private(set) var listed: Set<ContainerID> = []

    func count(_ queue: ObservationQueue) async throws {
        while let batch = await queue.nextBatch(max: 256) {
            for observation in batch {
                if let id = observation.fact.described?.id { described.insert(id) }
                if let listing = observation.fact.listing { listed.formUnion(listing.keys) }
                if observation.fact.isRestored { return }
            }
        }
    }
}

private func residentKiB() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    return text.firstMatch(of: /VmRSS:\s+(\d+)/).flatMap { Int($0.1) } ?? 0
}
