// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Glibc
import SessionRecords
import TestSupport
import Testing

/// An orderly stop, and an update's overlap.
@Suite("Faults: stopping and replacing the agent", .serialized, .timeLimit(.minutes(10)))
struct StopTests {
    @Test("SIGTERM during a session: drained within 10 s, the stop told, systemd notified; the next one goes on")
    func stop() async throws {
        try await FaultNode.run(FaultNode.Options { $0.starts = false }) { node in
            let notifications = try NotifySocket(path: node.scratch.file("notify"))
            node.agent.update { $0.environment["NOTIFY_SOCKET"] = notifications.path }
            try await node.agent.start()
            try await waitUntil("READY is sent") { notifications.received().contains("READY=1") }
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            try await node.waitForPin(of: session)

            let began = ContinuousClock.now
            #expect(try await node.agent.stop(limit: .seconds(60)) == .exited(0))
            print("the agent stopped within \(ContinuousClock.now - began)")
            #expect(ContinuousClock.now - began < .seconds(20))
            #expect(notifications.received().contains("STOPPING=1"))
            #expect(notifications.received().contains { $0.hasPrefix("STATUS=") })
            #expect(try node.entries().last?.type == "agent.stopped")
            #expect(try node.stored(session)?.state == .running)
            #expect(node.isPinned(session))

            try await node.agent.start()
            try await node.finish(session)
            let record = try await node.waitForEnd(of: session)
            #expect(record.exitCode == 42 && record.ending == .observed)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            try await node.waitForClosedGap("agent")
            #expect(try node.gaps("agent").first?.reason == "agent stopped")
            try await node.expectSound([session])
        }
    }

    @Test("the next agent starts before the last has ended: it waits for store and pins, and takes over")
    func overlap() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            let old = try #require(node.agent.process)
            // Both have the same address, so the new one may come only as far as the store while the old one is there.
            try await node.agent.start(untilReady: false)
            let new = try #require(node.agent.process)
            #expect(new.pid != old.pid)
            #expect(try await old.terminate(limit: .seconds(60)) == .exited(0))
            try await waitUntil(limit: .seconds(60), "the new one is ready") {
                try #require(new.isRunning, "\(node.agent.logTail)")
                return try node.readiness()?.ready == true
            }
            try await node.finish(session)
            #expect(try await node.waitForEnd(of: session).exitCode == 42)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            let life = try node.entries().map(\.type).filter { $0.hasPrefix("agent.") }
            #expect(life == ["agent.started", "agent.stopped", "agent.started"])
            try await node.expectSound([session])
        }
    }

    @Test("pins that another process holds for a moment are waited for, within the time for the store's lock")
    func pinsHeld() async throws {
        try await FaultNode.run(FaultNode.Options { $0.starts = false }) { node in
            try Files.makeDirectories(node.pinDirectory, mode: 0o700)
            let directory = open(node.pinDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            try #require(directory >= 0)
            defer { close(directory) }
            try #require(flock(directory, LOCK_EX) == 0)
            try await node.agent.start(untilReady: false)
            // It has the store; the pins are next, and it goes on waiting for them.
            try await waitUntil("the store is made") { Files.exists(node.agent.store + "/lastword.db-wal") }
            let process = try #require(node.agent.process)
            for _ in 0..<20 {
                try await Task.sleep(for: .milliseconds(50))
                #expect(process.isRunning && HTTPProbe.get(port: node.agent.port, path: "/healthz") == nil)
            }
            #expect(flock(directory, LOCK_UN) == 0)
            try await waitUntil("the agent is ready") { try node.readiness()?.ready == true }
        }
    }
}
