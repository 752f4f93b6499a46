// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import SessionTracking
import Testing

@testable import AgentStore

@Suite("The writer of facts")
struct FactsEncoderTests {
    private static let hostile = "\"\\\u{0}\u{1F}\n\u{7F}é\u{2028}💥</script>"

    /// Every kind of statement about one container, in hostile words.
    private func facts() throws -> [SessionFacts] {
        let id = try #require(Sample.containerID(7))
        let uid = try #require(PodUID("f17d02b7"))
        var record = ContainerDescription(id: id, isSandbox: false, witness: .containerRecord)
        record.namespace = "default"
        record.pod = Self.hostile
        record.podUID = uid
        record.container = "debugger-x7k2p"
        record.command = ["sh", "-c", Self.hostile, ""]
        record.logPath = "/var/log/pods/x/0.log"
        record.envNames = []
        record.tty = false
        record.mounts = [MountPoint(destination: "/a", source: nil, readOnly: true)]
        record.securityContext = SecurityContext()
        var container = PodContainer(name: "debugger-x7k2p", kind: .ephemeral)
        container.debugMode = .ephemeral
        container.status = PodContainerStatus()
        container.status?.containerID = id
        container.status?.state = .terminated(PodTermination(exitCode: 137))
        container.status?.restartCount = 3
        var pod = PodFacts(uid: uid, namespace: "default", name: "web")
        pod.containers = [container]
        pod.version = .max
        pod.labels = ["app": Self.hostile]
        pod.conditions = ["DisruptionTarget=True"]
        var status = RuntimeStatus(id: id, state: .exited)
        status.exitCode = 137
        status.reason = "OOMKilled"
        status.message = Self.hostile
        status.startedAt = at(0)
        status.finishedAt = at(1)
        let told: [Fact] = [
            .taskCreated(id, pid: 4242, at: at(0)), .container(record), .pod(pod),
            .taskStarted(id, pid: 4242, at: at(0)),
            .outOfMemory(id, at: at(1), witness: .containerdEvent),
            .taskExited(id, TaskExit(exitCode: 137, exitedAt: at(1), at: at(1))), .taskDeleted(id, at: at(1)),
            .containerStatus(status), .outputCaptured(id, Sample.tail(Array(Self.hostile.utf8))),
            .containerRemoved(id, at: at(2)), .podDeleted(uid, at: at(3)),
        ]
        var tracker = SessionTracker(configuration: TrackerConfiguration(origin: RecordOrigin(node: "worker-0")))
        var facts: [SessionFacts] = []
        for (step, fact) in told.enumerated() {
            let receipt = Receipt(wall: at(step), boottime: Int64(step) * 1_000_000)
            for case .commit(.session(let commit)) in tracker.handle(Observation(fact, receipt: receipt)) {
                if let made = commit.facts { facts.append(made) }
            }
        }
        return facts
    }

    private func at(_ seconds: Int) -> Timestamp {
        TestClock.epoch.advanced(byNanoseconds: Int64(seconds) * 1_000_000_000 + 1)
    }

    @Test("writes what a decoder reads back as the same facts, and what Foundation's encoder would have written")
    func roundTrip() throws {
        let all = try facts()
        #expect(all.count >= 4)
        for facts in all + [Sample.facts] {
            let bytes = Data(try FactsEncoder.encode(facts))
            #expect(try JSONDecoder().decode(SessionFacts.self, from: bytes) == facts)
            let ours = try JSONSerialization.jsonObject(with: bytes) as? NSDictionary
            let theirs = try JSONSerialization.jsonObject(with: JSONEncoder().encode(facts)) as? NSDictionary
            // A set has no order of its own, and Foundation walks it as we do: within one process the same.
            #expect(ours != nil && ours == theirs)
        }
    }

    private struct Shapes: Codable, Hashable {
        enum Choice: Codable, Hashable {
            case none
            case some(text: String, Int8)
        }
        struct Empty: Codable, Hashable {}
        var numbers: [UInt64] = [0, .max]
        var negative = Int64.min
        var nothing: [[String?]] = [[], [nil, ""], []]
        var choices: [Choice] = [.none, .some(text: FactsEncoderTests.hostile, -1)]
        var byKey: [Int: [String: Bool]] = [1: ["a": true, FactsEncoderTests.hostile: false], 2: [:]]
        var empty = Empty()
        var absent: String?
    }

    @Test("ends every container where it ends, however deep")
    func shapes() throws {
        let shapes = Shapes()
        let bytes = Data(try FactsEncoder.encode(shapes))
        #expect(try JSONDecoder().decode(Shapes.self, from: bytes) == shapes)
        #expect(
            try JSONDecoder().decode([Shapes].self, from: Data(try FactsEncoder.encode([shapes, shapes]))).count == 2)
    }

    @Test("refuses what has a fraction, which no fact has")
    func fractions() {
        #expect(throws: EncodingError.self) { try FactsEncoder.encode([0.5]) }
    }
}
