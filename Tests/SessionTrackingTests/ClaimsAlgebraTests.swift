// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

@testable import SessionTracking

/// `Claims` is a join of statements: commutative, associative and idempotent, down to its last field.
@Suite struct ClaimsAlgebraTests {
    private typealias Statement = @Sendable (inout Claims) -> Void

    private static let id = Sample.id(1)

    /// Two or more statements that differ in as little as possible, for each kind.
    private static let statements: [Statement] = {
        let at = TrackerDriver.at
        var all: [Statement] = []
        for (code, end, reason, message) in [
            (137, 5.0, nil, nil), (137, 5, "Error", nil), (137, 5, "OOMKilled", nil), (137, 5, "OOMKilled", ""),
            (137, 5, "OOMKilled", "a"), (255, 4, "Unknown", nil), (255, 6, "Error", nil), (0, 5, nil, nil),
            (137, nil, "ContainerStatusUnknown", nil), (128, 5, "StartError", "x"),
        ] as [(Int, Double?, String?, String?)] {
            for witness in [Witness.containerdEvent, .criStatus, .podStatus, .journal] {
                let claim = ExitClaim(exitCode: code, finishedAt: end.map(at), reason: reason, message: message)
                all.append { $0.addExit(claim, by: witness, receivedAt: at(end ?? 9)) }
            }
        }
        for seconds in [1.0, 2, 3] {
            all.append { $0.addStart(at(seconds), by: .criStatus) }
            all.append { $0.addStart(at(seconds), by: .journal) }
            all.append { $0.addCreated(at(seconds), by: .containerRecord) }
            all.append { $0.taskDeleted(at(seconds)) }
            all.append { $0.removed(at(seconds)) }
            all.append { $0.targetExited(at(seconds)) }
            all.append { $0.addPID(Int(seconds)) }
            all.append { $0.targetIsNamed("app-\(seconds)") }
            all.append { $0.addLogPath("/\(seconds)") }
        }
        for number in 0..<12 {
            all.append { $0.add(Evidence(witness: .podStatus, fact: "waiting", value: "back-off \(number)s")) }
        }
        all.append { $0.addOutOfMemory(by: .journal) }
        all.append { $0.recordUnknown = true }
        for second in [7.0, 3] { all.append { $0.statusIsUnknown(at: TrackerDriver.at(second)) } }
        for (name, image, witness) in [
            ("a", "x", Witness.containerRecord), ("a", "y", .containerRecord), ("b", nil, .containerRecord),
            ("c", "z", .criStatus), ("c", "zz", .criStatus), ("d", "w", .journal), ("e", nil, .journal),
        ] as [(String, String?, Witness)] {
            var record = ContainerDescription(id: id, isSandbox: false, witness: witness)
            record.container = name
            record.image = image
            let made = record
            all.append { $0.addDescription(made) }
        }
        for text in ["a", "b", "longer"] {
            for pinnedBy in [PinnedBy.hardlink, .copied, .none] {
                all.append { $0.addOutput(Sample.tail(text, pinnedBy: pinnedBy).summary) }
            }
        }
        return all + podStatements
    }()

    private static let podStatements: [Statement] = {
        let at = TrackerDriver.at
        var all: [Statement] = []
        for version in [nil, 1, 1, 2, 3] as [UInt64?] {
            for variant in 0..<4 {
                var facts = PodFacts(uid: Sample.pod, namespace: "default", name: "web")
                facts.version = version
                facts.labels = variant % 2 == 0 ? ["a": "1", "b": "2", "c": "3"] : ["c": "3", "b": "2", "a": "0"]
                facts.phase = variant == 3 ? "Failed" : "Running"
                facts.deletionAt = variant == 2 ? at(9) : nil
                var container = Sample.ephemeral("shell", target: variant == 1 ? nil : "app")
                container.requestedAt = variant == 0 ? at(Double(version ?? 7)) : nil
                container.requestedBy = variant == 0 ? "kubectl" : nil
                // Version 2 does not have the container.
                facts.containers = version == 2 ? [] : [container]
                let pod = PodMemory.Pod(
                    facts: facts, deletionSeenAt: variant == 2 ? at(Double(version ?? 5)) : nil,
                    goneSeenAt: variant == 3 ? at(Double(version ?? 5)) : nil)
                all.append { $0.addPod(PodClaim(pod, containerName: "shell")) }
            }
        }
        return all
    }()

    @Test("statements in any order, with any repetition, make the same account", arguments: 0..<300)
    func anyOrder(seed: Int) {
        func account(_ statements: [Statement]) -> Claims {
            var claims = Claims(containerID: Self.id)
            for statement in statements { statement(&claims) }
            return claims
        }
        var generator = SeededGenerator(seed: UInt64(seed))
        // A part of them each time: with all of them the strongest hide what goes on among the weak.
        let part = Self.statements.filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
        let expected = account(part)
        let shuffled = account((part + part.shuffled(using: &generator).prefix(20)).shuffled(using: &generator))
        #expect(shuffled == expected)
        #expect(shuffled.evidence == expected.evidence)
    }

    @Test("of two accounts by one witness exactly one is preferred")
    func totalOrder() {
        var claims: [ExitClaim] = []
        for code in [0, 137, 255] {
            for end in [nil, 1.0, 2.0] {
                for reason in [nil, "Error", "OOMKilled", "Unknown"] {
                    for message in [nil, "a", "b"] {
                        claims.append(
                            ExitClaim(
                                exitCode: code, finishedAt: end.map { TrackerDriver.at($0) }, reason: reason,
                                message: message))
                    }
                }
            }
        }
        for left in claims {
            for right in claims {
                #expect((left == right) == (!left.preferred(over: right) && !right.preferred(over: left)))
                #expect(!(left.preferred(over: right) && right.preferred(over: left)))
            }
        }
    }

    @Test("whoever repeats himself does not drive out what others said")
    func evidenceIsBounded() {
        var claims = Claims(containerID: Self.id)
        claims.addExit(
            ExitClaim(exitCode: 42, finishedAt: TrackerDriver.at(5)), by: .containerdEvent,
            receivedAt: TrackerDriver.at(5))
        for number in 0..<1000 {
            claims.add(Evidence(witness: .podStatus, fact: "waiting", value: "\(number)"))
        }
        #expect(claims.evidence.count == Claims.evidencePerKind + 1)
        #expect(claims.evidence.contains { $0.fact == "exit" })
    }

    @Test("deadlines come in the order of their times")
    func deadlines() {
        var queue = DeadlineQueue()
        var generator = SeededGenerator(seed: 7)
        let times = (0..<500).map { _ in Int64.random(in: 0..<100, using: &generator) }
        for time in times { queue.add(.forgetPod(Sample.uid("\(time)")), at: time) }
        var popped: [DeadlineQueue.Deadline] = []
        for now in 0..<100 {
            #expect(queue.next.map { $0 >= now } ?? true)
            while let deadline = queue.popDue(Int64(now)) { popped.append(deadline) }
        }
        #expect(popped == times.sorted().map { .forgetPod(Sample.uid("\($0)")) })
    }
}
