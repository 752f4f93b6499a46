// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

extension HostTests {
    @Test("each command of the pages does on a host what it is there for, or is marked with why nothing runs it")
    func pages() async throws {
        try await RecordingHost.run(installed: false) { node in
            var walk = try PagesHost(node)
            try await walk.install()
            try await walk.startCollector()
            try await walk.startAgent()
            try await walk.playSessions()
            try await walk.readme()
            try await walk.commandLine()
            try await walk.administration()
            try await walk.backup()
            try await walk.upgrade()
            try await walk.remove()
            #expect(walk.pages.leftovers == [])
        }
    }
}

/// A host on which somebody follows the pages, from the package to its removal.
private struct PagesHost {
    let node: RecordingHost
    var pages: PageWalk
    /// The beginnings of the ids of the sessions in `web-0`, `web-1` and `till-0`.
    private var ids: [String] = []
    private var readerToken = ""

    private var host: Host { node.host }
    private var machine: HostMachine { node.host.machine }

    /// The name under which the pages know the node.
    private static let nodeName = "worker-0"
    private static let waiting = "finding: connection refused"

    init(_ node: RecordingHost) throws {
        self.node = node
        pages = try PageWalk(node.host)
    }

    // MARK: Installing

    mutating func install() async throws {
        try await machine.require("hostname", Self.nodeName)
        // As on any Debian; here nobody is there to say yes.
        try host.write("APT::Get::Assume-Yes \"true\";\n", to: "/etc/apt/apt.conf")
        for service in ["runuser", "other"] {
            let stacks = ["auth", "account", "password", "session"].map { "\($0) required pam_permit.so\n" }
            try host.write(stacks.joined(), to: "/etc/pam.d/\(service)")
        }
        try host.write("force-unsafe-io\n", to: "/etc/dpkg/dpkg.cfg.d/test")
        try host.write(
            "127.0.0.1 localhost collector.example lastword.example siem.example\n", to: "/etc/hosts")
        for directory in [
            "/srv/current", "/srv/later", "/srv/ca", "/var/lib/apt/lists/partial", "/var/cache/apt/archives/partial",
        ] {
            try Files.makeDirectories(machine.path(directory))
        }
        for name in Packages.names {
            try await machine.require("ln", try await host.file(name), "/srv/current/")
        }
        try await machine.require(
            "ln", try await host.file("lastword-agent", version: Packages.laterVersion),
            try await host.file("lastword-collector", version: Packages.laterVersion), "/srv/later/")
        try await pages.run("docs/install-systemd.md", "apt-get install", in: "/srv/current")
        try await host.waitUntilActive(.agent)
        try await host.dpkg("--install", try await host.file("lastword-collector"))
        try await host.waitUntilReady(.collector)
        // The page's authority issues for all names that the pages make up.
        let name = "DNS:lastword-collector.lastword.svc"
        try await pages.run(
            "docs/install-kubernetes.md", "openssl req", in: "/srv/ca",
            names: [name: "\(name),DNS:collector.example,DNS:lastword.example,DNS:siem.example"])
        try await machine.require(
            "sh", "-euc",
            """
            mkdir -p /etc/ssl/certs
            cp /srv/ca/ca.crt /etc/ssl/certs/ca-certificates.crt
            for file in /etc/lastword/siem-ca.crt /etc/ssl/siem-ca.pem; do cp /srv/ca/ca.crt $file; done
            cp /srv/ca/tls.crt /etc/ssl/siem.pem
            cp /srv/ca/tls.key /etc/ssl/siem.key
            install -o lastword-collector -m 0400 /srv/ca/tls.crt /srv/ca/tls.key /etc/lastword/
            """)
    }

    // MARK: The collector

    mutating func startCollector() async throws {
        // By hand, in the place of the unit.
        try await machine.require("systemctl", "stop", "lastword-collector")
        let asRoot = try await machine.run("lastword-collector", "serve")
        #expect(asRoot.ending == .exited(2) && asRoot.errorText.contains("runuser -u lastword-collector -- "))
        try await pages.run(
            "docs/collector.md", "lastword-collector serve", as: "lastword-collector", serving: Host.Unit.collector.port
        )
        try await machine.require("systemctl", "start", "lastword-collector")
        try await host.waitUntilReady(.collector)
        let tokens = try await pages.run("docs/collector.md", "lastword-collector token create --role agent")
            .split(separator: "\n").map(String.init)
        try #require(tokens.count == 2 && tokens.allSatisfy { $0.hasPrefix("lwt_") })
        readerToken = tokens[1]
        let answer = try await pages.run("docs/collector.md", "curl", environment: ["TOKEN": readerToken])
        #expect(answer.contains("\"sessions\""), "\(answer)")
        try await machine.require("systemctl", "stop", "lastword-collector")
        try await pages.run("docs/collector.md", "runuser -u lastword-collector -- lastword-collector check")

        // What the pages show as its settings, with the receiver that another page sets up.
        try host.write(try pages.file("docs/siem.md", beginning: "global("), to: "/etc/siem.conf")
        try await machine.require("systemd-run", "--unit=siem", "rsyslogd", "-n", "-f", "/etc/siem.conf", "-i", "NONE")
        try host.write(Self.keys, to: "/etc/lastword/jwks.json")
        try host.write(
            try pages.file("docs/collector-configuration.md", beginning: "server:"), to: "/etc/lastword/collector.yaml")
        try await machine.require("systemctl", "start", "lastword-collector")
        try await host.waitUntilReady(.collector)
        try host.write(tokens[0] + "\n", to: "/etc/lastword/agent.credentials/token", mode: 0o600)
        try host.write(readerToken + "\n", to: "/srv/home/.config/lastword/token", mode: 0o600)
    }

    /// An issuer's key, for a setting that the page has.
    private static let keys = """
        {"keys":[{"kty":"EC","crv":"P-256","kid":"1","alg":"ES256","use":"sig",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}
        """

    // MARK: The agent

    mutating func startAgent() async throws {
        // There is no API server here, and the runtime calls the log directory by its path on this machine.
        let shown = try pages.file("docs/install-systemd.md", beginning: "node:")
        let own = shown.replacing("  kubeconfig: /etc/lastword/kubeconfig", with: "  source: none")
        #expect(own != shown)
        try host.write(own + node.logSettings, to: "/etc/lastword/agent.yaml")
        try await pages.run("docs/install-systemd.md", "lastword-agent check")
        try await host.waitUntilReady(.agent)
        try await machine.require("useradd", "alice")
        try await pages.run("docs/install-systemd.md", "usermod")
        let read = try await machine.run("runuser", "-u", "alice", "--", "lastword", "status")
        #expect(read.succeeded, "\(read.errorText)")
    }

    mutating func playSessions() async throws {
        for (namespace, name) in [("default", "web-0"), ("default", "web-1"), ("payments", "till-0")] {
            var specification = PodSpecification(name: name)
            specification.namespace = namespace
            let pod = try await node.rig.kubelet.runTargetPod(specification).pod
            let shell = "echo '\(Self.waiting)'; exit 42"
            let session = try await node.rig.kubelet.startEphemeralContainer(
                .debugger(name: "debugger-x7k2p", shell: shell, target: "nginx"), in: pod)
            let record = try await host.waitForEnd(of: session)
            ids.append(String(record.id.rawValue.prefix(8)))
        }
        // One that somebody forgot.
        _ = try await node.debug(in: try await node.makePod())
        try await waitUntil(limit: .seconds(60), every: .milliseconds(200), "the collector has all sessions") {
            let listed = try await host.lastword(
                "list", "-A", "-o", "name", "--search", "connection refused", "--collector",
                "https://lastword.example:4318", "--token-file", "/srv/home/.config/lastword/token")
            return ids.allSatisfy { listed.text.contains($0) }
        }
        // The receiver of the page has understood them.
        try await waitUntil(limit: .seconds(30), "the receiver has the sessions") {
            let kept = try? Files.text(node.rig.paths.log + "/lastword.jsonl")
            return kept?.contains(/"pod": ?"till-0"/) == true
        }
    }

    // MARK: Reading

    mutating func readme() async throws {
        // A clone in which the debug build is what is installed.
        try await machine.require(
            "sh", "-euc",
            """
            mkdir -p /srv/clone/.build/debug
            ln -s /usr/sbin/lastword-agent /usr/bin/lastword /srv/clone/.build/debug/
            """)
        let shown = try await pages.run("README.md", "lastword list", names: ["74cb2dbe": ids[0]])
        #expect(shown.contains("\n\(Self.waiting)\n") && shown.contains("Result:         intact"), "\(shown)")
        try await machine.require("systemctl", "stop", "lastword-agent")
        let token = "/etc/lastword/agent.credentials/token"
        try await pages.run(
            "README.md", "make build", in: "/srv/clone", environment: ["LASTWORD_FORWARD_TOKEN_FILE": token],
            serving: Host.Unit.agent.port)
        try await machine.require("systemctl", "start", "lastword-agent")
        try await host.waitUntilReady(.agent)
    }

    mutating func commandLine() async throws {
        let home = ["HOME": "/srv/home"]
        let shown = try await pages.run(
            "docs/cli.md", "lastword list", names: ["99b5c728": ids[1], "--older-than 2h": "--older-than 1s"],
            environment: home.merging(
                ["LASTWORD_COLLECTOR_TOKEN_FILE": "/srv/home/.config/lastword/token"]
            ) { $1 })
        #expect(shown.contains("\n\(Self.waiting)\n"), "\(shown)")
        let asked = try await pages.run("docs/cli.md", "export LASTWORD_COLLECTOR", environment: home)
        #expect(asked.contains("till-0") && asked.contains(Self.nodeName), "\(asked)")
    }

    // MARK: Administration

    mutating func administration() async throws {
        let made = try await pages.run(
            "docs/collector.md",
            "lastword-collector token create --role reader --namespaces web,shop --name 'team web'",
            names: ["0123456789abcdef": String(readerToken.dropFirst(4).prefix(16))])
        #expect(made.contains("name=team web") && made.contains("lwt_"), "\(made)")
        try await pages.run("docs/collector.md", "lastword-collector token create --role reader")
        try await pages.run("docs/collector.md", "lastword-collector hold", names: ["1f0c93aa": ids[2]])
        let trail = try await pages.run("docs/collector.md", "lastword-collector audit")
        #expect(
            trail.contains("session.erase by root on the collector") && trail.contains("\"session.release\""),
            "\(trail)")
    }

    mutating func backup() async throws {
        let verified = try await pages.run("docs/collector.md", "lastword-collector backup")
        #expect(verified.contains("whole"), "\(verified)")
        // Elsewhere the unit cannot write, and with the server gone root shall not.
        let refused = try await machine.run("lastword-collector", "backup", "/var/backup.db")
        #expect(refused.ending == .exited(2) && refused.errorText.contains("unit may below store.directory"))
        try await machine.require("systemctl", "stop", "lastword-collector")
        for arguments in [["token", "list"], ["restore", "/var/lib/lastword-collector/backup-2026-11-26.db"]] {
            let refused = try await machine.run(["lastword-collector"] + arguments)
            #expect(refused.ending == .exited(2), "\(arguments)")
            #expect(refused.errorText.contains("runuser -u lastword-collector -- "), "\(refused.errorText)")
        }
        try await pages.run("docs/collector.md", "systemctl stop lastword-collector")
        try await host.waitUntilReady(.collector)
        let list = try await machine.require("lastword-collector", "token", "list")
        #expect(list.contains("name=team web"), "\(list)")
    }

    // MARK: Upgrading and removing

    mutating func upgrade() async throws {
        try await pages.run("docs/upgrade.md", "lastword-collector backup", in: "/srv/later")
        try await host.waitUntilReady(.collector)
        try await pages.run("docs/upgrade.md", "dpkg-deb", in: "/srv/later")
        try await host.waitUntilReady(.agent)
        for package in ["lastword-agent", "lastword-collector"] {
            let version = try await machine.require("dpkg-query", "-W", "-f", "${Version}", package)
            #expect(version == Packages.laterVersion, "\(package)")
        }
    }

    mutating func remove() async throws {
        try await pages.run("docs/install-systemd.md", "apt-get remove")
        try await pages.run("docs/install-systemd.md", "lastword export")
        #expect(try Files.text(machine.path("/srv/ledger.jsonl")).contains("session.ended"))
        #expect(!Files.exists(machine.path("/var/lib/lastword")) && !Files.exists(node.rig.paths.log + "/.lastword"))
        // The same without a package: what `make install` puts below DESTDIR, of the debug build.
        let tree = try await InstalledTree.made
        try await ChildProcess.require(["cp", "-a", tree.directory, machine.path("/srv/tree")])
        try await pages.run(
            "docs/install-systemd.md", "make install",
            names: ["make install PREFIX=/usr": "cp -a --remove-destination /srv/tree/. /"])
        try host.write("pods:\n  source: none\n" + node.logSettings, to: "/etc/lastword/agent.yaml")
        try await machine.require("systemctl", "restart", "lastword-agent")
        try await host.waitUntilReady(.agent)
    }
}
