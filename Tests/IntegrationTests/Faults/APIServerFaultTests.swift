// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import SessionRecords
import TestSupport
import Testing

/// The API server is away or refuses (`design.md` §9): recording goes on with what the runtime knows, and what the pod's
/// spec adds comes later.
@Suite("Faults: the API server", .timeLimit(.minutes(10)))
struct APIServerFaultTests {
    enum Fault: String, CaseIterable, Sendable {
        case hanging, unauthorized, forbidden, throttled, unavailable

        func begin(_ server: APIServerStandIn) throws {
            switch self {
            case .hanging: server.hang()
            // The node has the old token, as if the kubelet were late in replacing it.
            case .unauthorized: try server.rotateToken("new-token", inFile: false)
            case .forbidden: server.forbid(["list", "watch"])
            case .throttled: server.throttle(retryAfter: 1, 1_000_000)
            case .unavailable: server.fail(status: 503, 1_000_000)
            }
            // Requests alone are refused: what stands open would go on.
            if self != .hanging { server.dropWatches() }
        }

        func end(_ server: APIServerStandIn) throws {
            switch self {
            case .hanging: server.hang(false)
            case .unauthorized: try server.write("new-token\n", to: "token")
            case .forbidden: server.forbid([])
            case .throttled, .unavailable: server.forgive()
            }
        }
    }

    @Test(
        "during the whole session it hangs or refuses: recorded by the runtime's word, later confirmed",
        arguments: Fault.allCases)
    func refusing(_ fault: Fault) async throws {
        try await FaultNode.run { node in
            let server = try #require(node.server)
            let pod = try await node.makePod()
            try fault.begin(server)
            let session = try await node.debug("echo unseen; exit 7", in: pod)
            let inferred = try await node.waitForEnd(of: session)
            #expect(inferred.exitCode == 7 && inferred.ending == .observed)
            #expect(inferred.classification == .inferred && inferred.mode == .ephemeral)
            #expect(inferred.targetContainer == "nginx" && inferred.pod == pod.specification.name)
            #expect(try await node.output(of: session) == "unseen\n")
            if fault != .hanging {
                try await node.wait(for: "pods", toBe: "failing")
                // Sessions are recorded all the same: it is not unready.
                #expect(try node.readiness()?.status == 200)
            }

            try fault.end(server)
            try await node.publish(pod)
            let confirmed = try await node.wait(for: session, "it is confirmed") { $0.classification == .confirmed }
            #expect(confirmed.exitCode == 7 && confirmed.output == inferred.output)
            #expect(confirmed.startedAt == inferred.startedAt && confirmed.finishedAt == inferred.finishedAt)
            #expect(try node.told(session).first == "session.started")
            #expect(try node.told(session).last == "session.amended")
            try await node.wait(for: "pods", toBe: "ok")
            try await node.expectSound([session])
            try await node.delete(pod)
            try await node.expectNothingHeld(of: [session])
        }
    }

    @Test("down before the agent starts and until the session is over: inferred by TARGET, then amended to confirmed")
    func down() async throws {
        try await FaultNode.run(FaultNode.Options { $0.starts = false }) { node in
            let server = try #require(node.server)
            let pod = try await node.makePod()
            await server.stop()
            try await node.agent.start()
            let session = try await node.debug(in: pod)
            let running = try await node.wait(for: session, "it is known to run") { $0.state == .running }
            #expect(running.classification == .inferred && running.classificationSource == .containerRecord)
            try await node.finish(session)
            let record = try await node.waitForEnd(of: session)
            #expect(record.classification == .inferred && record.exitCode == 42)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            try await node.wait(for: "pods", toBe: "failing")

            try await server.start()
            _ = try await node.kubelet.waitForExit(session)
            try await node.publish(pod)
            let confirmed = try await node.wait(for: session, "it is confirmed") { $0.classification == .confirmed }
            #expect(confirmed.classificationSource == .podSpec && confirmed.targetContainer == "nginx")
            let told = try node.told(session)
            #expect(told.prefix(3) == ["session.started", "session.ended", "session.amended"], "\(told)")
            #expect(told.dropFirst(3).allSatisfy { $0 == "session.amended" }, "\(told)")
            try await node.expectSound([session])
        }
    }

    @Test("watches break and versions expire during sessions: each record is complete and confirmed")
    func breaking() async throws {
        try await FaultNode.run { node in
            let server = try #require(node.server)
            let pod = try await node.makePod()
            var sessions: [RunningContainer] = []
            for fault in 0..<4 {
                let session = try await node.debug(in: pod)
                sessions.append(session)
                switch fault {
                case 0: server.dropWatches()
                case 1: server.expire(.event)
                case 2: server.expire(.status)
                default: server.endWatches()
                }
                try await node.finish(session)
                _ = try await node.kubelet.waitForExit(session)
                try await node.publish(pod)
            }
            try await node.delete(pod)
            for session in sessions {
                let record = try await node.wait(for: session, "all is known") {
                    $0.sealedAt != nil && $0.classification == .confirmed && $0.podFate?.deletedAt != nil
                }
                #expect(record.exitCode == 42 && record.ending == .observed)
                #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            }
            try await node.expectSound(sessions)
            try await node.expectNothingHeld(of: sessions)
        }
    }
}
