// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SessionRecords
import TestSupport
import Testing

/// `lastword doctor` on a node on which everything is broken: each fault is named, with what to do.
@Suite("Faults: what doctor says of them", .serialized, .timeLimit(.minutes(5)))
struct DoctorTests {
    private struct Finding: Decodable {
        let check: String
        let result: String
        let detail: String
        let remedy: String?
    }

    /// Root without a capability, as the agent's pod runs; programs are bound to where such a user can reach them.
    private func doctor(_ scratch: ScratchDirectory, _ variables: [String: String]) async throws -> [Finding] {
        let products = try BuildProducts.path("lastword").split(separator: "/").dropLast().joined(separator: "/")
        let programs = try scratch.directory("bin")
        let script = """
            mount --bind "$1" "$2" && cd / || exit 9
            exec setpriv --bounding-set=-all --inh-caps=-all "$2/lastword" doctor -o json --store "$3"
            """
        var environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NODE_NAME": "node-1"]
        environment.merge(variables) { $1 }
        let result = try await ChildProcess.run(
            [
                "unshare", "-m", "--propagation", "private", "sh", "-c", script, "doctor", "/" + products, programs,
                scratch.file("store"),
            ], environment: environment, limit: .seconds(120))
        #expect(result.ending == .exited(1), "\(result.text)\(result.errorText)")
        return try JSONDecoder().decode([Finding].self, from: Data(result.standardOutput))
    }

    private func expect(
        _ findings: [Finding], _ check: String, _ words: [String], remedy: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let finding = try #require(findings.first { $0.check == check }, sourceLocation: sourceLocation)
        #expect(finding.result == "failed", "\(finding)", sourceLocation: sourceLocation)
        for word in words { #expect(finding.detail.contains(word), "\(finding)", sourceLocation: sourceLocation) }
        #expect(finding.remedy?.contains(remedy) == true, "\(finding)", sourceLocation: sourceLocation)
    }

    /// The kubelet's pod logs as a mount of their own: what a manifest that mounts only `/var/log/pods` does.
    private func splitLogs(_ scratch: ScratchDirectory, _ body: (String) async throws -> Void) async throws {
        let pods = try scratch.directory("log/pods")
        try await ChildProcess.require(["mount", "-t", "tmpfs", "-o", "size=1m", "lastword-test", pods])
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(pods))
        } catch {
            outcome = .failure(error)
        }
        try await ChildProcess.require(["umount", pods])
        try outcome.get()
    }

    /// A projected token that has ended long ago.
    private static let ended = "e30.eyJleHAiOjE3MDAwMDAwMDB9.c2ln\n"

    @Test("socket missing, logs split by a mount, collector unreachable, token expired, no API server")
    func missing() async throws {
        let scratch = try ScratchDirectory()
        try await splitLogs(scratch) { pods in
            let findings = try await doctor(
                scratch,
                [
                    "LASTWORD_RUNTIME_SOCKET": scratch.file("no.sock"), "LASTWORD_LOGS_POD_LOGS_DIRECTORY": pods,
                    "LASTWORD_STORE_DIRECTORY": try scratch.directory("store"), "LASTWORD_JOURNAL_SOURCE": "on",
                    "LASTWORD_JOURNAL_DIRECTORY": scratch.file("no-journal"),
                    "LASTWORD_FORWARD_ENDPOINT": "https://127.0.0.1:1",
                    "LASTWORD_FORWARD_TOKEN_FILE": try scratch.write(Self.ended, to: "token"),
                ])
            try expect(findings, "agent: runtime", [scratch.file("no.sock"), "No such file"], remedy: "runtime.socket")
            // Doctor's own look is at what the agent is set to, too.
            try expect(findings, "runtime socket", [scratch.file("no.sock")], remedy: "start the container runtime")
            #expect(findings.contains { $0.check == "log pins" && $0.detail.hasPrefix(pods) }, "\(findings)")
            try expect(findings, "agent: log pins", ["across mounts", pods], remedy: "as a whole")
            try expect(findings, "agent: delivery", ["https://127.0.0.1:1"], remedy: "the address")
            try expect(findings, "agent: tokens", [scratch.file("token"), "ended at 2023-11-14"], remedy: "new token")
            try expect(findings, "agent: journal", [scratch.file("no-journal")], remedy: "mount the node's")
            try expect(findings, "agent: pod source", ["not in a cluster"], remedy: "kubeconfig")
            // What cannot be provoked here is asked all the same: the clock, SELinux (`CheckTests`).
            for check in ["agent: clock", "agent: selinux"] {
                #expect(
                    findings.contains { $0.check == check && ["ok", "warning"].contains($0.result) }, "\(findings)")
            }
        }
    }

    @Test("a socket that may not be used, a journal that may not be read")
    func refused() async throws {
        let scratch = try ScratchDirectory()
        let socket = try RefusingSocket(scratch.file("runtime.sock"))
        defer { socket.close() }
        // Somebody else's: root without a capability is like anybody there.
        let journal = try scratch.directory("journal")
        try await FixedJournal.write(
            [.line("a line", unit: "containerd.service", at: 1_700_000_000_000_000)], to: journal + "/system.journal")
        for path in [socket.path, journal] + Files.tree(journal) {
            #expect(chown(path, 65_534, 65_534) == 0 && chmod(path, 0o600) == 0)
        }
        let findings = try await doctor(
            scratch,
            [
                "LASTWORD_RUNTIME_SOCKET": socket.path, "LASTWORD_STORE_DIRECTORY": try scratch.directory("store"),
                "LASTWORD_LOGS_POD_LOGS_DIRECTORY": try scratch.directory("log/pods"), "LASTWORD_PODS_SOURCE": "none",
                "LASTWORD_JOURNAL_SOURCE": "on", "LASTWORD_JOURNAL_DIRECTORY": journal,
            ])
        try expect(findings, "agent: runtime", [socket.path, "Permission denied"], remedy: "as root")
        try expect(findings, "agent: journal", [journal], remedy: "systemd-journal")
    }
}

/// A unix socket that somebody listens on.
private struct RefusingSocket {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(descriptor, 8) == 0 else { throw RigError.system("cannot listen at \(path)") }
    }

    func close() { Glibc.close(descriptor) }
}
