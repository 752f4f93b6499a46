// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SessionRecords
import TestSupport
import Testing

/// A booted host with Lastword's packages, as tests see it.
struct Host: Sendable {
    let machine: HostMachine

    /// Gives a host to a test and takes it down again, whatever the test did. An error comes with the units' last words.
    static func run(_ body: (Host) async throws -> Void) async throws {
        let host = Host(machine: try await HostMachine())
        var failure: (any Error)?
        do {
            try await host.bringPackages()
            try await body(host)
        } catch {
            failure = RigError.failed("\(error)\nthe host's last words:\n\(await host.lastWords)")
        }
        do {
            try await host.machine.teardown()
        } catch {
            Issue.record("cannot take the host down: \(error)")
        }
        #expect(host.machine.leftovers() == [])
        if let failure { throw failure }
    }

    private var lastWords: String {
        get async {
            let units = Unit.allCases.flatMap { ["-u", $0.rawValue] }
            // Only words for an error that is thrown anyway.
            let journal = try? await machine.run(["journalctl", "--no-pager", "-n", "40"] + units)
            return (journal?.text ?? "") + machine.consoleTail
        }
    }

    enum Unit: String, CaseIterable {
        case agent = "lastword-agent"
        case collector = "lastword-collector"

        /// Where it serves `/readyz` by default.
        var port: Int { self == .agent ? 9464 : 9465 }
    }

    // MARK: Packages

    private func bringPackages() async throws {
        let packages = try await Packages.made
        try Files.makeDirectories(machine.path("/srv/packages"))
        for name in Files.names(in: packages.directory) {
            try await ChildProcess.require(
                ["cp", packages.directory + "/" + name, machine.path("/srv/packages/") + name])
        }
    }

    /// The path of a package's file on the host.
    func file(_ package: String, version: String? = nil) async throws -> String {
        let path = try await Packages.made.file(package, version: version)
        return "/srv/packages/" + (path.split(separator: "/").last.map(String.init) ?? "")
    }

    static let dpkg = ["dpkg", "--force-unsafe-io"]

    /// Installs all packages into the files of the host, which is not booted.
    func installUnbooted() async throws {
        var files: [String] = []
        for name in Packages.names { files.append(try await file(name)) }
        let result = try await machine.runUnbooted(Self.dpkg + ["--install"] + files)
        guard result.succeeded else { throw RigError.failed("\(result.text)\(result.errorText)") }
    }

    func dpkg(_ arguments: String...) async throws {
        let result = try await machine.run(Self.dpkg + arguments)
        guard result.succeeded else { throw RigError.failed("dpkg \(arguments): \(result.text)\(result.errorText)") }
    }

    // MARK: Units

    func property(_ name: String, of unit: Unit) async throws -> String {
        let text = try await machine.require("systemctl", "show", "--value", "--property", name, unit.rawValue)
        return text.split(separator: "\n").first.map(String.init) ?? ""
    }

    func isActive(_ unit: Unit) async throws -> Bool {
        try await property("ActiveState", of: unit) == "active"
    }

    func waitUntilActive(_ unit: Unit) async throws {
        try await waitUntil(limit: .seconds(60), every: .milliseconds(100), "\(unit.rawValue) is active") {
            try await isActive(unit)
        }
    }

    /// Waits until `/readyz` says yes.
    func waitUntilReady(_ unit: Unit) async throws {
        let ask = #"exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 && cat <&3"#
        try await waitUntil(limit: .seconds(60), every: .milliseconds(100), "\(unit.rawValue) is ready") {
            try await machine.run("bash", "-c", ask, "ask", "\(unit.port)").text.hasPrefix("HTTP/1.1 200")
        }
    }

    /// Runs a program in a unit's own view of the files, as its user and group, without a capability: what it can do there
    /// the unit can do.
    func asUnit(_ unit: Unit, _ arguments: [String]) async throws -> CommandResult {
        let pid = try await property("MainPID", of: unit)
        let group = unit == .agent ? "lastword" : unit.rawValue
        let user = unit == .agent ? "root" : unit.rawValue
        return try await machine.run(
            [
                "nsenter", "-t", pid, "-m", "setpriv", "--reuid", user, "--regid", group, "--clear-groups",
                "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
            ] + arguments)
    }

    /// A line of `/proc/PID/status` of a unit's main process.
    func status(_ field: String, of unit: Unit) async throws -> String {
        let pid = try await property("MainPID", of: unit)
        let text = try await machine.require("cat", "/proc/\(pid)/status")
        let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") } ?? ""
        return line.split(whereSeparator: \.isWhitespace).dropFirst().joined(separator: " ")
    }

    func journal(_ unit: Unit) async throws -> String {
        try await machine.require(
            "journalctl", "--no-pager", "-o", "cat", "UNIT=\(unit.rawValue).service", "+",
            "_SYSTEMD_UNIT=\(unit.rawValue).service")
    }

    // MARK: Files

    /// `user:group mode` of a path on the host.
    func owner(_ path: String) async throws -> String {
        try await machine.require("stat", "-c", "%U:%G %a", path).split(separator: "\n").joined()
    }

    /// Writes a file of root's on the host, below what is its own.
    func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws {
        let parent = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        try Files.makeDirectories(machine.path(String(parent)))
        try Files.write(text, to: machine.path(path), mode: mode)
    }

    // MARK: Records

    func lastword(_ arguments: String...) async throws -> CommandResult {
        try await machine.run(["lastword"] + arguments)
    }

    /// The session of a container as `lastword list` has it; nil if it has none.
    func session(_ container: RunningContainer) async throws -> Session? {
        let listed = try await lastword("list", "-A", "-o", "jsonl")
        // No store yet, or nothing in it, is no session.
        guard listed.succeeded else { return nil }
        return try listed.text.split(separator: "\n")
            .map { try JSONDecoder().decode(Session.self, from: Data($0.utf8)) }
            .first { $0.containerID == container.id }
    }

    func waitForEnd(of container: RunningContainer) async throws -> Session {
        try await waitFor(limit: .seconds(90), every: .milliseconds(200), "the end of \(container.name) is told") {
            let session = try await session(container)
            return session?.sealedAt == nil ? nil : session
        }
    }

    func output(of container: RunningContainer) async throws -> String {
        try await lastword("logs", SessionID(container: container.id).rawValue, "--raw").text
    }
}
