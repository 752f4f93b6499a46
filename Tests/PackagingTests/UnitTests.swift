// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// The units as they are installed.
@Suite(
    "The units", .enabled(if: Programs.are("systemd-analyze"), "systemd is not installed: dev/setup.sh does"))
struct UnitTests {
    static let units = ["lastword-agent", "lastword-collector"]

    /// `systemd-analyze security`, times ten, as its `--threshold` has it. What is left: root with the host's users, network
    /// and `/proc` for the agent; for both `setpriority`, and the addresses of API server, agents and readers, which only a site knows.
    static let exposure = ["lastword-agent": 18, "lastword-collector": 12]

    /// The directives of a unit, in order.
    private func directives(_ unit: String) throws -> [(key: String, value: String)] {
        try Repository.text("systemd/\(unit).service").split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { return nil }
            return (String(line[..<equals]), String(line[line.index(after: equals)...]))
        }
    }

    private func values(_ key: String, of unit: String) throws -> [String] {
        try directives(unit).filter { $0.key == key }.map(\.value)
    }

    @Test("systemd finds nothing to object to, and knows every directive", arguments: units)
    func verified(_ unit: String) async throws {
        let tree = try await InstalledTree.made
        let scratch = try ScratchDirectory()
        // Looked at where this machine can find the program.
        let text = try Files.text(tree.path("/usr/lib/systemd/system/\(unit).service"))
        let moved = text.replacing("ExecStart=/usr/", with: "ExecStart=\(tree.directory)/usr/")
        try scratch.write(moved, to: unit + ".service")
        let result = try await ChildProcess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", scratch.file(unit + ".service")])
        #expect(
            result.succeeded && result.errorText.isEmpty && result.text.isEmpty, "\(result.errorText)\(result.text)")
    }

    @Test("an unknown directive would be found")
    func unknownDirective() async throws {
        let scratch = try ScratchDirectory()
        try scratch.write("[Service]\nExecStart=/bin/true\nProtectEverything=yes\n", to: "x.service")
        let result = try await ChildProcess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", scratch.file("x.service")])
        #expect(result.errorText.contains("ProtectEverything"))
    }

    @Test("their exposure stays under its bound", arguments: units)
    func exposed(_ unit: String) async throws {
        let bound = try #require(Self.exposure[unit])
        let result = try await ChildProcess.run([
            "systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=\(bound)",
            Repository.file("systemd/\(unit).service"),
        ])
        #expect(result.succeeded, "\(result.text)\(result.errorText)")
        #expect(result.text.contains("Overall exposure level for \(unit).service"))
    }

    @Test("the agent's has no capability, and /var/log as one mount and nothing finer")
    func agent() throws {
        let unit = "lastword-agent"
        #expect(try values("CapabilityBoundingSet", of: unit) == [""])
        #expect(try values("AmbientCapabilities", of: unit) == [""])
        #expect(try values("ProtectSystem", of: unit) == ["strict"])
        #expect(try values("ReadWritePaths", of: unit) == ["/var/log"])
        // Each would be a mount of its own below /var/log, and links would fail with EXDEV.
        for key in ["LogsDirectory", "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem", "InaccessiblePaths"] {
            #expect(try values(key, of: unit) == [], "\(key)")
        }
        #expect(try values("ReadOnlyPaths", of: unit) == ["/run"])
        #expect(try values("StateDirectory", of: unit) == ["lastword"])
        #expect(try values("User", of: unit) == ["root"])
        // Its absence must never pull a runtime up or down.
        for key in ["Requires", "BindsTo", "PartOf", "Wants", "Before"] { #expect(try values(key, of: unit) == []) }
    }

    @Test("both are told to be up, watched, restarted for ever, and leave no memory behind", arguments: units)
    func kept(_ unit: String) throws {
        #expect(try values("Type", of: unit) == ["notify"])
        #expect(try values("WatchdogSec", of: unit) == ["30"])
        #expect(try values("Restart", of: unit) == ["always"])
        #expect(try values("StartLimitIntervalSec", of: unit) == ["0"])
        #expect(try values("Environment", of: unit) == ["SWIFT_BACKTRACE=enable=no"])
        #expect(try values("LimitCORE", of: unit) == ["0"])
        #expect(try values("LoadCredential", of: unit).count == 1)
    }
}
