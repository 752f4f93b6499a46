// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

extension HostTests {
    @Test("journal.entry and journal.namespace do what they say, on a host's own journald")
    func journalSettings() async throws {
        try await RecordingHost.run { node in
            let host = node.host
            let pod = try await node.makePod()
            func entries() async throws -> [Substring] {
                try await host.machine.run(
                    "journalctl", "--no-pager", "-q", "-o", "cat", "MESSAGE_ID=c5d0f4b2a7be4f0f9a6d3e1c8b27545e"
                ).text.split(separator: "\n")
            }
            func record() async throws -> String {
                let session = try await node.debug(in: pod)
                try await node.waitForPin(of: session)
                try await node.finish(session)
                _ = try await host.waitForEnd(of: session)
                return session.name
            }
            let told = try await record()
            try await waitUntil("the end is in the journal") { try await entries().count == 1 }
            #expect(try await entries().first?.contains("/\(told) ended: exit code 42") == true)

            // A line of a kubelet that logs into a namespace of its own.
            let written = try await host.machine.run(
                "systemd-run", "--wait", "--unit=kubelet.service", "-p", "LogNamespace=node", "echo",
                "I1127 08:00:00.000000       1 kubelet.go:1] \"Starting kubelet main sync loop\"")
            #expect(written.succeeded, "\(written.errorText)")
            func check() async throws -> String {
                let text = try await host.machine.run("lastword-agent", "check").text
                return text.split(separator: "\n").first { $0.contains(" journal: ") }.map(String.init) ?? text
            }
            let nothing = "no line of the container runtime or the kubelet is in the journal"
            #expect(try await check().contains(nothing))
            try host.write(
                "pods:\n  source: none\njournal:\n  entry: false\n  namespace: node\n" + node.logSettings,
                to: "/etc/lastword/agent.yaml")
            // The line comes to the disk behind the end of the unit.
            try await waitUntil("the namespace's line is found") {
                let seen = try await check()
                return seen.hasPrefix("ok ") && !seen.contains(nothing)
            }

            try await host.machine.require("systemctl", "restart", "lastword-agent")
            try await host.waitUntilReady(.agent)
            let untold = try await record()
            #expect(untold != told)
            // Behind the agent's stop nothing is on the way any more.
            try await host.machine.require("systemctl", "stop", "lastword-agent")
            try await host.machine.require("journalctl", "--sync")
            #expect(try await entries().count == 1)
            try await node.rig.kubelet.deletePod(pod, grace: 0)
        }
    }
}
