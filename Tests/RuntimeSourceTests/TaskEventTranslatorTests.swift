// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import Foundation
import SessionRecords
import SessionTracking
import SwiftProtobuf
import TestSupport
import Testing

@testable import RuntimeSource

@Suite("Translation of containerd events")
struct TaskEventTranslatorTests {
    private let received = Timestamp(nanoseconds: 1)

    private func translate(_ envelope: Containerd_Services_Events_V1_Envelope) -> TaskEventTranslator.Translation {
        TaskEventTranslator.translate(envelope, received: received)
    }

    private func envelope(
        _ topic: String, _ message: some Message, namespace: String = "k8s.io"
    ) throws -> Containerd_Services_Events_V1_Envelope {
        try .with {
            $0.topic = topic
            $0.namespace = namespace
            $0.timestamp = .with { $0.seconds = 5 }
            $0.event = try RecordedStreams.pack(message)
        }
    }

    @Test("every event recorded on containerd 2.x is understood, and none is counted twice or lost")
    func allStreams() throws {
        var counts: [String: Int] = [:]
        for name in try RecordedStreams.streamNames() {
            for envelope in try RecordedStreams.envelopes(name) {
                let kind =
                    switch translate(envelope) {
                    case .fact(.taskCreated): "created"
                    case .fact(.taskStarted): "started"
                    case .fact(.taskExited): "exited"
                    case .fact(.taskDeleted): "deleted"
                    case .fact(.containerRemoved): "removed"
                    case .fact: "other fact"
                    case .recordWritten: "record"
                    case .exec: "exec"
                    case .irrelevant: "irrelevant"
                    case .malformed: "malformed"
                    case .marker: "marker"
                    }
                counts[kind, default: 0] += 1
            }
        }
        #expect(
            counts == [
                "created": 96, "started": 98, "exited": 115, "deleted": 112, "removed": 85, "record": 94, "exec": 1,
                // Snapshots, and the two that announce the exec.
                "irrelevant": 94 + 85 + 2,
            ])
    }

    @Test("a debug container's life is told with its code and its times to the nanosecond")
    func oneLife() throws {
        let id = try #require(ContainerID("38ca0e0093f5a975222d1e4197ca5bd5807be77607aace195b8a064ed0f3b044"))
        let told = try RecordedStreams.envelopes("1-attach.txt").map(translate).prefix(7)
        func at(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }
        #expect(
            try Array(told.dropFirst().prefix(5)) == [
                .recordWritten(id),
                .fact(.taskCreated(id, pid: 24987, at: at("2026-11-21T02:40:00.488763456Z"))),
                .fact(.taskStarted(id, pid: 24987, at: at("2026-11-21T02:40:00.507517568Z"))),
                .fact(
                    .taskExited(
                        id,
                        TaskExit(
                            exitCode: 42, exitedAt: at("2026-11-21T02:40:10.522775261Z"),
                            at: at("2026-11-21T02:40:10.522901629Z")))),
                .fact(.taskDeleted(id, at: at("2026-11-21T02:40:10.571792092Z"))),
            ])
    }

    @Test("the exit of an exec ends no container, though its id looks like one")
    func execs() throws {
        let ids = RecordedStreams.ids(2)
        let exit = Containerd_Events_TaskExit.with {
            $0.containerID = ids[0].rawValue
            $0.id = ids[1].rawValue
            $0.exitStatus = 1
        }
        #expect(try translate(envelope("/tasks/exit", exit)) == .exec)
        let deletion = Containerd_Events_TaskDelete.with {
            $0.containerID = ids[0].rawValue
            $0.id = ids[1].rawValue
        }
        #expect(try translate(envelope("/tasks/delete", deletion)) == .exec)
    }

    @Test("an OOM is told by the container's id")
    func oom() throws {
        let id = RecordedStreams.ids(1)[0]
        let event = Containerd_Events_TaskOOM.with { $0.containerID = id.rawValue }
        #expect(
            try translate(envelope("/tasks/oom", event))
                == .fact(
                    .outOfMemory(id, at: Timestamp(nanoseconds: 5_000_000_000), witness: .containerdEvent)))
    }

    @Test(
        "hostile ids are malformed, not facts",
        arguments: ["", "../../etc/passwd", "a\u{0}b", "-a", "a/b", "\u{1b}[2J"])
    func hostileIDs(id: String) throws {
        for topic in TaskEventTranslator.topics {
            let envelope =
                switch topic {
                case "/tasks/create": try envelope(topic, Containerd_Events_TaskCreate.with { $0.containerID = id })
                case "/tasks/start": try envelope(topic, Containerd_Events_TaskStart.with { $0.containerID = id })
                case "/tasks/exit":
                    try envelope(
                        topic,
                        Containerd_Events_TaskExit.with {
                            $0.containerID = id
                            $0.id = id
                        })
                case "/tasks/delete": try envelope(topic, Containerd_Events_TaskDelete.with { $0.containerID = id })
                case "/tasks/oom": try envelope(topic, Containerd_Events_TaskOOM.with { $0.containerID = id })
                case "/containers/create": try envelope(topic, Containerd_Events_ContainerCreate.with { $0.id = id })
                default: try envelope(topic, Containerd_Events_ContainerDelete.with { $0.id = id })
                }
            #expect(translate(envelope) == .malformed, "\(topic)")
        }
    }

    @Test(
        "times that no clock can show are replaced by the time of receipt, or left out",
        arguments: [
            (.max, 0), (.min, 0), (0, .min), (1, .max), (-62_135_596_800, 0), (0, 0),
        ] as [(Int64, Int32)])
    func impossibleTimes(seconds: Int64, nanos: Int32) throws {
        let id = RecordedStreams.ids(1)[0]
        let time = Google_Protobuf_Timestamp.with {
            $0.seconds = seconds
            $0.nanos = nanos
        }
        var envelope = try envelope(
            "/tasks/exit",
            Containerd_Events_TaskExit.with {
                $0.containerID = id.rawValue
                $0.id = id.rawValue
                $0.exitedAt = time
                $0.exitStatus = .max
            })
        envelope.timestamp = time
        #expect(
            translate(envelope)
                == .fact(.taskExited(id, TaskExit(exitCode: Int(UInt32.max), exitedAt: nil, at: received))))
    }

    @Test("a payload of another type, or that is no message at all, is malformed")
    func wrongPayloads() throws {
        let id = RecordedStreams.ids(1)[0]
        var wrong = try envelope("/tasks/exit", Containerd_Events_TaskStart.with { $0.containerID = id.rawValue })
        #expect(translate(wrong) == .malformed)
        wrong.event.typeURL = "containerd.events.TaskExit"
        wrong.event.value = Data([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
        #expect(translate(wrong) == .malformed)
    }

    @Test("no bytes whatever make the translator trap")
    func mutations() throws {
        var generator = SeededGenerator(seed: 42)
        let envelopes = try RecordedStreams.streamNames().flatMap(RecordedStreams.envelopes)
        var understood = 0
        for _ in 0..<3000 {
            guard var envelope = envelopes.randomElement(using: &generator) else { continue }
            var bytes = Array(envelope.event.value)
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
                    in: .min ... .max, using: &generator)
            }
            envelope.event.value = Data(bytes)
            if case .fact = translate(envelope) { understood += 1 }
        }
        #expect(understood > 0)
    }

    @Test("only Kubernetes' namespace is told, and only our own topic is a marker")
    func namespaces() throws {
        let id = RecordedStreams.ids(1)[0]
        let start = Containerd_Events_TaskStart.with { $0.containerID = id.rawValue }
        #expect(try translate(envelope("/tasks/start", start, namespace: "default")) == .irrelevant)
        #expect(try translate(envelope("/tasks/start", start, namespace: "lastword")) == .irrelevant)
        var marker = Containerd_Services_Events_V1_Envelope()
        marker.namespace = "lastword"
        marker.topic = "/lastword/marker"
        marker.event.value = Data([1, 2, 3])
        #expect(translate(marker) == .marker([1, 2, 3]))
        marker.namespace = "k8s.io"
        #expect(translate(marker) == .irrelevant)
    }
}
