// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

extension HostTests {
    @Test(
        "install, disable, update, remove, install again, purge: each does what an administrator expects, evidence stays"
    )
    func lifeOfAPackage() async throws {
        try await Host.run { host in
            try await host.machine.boot()
            for name in Packages.names { try await host.dpkg("--install", try await host.file(name)) }
            for unit in Host.Unit.allCases { try await host.waitUntilActive(unit) }
            let ledger = try await ledger(host)
            try host.write("lwt_secret\n", to: "/etc/lastword/agent.credentials/token", mode: 0o600)
            try host.write("log:\n  level: debug\n", to: "/etc/lastword/agent.yaml")

            // What was stopped and disabled stays so over an update.
            try await host.machine.require("systemctl", "disable", "--now", "lastword-agent")
            try await host.dpkg("--install", try await host.file("lastword-agent", version: Packages.laterVersion))
            #expect(try await !host.isActive(.agent))
            #expect(try await host.property("UnitFileState", of: .agent) == "disabled")
            #expect(try Files.text(host.machine.path("/etc/lastword/agent.yaml")) == "log:\n  level: debug\n")
            try await host.machine.require("systemctl", "enable", "--now", "lastword-agent")
            #expect(try await self.ledger(host) == ledger)
            // What runs is replaced by what was installed.
            let before = try await host.property("MainPID", of: .agent)
            try await host.dpkg("--install", try await host.file("lastword-agent", version: Packages.laterVersion))
            #expect(try await host.isActive(.agent))
            #expect(try await host.property("MainPID", of: .agent) != before)

            try await host.dpkg("--remove", "lastword-agent", "lastword-collector")
            for unit in Host.Unit.allCases { #expect(try await !host.isActive(unit)) }
            #expect(try await host.machine.run("pgrep", "-f", "/usr/sbin/lastword-").text == "")
            #expect(Files.exists(host.machine.path("/etc/lastword/agent.yaml")))
            // The command line reads the records without the agent.
            #expect(try await self.ledger(host) == ledger)

            try await host.dpkg("--install", try await host.file("lastword-agent"))
            try await host.waitUntilActive(.agent)
            #expect(try await self.ledger(host) == ledger)

            try await host.dpkg("--purge", "lastword-agent", "lastword-collector", "lastword")
            try await expectPurged(host)
        }
    }

    private func ledger(_ host: Host) async throws -> String {
        let text = try await host.machine.require("lastword", "status")
        let line = text.split(separator: "\n").first { $0.contains("ID:") }
        return try String(#require(line, "\(text)"))
    }

    private func expectPurged(_ host: Host) async throws {
        let etc = Files.tree(host.machine.path("/etc")).filter { $0.contains("lastword") }
        // Users and groups stay, as owners of what stays.
        #expect(etc == [])
        #expect(try await host.machine.run("systemctl", "cat", "lastword-agent").succeeded == false)
        #expect(try await host.machine.run("sh", "-c", "find /usr -name '*lastword*'").text == "")
        for kept in ["/var/lib/lastword/lastword.db", "/var/lib/lastword-collector/collector.db"] {
            #expect(Files.exists(host.machine.path(kept)), "\(kept)")
        }
        #expect(Files.isDirectory(host.machine.path("/var/log/.lastword/pins")))
        #expect(try await host.owner("/var/lib/lastword") == "root:lastword 750")
        let known = try await host.machine.run("dpkg-query", "-W", "lastword-agent", "lastword-collector", "lastword")
        #expect(!known.text.contains("lastword-agent\t"))
    }
}
