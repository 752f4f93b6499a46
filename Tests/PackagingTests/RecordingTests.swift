// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

extension HostTests {
    @Test("the unit, exactly as shipped, makes its trial link, records a session, and the record survives a restart")
    func recording() async throws {
        try await RecordingHost.run { node in
            let host = node.host
            let shipped = try Files.text(Repository.file("systemd/lastword-agent.service"))
            #expect(try await host.machine.require("systemctl", "cat", "lastword-agent").hasSuffix(shipped))
            #expect(try await host.property("DropInPaths", of: .agent) == "")
            // With a log there is something to link.
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            let check = try await host.asUnit(.agent, ["lastword-agent", "check"])
            #expect(check.succeeded, "\(check.text)")
            #expect(check.text.contains("ok    log pins: /var/log/.lastword/pins and /var/log/pods: linked"))
            let doctor = try await host.lastword("doctor")
            #expect(doctor.succeeded, "\(doctor.text)")
            try await node.waitForPin(of: session)
            try await node.finish(session)
            // Faster than any kubelet: log, container and pod are gone.
            try await node.rig.kubelet.deletePod(pod, grace: 0)
            try await node.expectWhole(session)
            let record = try #require(try await host.session(session))
            #expect(record.state == .ended && record.exitCode == 42 && record.ending == .observed)

            try await host.machine.require("systemctl", "restart", "lastword-agent")
            try await host.waitUntilReady(.agent)
            #expect(try await host.session(session) == record)
            #expect(try await host.output(of: session) == RecordingHost.waitingOutput)
            let verified = try await host.lastword("verify")
            #expect(verified.succeeded, "\(verified.text)\(verified.errorText)")
        }
    }

    @Test("an update in the middle of sessions keeps each pinned one whole, also what ended between old and new")
    func update() async throws {
        try await RecordingHost.run { node in
            let host = node.host
            let pod = try await node.makePod()
            let lasting = try await node.debug(in: pod)
            let between = try await node.debug(in: pod)
            try await node.waitForPin(of: lasting)
            try await node.waitForPin(of: between)
            let old = try await host.property("MainPID", of: .agent)

            // The old agent is gone, the new one not there yet.
            try await host.machine.require("systemctl", "stop", "lastword-agent")
            #expect(node.isPinned(lasting) && node.isPinned(between))
            try await node.finish(between)
            try await node.rig.kubelet.removeContainer(between)
            #expect(!Files.exists(between.logPath))
            try await host.dpkg("--install", try await host.file("lastword-agent", version: Packages.laterVersion))
            try await host.waitUntilReady(.agent)
            #expect(try await host.property("MainPID", of: .agent) != old)

            try await node.finish(lasting)
            try await node.rig.kubelet.deletePod(pod, grace: 0)
            try await node.expectWhole(lasting)
            try await node.expectWhole(between)
            let record = try #require(try await host.session(lasting))
            #expect(record.state == .ended && record.exitCode == 42 && record.ending == .observed)
            let verified = try await host.lastword("verify")
            #expect(verified.succeeded, "\(verified.text)\(verified.errorText)")
        }
    }
}
