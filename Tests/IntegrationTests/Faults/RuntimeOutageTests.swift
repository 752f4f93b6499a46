// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

/// containerd stops, dies, hangs, is not there (`design.md` §9, first row).
@Suite("Faults: the runtime is away", .serialized, .timeLimit(.minutes(10)))
struct RuntimeOutageTests {
    private static let own = FaultNode.Options { $0.ownRuntime = true }

    @Test("stopped and killed during a session: it goes on, each outage is a closed gap, the end is observed")
    func restarted() async throws {
        try await FaultNode.run(Self.own) { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            for outage in 1...2 {
                if outage == 1 { try await node.rig.containerd.stop() } else { try await node.rig.containerd.kill() }
                let readiness = try await node.wait(for: "runtime", toBe: "failing")
                #expect(readiness.status == 503 && !readiness.ready)
                #expect(try node.stored(session)?.state == .running)
                try await node.rig.containerd.start()
                try await node.wait(for: "runtime", toBe: "ok")
                try await node.waitForClosedGap("runtime", count: outage)
            }
            try await node.finish(session)
            let record = try await node.waitForEnd(of: session)
            #expect(record.exitCode == 42 && record.ending == .observed)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            #expect(try node.gaps("runtime").allSatisfy { $0.closedBy == "relisted" })
            try await node.expectSound([session])
            try await node.delete(pod)
            try await node.expectNothingHeld(of: [session])
        }
    }

    @Test(
        "an exit while it is down: the real code, recovered, or none at all; its output is whole as far as it was read")
    func exitWhileDown() async throws {
        try await FaultNode.run(Self.own) { node in
            let pod = try await node.makePod()
            let clean = try await node.debug(in: pod)
            let other = try await node.makePod("shimless")
            let orphan = try await node.debug(in: other)
            for session in [clean, orphan] {
                try await node.wait(for: session, "it is known to run") { $0.state == .running }
                try await node.waitForPin(of: session)
            }
            try await node.rig.containerd.kill()
            try await node.finish(clean)
            // Without its shim there is nobody left who knows how a container ended.
            let shim = try #require(
                ProcessTable.all().first {
                    $0.commandLine.contains("containerd-shim") && $0.commandLine.contains(other.sandboxID)
                })
            #expect(kill(shim.pid, SIGKILL) == 0)
            try await node.finish(orphan)
            try await node.rig.containerd.start()

            for session in [clean, orphan] {
                let record = try await node.waitForEnd(of: session)
                let output = try await node.output(of: session)
                #expect(output.hasPrefix("finding: pool exhausted\n"))
                print("an exit while containerd was down is told as", record.exitCode ?? -1, record.ending as Any)
                try expectHonest(record)
            }
            try await node.waitForClosedGap("runtime")
            try await node.expectSound([clean, orphan])
        }
    }

    /// 42 is what it was. 255 `Unknown` is what containerd makes up, and is labelled as that.
    private func expectHonest(_ record: Session) throws {
        switch (record.exitCode, record.reason) {
        case (42, _):
            #expect(record.ending == .recovered || record.ending == .observed)
        case (255, "Unknown"):
            #expect(record.ending == .inferred)
            #expect(record.derivedSignal == nil)
            #expect(record.evidence.contains { $0.value == "255 Unknown" })
        case (nil, _):
            #expect(record.state == .unknown && record.ending == nil)
        default:
            Issue.record("a wrong label: \(record.json.compact)")
        }
    }

    @Test("not there at start: the agent waits and says so, and records as soon as it comes")
    func absentAtStart() async throws {
        try await FaultNode.run(
            FaultNode.Options {
                $0.ownRuntime = true
                $0.starts = false
            }
        ) { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.rig.containerd.stop()
            try await node.agent.start(untilReady: false)
            let readiness = try await node.wait(for: "runtime", toBe: "failing")
            #expect(readiness.status == 503)
            #expect(readiness["runtime"]?.reason?.contains(node.rig.paths.socket) == true)
            #expect(readiness["store"]?.state == "ok" && readiness["pins"]?.state == "ok")
            #expect(HTTPProbe.get(port: node.agent.port, path: "/healthz")?.status == 200)
            try await node.rig.containerd.start()
            try await node.wait(for: "runtime", toBe: "ok")
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            try await node.finish(session)
            #expect(try await node.waitForEnd(of: session).exitCode == 42)
            try await node.waitForClosedGap("runtime")
            try await node.expectSound([session])
        }
    }

    @Test("hanging: /readyz names the runtime within 15 s, and a session that ended meanwhile is told when it is back")
    func hanging() async throws {
        try await FaultNode.run(Self.own) { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            let began = ContinuousClock.now
            node.rig.containerd.pause()
            try await node.finish(session)
            let readiness = try await node.wait(for: "runtime", toBe: "failing", limit: .seconds(120))
            print("a hanging containerd was noticed after \(ContinuousClock.now - began)")
            #expect(readiness.status == 503 && readiness["runtime"]?.required == true)
            node.rig.containerd.resume()
            try await node.wait(for: "runtime", toBe: "ok")
            let record = try await node.waitForEnd(of: session)
            #expect(record.exitCode == 42)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            try await node.waitForClosedGap("runtime")
            try await node.expectSound([session])
        }
    }

    @Test("replaced by one that knows nothing: the gap is told, the session honestly ended, the next one recorded")
    func replaced() async throws {
        try await FaultNode.run(Self.own) { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            try await node.waitForPin(of: session)
            try await node.rig.containerd.kill()
            try await node.finish(session)
            // A new installation at the same place: another socket, and no container of the old one in its books.
            Files.removeTree(node.rig.paths.socket)
            for name in Files.names(in: node.rig.paths.root) where name.hasSuffix("bolt") || name.contains("cri") {
                Files.removeTree(node.rig.paths.root + "/" + name)
            }
            try await node.rig.containerd.start()
            try await node.rig.containerd.importImages(try await ImageBuilder().archive)

            let record = try await node.waitForEnd(of: session)
            // The shim tells its exit again to whoever listens at the old place, and the new one may hand it on.
            try expectHonest(record)
            #expect(record.output?.pinnedBy == .hardlink)
            #expect(try await node.output(of: session).hasPrefix("finding: pool exhausted\n"))
            try await node.waitForClosedGap("runtime")
            let next = try await node.makePod("next")
            let second = try await node.debug("echo anew; exit 6", in: next)
            let recorded = try await node.waitForEnd(of: second)
            #expect(recorded.exitCode == 6 && recorded.ending == .observed)
            #expect(try await node.output(of: second) == "anew\n")
            try await node.expectSound([session, second])
        }
    }
}
