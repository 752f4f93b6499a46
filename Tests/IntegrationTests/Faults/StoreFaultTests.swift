// SPDX-License-Identifier: Apache-2.0
import AgentStore
import FoundationEssentials
import GRDB
import Glibc
import SessionRecords
import TestSupport
import Testing

/// The store's disk is full, its file damaged (`design.md` §9).
@Suite("Faults: the store", .serialized, .timeLimit(.minutes(10)))
struct StoreFaultTests {
    @Test("disk full: facts are kept in memory and /readyz says so; with room again all is recorded, nothing lost")
    func full() async throws {
        try await MemoryMount.with(size: "4m") { mount in
            try await FaultNode.run(FaultNode.Options { $0.store = mount.path + "/store" }) { node in
                let pod = try await node.makePod()
                try mount.fill()
                var sessions: [RunningContainer] = []
                for number in 0..<3 {
                    sessions.append(try await node.debug("echo kept in memory \(number); exit \(number + 1)", in: pod))
                }
                let readiness = try await node.wait(for: "store", toBe: "failing")
                #expect(readiness.status == 503)
                #expect(readiness["store"]?.reason?.contains("full") == true, "\(readiness)")
                for session in sessions { _ = try await node.kubelet.waitForExit(session) }
                try await node.delete(pod)
                #expect(HTTPProbe.get(port: node.agent.port, path: "/healthz")?.status == 200)
                for session in sessions { #expect(try node.told(session) == []) }
                // The pins go only once the output is safe.
                #expect(sessions.allSatisfy(node.isPinned))

                try mount.free()
                try await node.wait(for: "store", toBe: "ok")
                for (number, session) in sessions.enumerated() {
                    let record = try await node.waitForEnd(of: session)
                    #expect(record.exitCode == number + 1 && record.ending == .observed)
                    #expect(try await node.output(of: session) == "kept in memory \(number)\n")
                    #expect(try node.told(session).prefix(2) == ["session.started", "session.ended"])
                }
                #expect(try node.metric("lastword_losses_total", "reason=\"store-backlog\"") == 0)
                try await node.expectSound(sessions)
                try await node.expectNothingHeld(of: sessions)
            }
        }
    }

    @Test("killed while its disk was full, and the pod gone: the pin alone is the witness, and the output is told")
    func pinWithoutRow() async throws {
        try await MemoryMount.with(size: "4m") { mount in
            try await FaultNode.run(FaultNode.Options { $0.store = mount.path + "/store" }) { node in
                let pod = try await node.makePod()
                try mount.fill()
                let session = try await node.debug(in: pod)
                try await node.wait(for: "store", toBe: "failing")
                try await node.waitForPin(of: session)
                try await node.agent.kill()
                try await node.finish(session)
                try await node.delete(pod)
                try mount.free()
                #expect(try node.stored(session) == nil)
                try await node.agent.start()
                let record = try await node.waitForEnd(of: session)
                #expect(record.state == .unknown && record.exitCode == nil)
                #expect(record.output?.pinnedBy == .hardlink)
                #expect(try await node.output(of: session) == FaultNode.waitingOutput)
                #expect(try node.told(session) == ["session.ended"])
                try await node.expectSound([session])
                try await node.expectNothingHeld(of: [session])
            }
        }
    }

    @Test("stopped while its disk is full: it ends in time, and the next one asks for what could not be written")
    func stoppedWhileFull() async throws {
        try await MemoryMount.with(size: "4m") { mount in
            try await FaultNode.run(FaultNode.Options { $0.store = mount.path + "/store" }) { node in
                let pod = try await node.makePod()
                try mount.fill()
                let session = try await node.debug("echo unwritten; exit 4", in: pod)
                try await node.wait(for: "store", toBe: "failing")
                _ = try await node.kubelet.waitForExit(session)
                let began = ContinuousClock.now
                let ending = try await node.agent.stop(limit: .seconds(60))
                print("with a full disk the agent stopped within \(ContinuousClock.now - began)")
                #expect(ending == .exited(0))
                try mount.free()
                try await node.agent.start()
                let record = try await node.waitForEnd(of: session)
                #expect(record.exitCode == 4 && record.ending == .recovered)
                #expect(try await node.output(of: session) == "unwritten\n")
                try await node.expectSound([session])
                try await node.expectNothingHeld(of: [session])
            }
        }
    }

    @Test(
        "read-only at work: facts are kept in memory and /readyz says so; the next start on a sound disk tells all once"
    )
    func readOnly() async throws {
        try await DiskMount.with { disk in
            try await FaultNode.run(FaultNode.Options { $0.store = disk.path + "/store" }) { node in
                let pod = try await node.makePod()
                let told = try await node.debug("exit 1", in: pod)
                try await node.waitForEnd(of: told)
                let under = try await node.debug(in: pod)
                try await node.wait(for: under, "it is known to run") { $0.state == .running }
                try await disk.fail()
                try await node.finish(under)
                let after = try await node.debug("echo unwritten; exit 4", in: pod)
                let readiness = try await node.wait(for: "store", toBe: "failing")
                #expect(readiness.status == 503)
                #expect(readiness["store"]?.reason?.contains("could not be written") == true, "\(readiness)")
                #expect(HTTPProbe.get(port: node.agent.port, path: "/healthz")?.status == 200)
                #expect(node.agent.process?.isRunning == true)
                try await node.waitForPin(of: after)
                #expect(try node.metric("lastword_losses_total", "reason=\"store-backlog\"") == 0)
                _ = try await node.kubelet.waitForExit(after)

                // Nothing that it holds open there can ever be written again.
                try await node.agent.kill()
                try await disk.repair()
                try await node.agent.start()
                #expect(try await node.waitForEnd(of: told).exitCode == 1)
                let record = try await node.waitForEnd(of: under)
                #expect(record.exitCode == 42 && record.ending == .recovered)
                #expect(try await node.output(of: under) == FaultNode.waitingOutput)
                #expect(try await node.waitForEnd(of: after).exitCode == 4)
                #expect(try await node.output(of: after) == "unwritten\n")
                try await node.waitForClosedGap("agent")
                try await node.expectSound([told, under, after])
                try await node.expectNothingHeld(of: [told, under, after])
            }
        }
    }

    @Test("damaged at work: set aside and named, a new ledger begins, and the sessions under way are recorded in it")
    func damagedAtWork() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let before = try await node.debug("exit 1", in: pod)
            try await node.waitForEnd(of: before)
            let old = try node.reading { try $0.status() }
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            try Self.damage(node.agent.store + "/lastword.db")
            try await node.finish(session)

            let record = try await node.waitForEnd(of: session)
            #expect(record.exitCode == 42)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            let status = try node.reading { try $0.status() }
            #expect(status.ledger != old.ledger && status.setAside.count == 1)
            try expectPredecessor(node, old, file: status.setAside.first)
            #expect(try node.entries().map(\.type).prefix(2) == ["ledger.opened", "agent.started"])
            try await node.wait(for: "store", toBe: "ok")
            #expect(node.agent.process?.isRunning == true)
            let verified = try await node.agent.lastword("verify")
            #expect(verified.succeeded, "\(verified.text)\(verified.errorText)")
            #expect(try await node.agent.stop() == .exited(0))
            #expect(try node.entries().last?.type == "agent.stopped")
        }
    }

    @Test("damaged before a start: set aside, never deleted; the new ledger's first entry names it")
    func damagedAtStart() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let lost = try await node.debug("exit 1", in: pod)
            try await node.waitForEnd(of: lost)
            let old = try node.reading { try $0.status() }
            try await node.agent.stop()
            try Self.damage(node.agent.store + "/lastword.db")
            try await node.agent.start()

            let status = try node.reading { try $0.status() }
            #expect(status.ledger != old.ledger)
            try expectPredecessor(node, old, file: status.setAside.first)
            // The runtime still has the container: it is told again, in the new ledger.
            let again = try await node.waitForEnd(of: lost)
            #expect(again.exitCode == 1 && again.ending == .recovered)
            let text = try await node.agent.lastword("status").text
            #expect(text.contains(status.setAside.first ?? "nothing"), "\(text)")
            let session = try await node.debug("exit 2", in: pod)
            #expect(try await node.waitForEnd(of: session).exitCode == 2)
            try await node.expectSound([lost, session])
        }
    }

    private func expectPredecessor(_ node: FaultNode, _ old: StoreStatus, file: String?) throws {
        struct Opened: Decodable {
            struct Content: Decodable {
                struct Predecessor: Decodable { let file: String }
                let reason: String
                let fault: String?
                let predecessor: Predecessor?
            }
            let opened: Content
        }
        let first = try #require(try node.entries().first)
        let opened = try JSONDecoder().decode(Opened.self, from: Data(first.bytes)).opened
        #expect(opened.reason == "predecessor-set-aside" && opened.fault != nil)
        #expect(opened.predecessor?.file == file && file != nil)
        #expect(file.map { Files.exists(node.agent.store + "/" + $0) } == true)
    }

    /// Writes over the whole database, so that whoever has it open has to read it again.
    private static func damage(_ path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(20)
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try other.writeWithoutTransaction { db in
            // A commit of another process: what is cached counts no more. Then nothing is left in the log.
            try db.execute(sql: "CREATE TABLE damage (x)")
            _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try other.close()
        let file = open(path, O_WRONLY | O_CLOEXEC)
        #expect(file >= 0)
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        lseek(file, 0, SEEK_SET)
        try Files.writeAll([UInt8](repeating: 0xA5, count: Int(size)), to: file, named: path)
    }
}
