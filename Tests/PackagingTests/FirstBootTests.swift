// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

extension HostTests {
    @Test(
        "packages installed into an image come up at its first boot: READY, without capability, files as they must be")
    func firstBoot() async throws {
        try await Host.run { host in
            try await host.installUnbooted()
            #expect(
                Files.exists(host.machine.path("/etc/systemd/system/multi-user.target.wants/lastword-agent.service")))
            // Nothing ran: the image has no record, and the key of nobody.
            #expect(!Files.exists(host.machine.path("/var/lib/lastword/lastword.db")))
            try await host.machine.boot()
            for unit in Host.Unit.allCases {
                try await host.waitUntilActive(unit)
                #expect(try await host.property("Type", of: unit) == "notify")
                for set in ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"] {
                    #expect(try await host.status(set, of: unit) == "0000000000000000", "\(set)")
                }
                #expect(try await host.status("NoNewPrivs", of: unit) == "1")
                #expect(try await host.status("Seccomp", of: unit) == "2")
            }
            #expect(try await host.status("Uid", of: .agent) == "0 0 0 0")
            #expect(try await host.status("Uid", of: .collector) != "0 0 0 0")
            try await host.waitUntilReady(.collector)

            #expect(try await host.owner("/var/lib/lastword") == "root:lastword 750")
            for file in ["lastword.db", "lastword.db-wal", "lastword.db-shm"] {
                #expect(try await host.owner("/var/lib/lastword/" + file) == "root:lastword 640")
            }
            #expect(try await host.owner("/var/log/.lastword/pins") == "root:root 700")
            #expect(try await host.owner("/etc/lastword/agent.credentials") == "root:root 700")
            #expect(
                try await host.owner("/var/lib/lastword-collector") == "lastword-collector:lastword-collector 750")
            try await expectReaders(host)
            try await expectNoReach(host)
        }
    }

    /// The group may read the records, and nobody else.
    private func expectReaders(_ host: Host) async throws {
        func status(groups: String) async throws -> CommandResult {
            try await host.machine.run([
                "setpriv", "--reuid", "nobody", "--regid", "nogroup", "--groups", groups, "lastword", "status",
            ])
        }
        let member = try await status(groups: "lastword")
        #expect(member.succeeded, "\(member.errorText)")
        #expect(try await !status(groups: "nogroup").succeeded)
    }

    /// The units can write where they must, and nowhere else.
    private func expectNoReach(_ host: Host) async throws {
        func touch(_ path: String, _ unit: Host.Unit) async throws -> Bool {
            try await host.asUnit(unit, ["touch", path]).succeeded
        }
        for path in ["/var/lib/lastword/x", "/var/log/.lastword/x"] { #expect(try await touch(path, .agent)) }
        for path in ["/etc/lastword/x", "/usr/x", "/var/lib/x", "/srv/x", "/run/x"] {
            #expect(try await !touch(path, .agent), "\(path)")
            #expect(try await !touch(path, .collector), "\(path)")
        }
        #expect(try await touch("/var/lib/lastword-collector/x", .collector))
        #expect(try await !touch("/var/log/x", .collector))
    }

    @Test("root's secrets reach both units as credentials: the agent delivers over TLS to the collector beside it")
    func credentials() async throws {
        try await Host.run { host in
            try await host.installUnbooted()
            try await host.machine.boot()
            try await host.waitUntilActive(.collector)
            try await host.machine.require(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2",
                "-subj", "/CN=collector", "-addext", "subjectAltName=IP:127.0.0.1", "-out", "/etc/lastword/ca.crt",
                "-keyout", "/etc/lastword/collector.credentials/tls.key")
            try await host.machine.require(
                "cp", "/etc/lastword/ca.crt", "/etc/lastword/collector.credentials/tls.crt")
            #expect(try await host.owner("/etc/lastword/collector.credentials/tls.key") == "root:root 600")
            try host.write(
                try await makeToken("agent", host), to: "/etc/lastword/agent.credentials/token", mode: 0o600)
            try host.write(try await makeToken("reader", host), to: "/etc/lastword/reader.token", mode: 0o600)
            try host.write(
                """
                tls:
                  certificateFile: /run/credentials/lastword-collector.service/collector_tls.crt
                  keyFile: /run/credentials/lastword-collector.service/collector_tls.key

                """, to: "/etc/lastword/collector.yaml")
            try host.write(
                """
                forward:
                  endpoint: https://127.0.0.1:4318
                  caFile: /etc/lastword/ca.crt
                  tokenFile: /run/credentials/lastword-agent.service/agent_token

                """, to: "/etc/lastword/agent.yaml")
            try await host.machine.require("systemctl", "restart", "lastword-collector", "lastword-agent")
            try await host.waitUntilReady(.collector)
            let name = try await host.machine.require("uname", "-n").split(separator: "\n")[0].lowercased()
            try await waitUntil(limit: .seconds(60), every: .milliseconds(200), "the collector has the node's ledger") {
                let nodes = try await host.lastword(
                    "nodes", "--collector", "https://127.0.0.1:4318", "--token-file", "/etc/lastword/reader.token",
                    "--ca-file", "/etc/lastword/ca.crt", "-o", "jsonl")
                return nodes.succeeded && nodes.text.contains("\"\(name)\"")
            }
        }
    }

    /// A token of that role, as a line.
    private func makeToken(_ role: String, _ host: Host) async throws -> String {
        let made = try await host.machine.require(
            "lastword-collector", "token", "create", "--role", role, "--name", role)
        return try #require(made.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("lwt_") }) + "\n"
    }
}
