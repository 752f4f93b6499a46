// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import ContainerdAPI
import Foundation
import SessionRecords
import SessionTracking
import SwiftProtobuf
import Testing

@testable import RuntimeSource

@Suite("The runtime source against a runtime that misbehaves")
struct RuntimeSourceFaultTests {
    private let ids = RecordedStreams.ids(8)

    @Test("nothing is listed before the marker has come back, and the list comes before the all-clear")
    func markerFirst() async throws {
        try await FakeRuntime.running { runtime in
            let id = ids[0]
            try runtime.behave {
                $0.publishesLost = 5
                $0.containers[id] = try FakeRuntime.container(id, .containerRunning)
            }
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                #expect(runtime.count("publish") >= 6)
                let calls = runtime.calls
                let lastPublish = try #require(calls.lastIndex(of: "publish"))
                let list = try #require(calls.firstIndex(of: "listContainers"))
                #expect(lastPublish < list)
                let facts = log.facts
                #expect(facts.first?.described?.container == "debugger-wbcnr")
                #expect(facts.dropFirst().first?.listing == [id: .running])
                #expect(facts.last?.isRestored == true)
                #expect(source.isConnected)
                #expect(source.health == .live(RuntimeVersion(name: "containerd", version: "9.9", apiVersion: "v1")))
            }
        }
    }

    @Test("events that arrive while the first listing is under way are told after it")
    func heldBack() async throws {
        try await FakeRuntime.running { runtime in
            let ids = ids
            try runtime.behave { $0.eventsDuringListing = try [FakeRuntime.start(ids[1])] }
            try await watching(runtime.configuration) { _, log in
                try await log.wait(until: "started") { $0.contains { $0.started == ids[1] } }
                let facts = log.facts
                let listed = try #require(facts.firstIndex { $0.listing != nil })
                let started = try #require(facts.firstIndex { $0.started != nil })
                #expect(listed < started)
                // Touched while it was under way: there, in a state that nobody may claim.
                #expect(facts[listed].listing == [ids[1]: .unknown])
            }
        }
    }

    @Test("without a marker a wait and a second listing stand in for it")
    func withoutMarker() async throws {
        try await FakeRuntime.running { runtime in
            var configuration = runtime.configuration
            configuration.marker = false
            try await watching(configuration) { _, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                #expect(runtime.count("publish") == 0)
                #expect(log.facts.count { $0.listing != nil } == 2)
            }
        }
    }

    @Test("a lost runtime is told once, is connected to again, and what changed meanwhile is listed")
    func reconnect() async throws {
        try await FakeRuntime.running { runtime in
            let ids = ids
            try runtime.behave {
                $0.containers[ids[0]] = try FakeRuntime.container(ids[0], .containerRunning)
                $0.containers[ids[1]] = try FakeRuntime.container(ids[1], .containerRunning)
            }
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                log.clear()
                await runtime.stop()
                try await log.wait(until: "lost") { $0.contains { $0.lostReason != nil } }
                #expect(!source.isConnected)
                try runtime.behave {
                    $0.containers[ids[0]] = nil
                    $0.containers[ids[1]]?.status?.state = .containerExited
                    $0.containers[ids[2]] = try FakeRuntime.container(ids[2], .containerCreated)
                }
                // Long enough for more than one attempt.
                try await Task.sleep(for: .milliseconds(500))
                try await runtime.start()
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                try await log.wait(until: "the new one described") { $0.contains { $0.described?.id == ids[2] } }
                let facts = log.facts
                #expect(facts.count { $0.lostReason != nil } == 1)
                #expect(
                    facts.compactMap(\.listing) == [[ids[1]: .exited, ids[2]: .created]])
                // Who they are was told before.
                #expect(facts.compactMap(\.described?.id) == [ids[2]])
                log.clear()
                try runtime.emitStart(ids[2])
                try await log.wait(until: "events again") { $0.contains { $0.started == ids[2] } }
            }
        }
    }

    @Test("a source started before its runtime says why it sees nothing, and finds it later")
    func absentAtStart() async throws {
        try await withScratchDirectory { directory in
            let runtime = FakeRuntime(socketPath: directory + "/fake.sock")
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "lost") { $0.contains { $0.lostReason != nil } }
                #expect(log.facts.first?.lostReason?.contains("No such file or directory") == true)
                try await runtime.start()
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                #expect(log.facts.count { $0.lostReason != nil } == 1)
                #expect(source.isConnected)
            }
            await runtime.stop()
        }
    }

    @Test("past its limit the source drops and counts, then lists again and says so")
    func overflow() async throws {
        try await FakeRuntime.running { runtime in
            var configuration = runtime.configuration
            configuration.queueCapacity = 16
            let starts = RecordedStreams.ids(100, seed: 9)
            try await watching(configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                log.isPaused = true
                // The consumer may have one batch in hand: it takes what comes until it notices.
                try await Task.sleep(for: .milliseconds(50))
                log.clear()
                try runtime.emitStart(starts[0])
                try await waitUntil("the consumer holds") { source.metrics.value(.eventsReceived) >= 1 }
                for id in starts.dropFirst() { try runtime.emitStart(id) }
                try await waitUntil("all have arrived") { source.metrics.value(.eventsReceived) == 100 }
                let dropped = source.metrics.value(.eventsDropped)
                #expect(dropped >= 100 - 16 - 64)
                #expect(dropped > 0)
                #expect(source.queue.count <= 16)
                log.isPaused = false
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                let facts = log.facts
                #expect(facts.compactMap(\.started).count == 100 - dropped)
                let overflowed = try #require(
                    facts.firstIndex(of: .sourceOverflowed(.runtime, dropped: dropped)))
                let listed = try #require(facts.firstIndex { $0.listing != nil })
                #expect(overflowed < listed)
                #expect(facts.last?.isRestored == true)
            }
        }
    }

    @Test("look-ups asked for while the runtime is away are answered when it is back, each once")
    func lookupsOverDisconnect() async throws {
        try await FakeRuntime.running { runtime in
            let many = RecordedStreams.ids(120, seed: 3)
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                await runtime.stop()
                try await log.wait(until: "lost") { $0.contains { $0.lostReason != nil } }
                log.clear()
                for id in many {
                    source.requestDescription(of: id)
                    source.requestStatus(of: id)
                    source.requestStatus(of: id)
                }
                try runtime.behave { behaviour in
                    for id in many.prefix(60) {
                        behaviour.containers[id] = try FakeRuntime.container(id, .containerRunning)
                        behaviour.containers[id]?.record?.clearSpec()
                    }
                }
                try await runtime.start()
                try await log.wait(until: "all are answered") { facts in
                    facts.count { $0.status != nil } >= 60
                        && facts.count { if case .containerStatusUnknown = $0 { true } else { false } } >= 60
                        && facts.count { if case .containerUnknown = $0 { true } else { false } } >= 60
                        && facts.count { $0.described != nil } >= 60
                }
                let facts = log.facts
                #expect(Set(facts.compactMap(\.status?.id)) == Set(many.prefix(60)))
                #expect(facts.count { $0.status != nil } == 60)
                #expect(Set(facts.compactMap(\.described?.id)) == Set(many.prefix(60)))
            }
        }
    }

    @Test("a look-up that fails is tried again, and holds up no other")
    func failingLookup() async throws {
        try await FakeRuntime.running { runtime in
            let ids = ids
            try runtime.behave { behaviour in
                for id in ids { behaviour.containers[id] = try FakeRuntime.container(id, .containerRunning) }
                behaviour.failingStatus[ids[0]] = 3
            }
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                for id in ids { source.requestStatus(of: id) }
                try await log.wait(until: "all") { Set($0.compactMap(\.status?.id)) == Set(ids) }
                #expect(log.facts.compactMap(\.status?.id).last == ids[0])
                #expect(source.metrics.value(.lookupsRetried) >= 3)
                #expect(log.facts.allSatisfy { $0.lostReason == nil })
            }
        }
    }

    @Test("a runtime without ListStream is listed in answers that fit")
    func withoutListStream() async throws {
        try await FakeRuntime.running { runtime in
            let many = RecordedStreams.ids(120, seed: 4)
            try runtime.behave { behaviour in
                behaviour.hasListStream = false
                behaviour.recordsPerAnswer = 20
                for id in many {
                    behaviour.containers[id] = try FakeRuntime.container(id, .containerRunning)
                    behaviour.containers[id]?.record?.clearSpec()
                }
            }
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                #expect(Set(log.facts.compactMap(\.described?.id)) == Set(many))
                #expect(runtime.count("listStream") == 1)
                log.clear()
                for id in many { source.requestDescription(of: id) }
                try await log.wait(until: "all again") { Set($0.compactMap(\.described?.id)) == Set(many) }
                #expect(runtime.count("listStream") == 1)
            }
        }
    }

    @Test("a record too large for any answer is described by CRI")
    func oversizedRecord() async throws {
        try await FakeRuntime.running { runtime in
            let id = ids[0]
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                try runtime.behave {
                    $0.containers[id] = try FakeRuntime.container(id, .containerRunning)
                    $0.recordsPerAnswer = 0
                }
                source.requestDescription(of: id)
                try await log.wait(until: "described") { $0.contains { $0.described?.id == id } }
                let description = try #require(log.facts.lazy.compactMap(\.described).first)
                #expect(description.witness == .criStatus)
                #expect(description.container == "debugger")
            }
        }
    }

    @Test("a new record is read before anybody asks, and one that is gone again is not made news")
    func readAhead() async throws {
        try await FakeRuntime.running { runtime in
            let ids = ids
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                try runtime.behave { $0.containers[ids[1]] = try FakeRuntime.container(ids[1], .containerCreated) }
                for id in [ids[0], ids[1]] {
                    runtime.emit(
                        try .with {
                            $0.namespace = "k8s.io"
                            $0.topic = "/containers/create"
                            $0.event = try RecordedStreams.pack(
                                Containerd_Events_ContainerCreate.with { $0.id = id.rawValue })
                        })
                }
                try await log.wait(until: "described") { $0.contains { $0.described?.id == ids[1] } }
                try await waitUntil("both were looked up") { source.metrics.value(.lookupsUnknown) == 1 }
                #expect(!log.facts.contains(.containerUnknown(ids[0])))
            }
        }
    }

    @Test("malformed events are counted and the stream goes on")
    func malformedEvents() async throws {
        try await FakeRuntime.running { runtime in
            let id = ids[0]
            try await watching(runtime.configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                var bad = try FakeRuntime.start(id)
                bad.event.value = Data([0xFF])
                runtime.emit(bad)
                bad.event = try RecordedStreams.pack(
                    Containerd_Events_TaskStart.with { $0.containerID = "../../etc" })
                runtime.emit(bad)
                try runtime.emitStart(id)
                try await log.wait(until: "started") { $0.contains { $0.started == id } }
                #expect(source.metrics.value(.malformed) == 2)
                #expect(source.metrics.value(.eventsReceived) == 3)
            }
        }
    }

    @Test("the listing is repeated on its timer")
    func relisting() async throws {
        try await FakeRuntime.running { runtime in
            let id = ids[0]
            var configuration = runtime.configuration
            configuration.relistInterval = .milliseconds(100)
            try await watching(configuration) { _, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                try runtime.behave { $0.containers[id] = try FakeRuntime.container(id, .containerExited) }
                try await log.wait(until: "listed") { $0.contains { $0.listing == [id: .exited] } }
                try await log.wait(until: "described") { $0.contains { $0.described?.id == id } }
                #expect(log.facts.allSatisfy { $0.lostReason == nil })
            }
        }
    }

    @Test("CRI-O is polled: a container's start, its end and its removal are told")
    func crio() async throws {
        try await FakeRuntime.running { runtime in
            let id = ids[0]
            runtime.behave { $0.name = "cri-o" }
            var configuration = runtime.configuration
            configuration.pollInterval = .milliseconds(30)
            try await watching(configuration) { source, log in
                try await log.wait(until: "restored") { $0.contains { $0.isRestored } }
                try runtime.behave { $0.containers[id] = try FakeRuntime.container(id, .containerRunning) }
                try await log.wait(until: "running") { $0.contains { $0.status?.state == .running } }
                #expect(log.facts.contains { $0.described?.container == "debugger" })
                runtime.behave {
                    $0.containers[id]?.status?.state = .containerExited
                    $0.containers[id]?.status?.exitCode = 42
                }
                try await log.wait(until: "exited") { $0.contains { $0.status?.exitCode == 42 } }
                source.requestDescription(of: id)
                try await log.wait(until: "asked") { $0.count { $0.described?.id == id } == 2 }
                runtime.behave { $0.containers[id] = nil }
                try await log.wait(until: "removed") { $0.contains { $0.removed == id } }
                source.requestStatus(of: id)
                try await log.wait(until: "unknown") { $0.contains(.containerStatusUnknown(id)) }
                #expect(runtime.count("subscribe") == 0)
            }
        }
    }
}
