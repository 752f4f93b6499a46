// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

/// Logs that are strange, or that somebody lays hands on while they are written (`design.md` §9).
@Suite("Faults: logs", .serialized, .timeLimit(.minutes(10)))
struct LogFaultTests {
    /// Prints, says `ready`, and on TERM `after` and ends with 5.
    private static func shell(_ printing: String) -> String {
        "\(printing); trap 'echo after; exit 5' TERM; echo ready; while :; do sleep 0.1; done"
    }

    private func begin(_ printing: String, on node: FaultNode, in pod: RunningPod) async throws -> RunningContainer {
        let session = try await node.debug(Self.shell(printing), in: pod)
        try await waitUntil(every: .milliseconds(50), "all of it is in the log") {
            String(decoding: try Files.read(session.logPath).suffix(16), as: UTF8.self).contains("ready")
        }
        try await node.waitForPin(of: session)
        return session
    }

    private func end(_ session: RunningContainer, on node: FaultNode) async throws -> Session {
        try await node.finish(session)
        let record = try await node.waitForEnd(of: session)
        #expect(record.exitCode == 5 && record.ending == .observed)
        return record
    }

    @Test("a line of 1 MiB, bytes that are no text, no newline at the end: the last 64 KiB as they were printed")
    func strangeContent() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let long = try await begin("head -c 1048576 /dev/zero | tr '\\0' x; echo", on: node, in: pod)
            let binary = try await begin(
                #"printf 'a\000\001\033[2J\177\200\377\376b\r\n'; printf '\n\n'"#, on: node, in: pod)
            let open = try await node.debug("echo whole; sleep 0.3; printf 'no newline'; sleep 0.3; exit 5", in: pod)

            let record = try await end(long, on: node)
            let tail = try await node.bytes(of: long)
            let suffix = Array("\nready\nafter\n".utf8)
            #expect(tail == [UInt8](repeating: UInt8(ascii: "x"), count: 65_536 - suffix.count) + suffix)
            #expect(record.output?.truncated == true && record.output?.lossy == false)

            let second = try await end(binary, on: node)
            let wanted: [UInt8] =
                [0x61, 0, 1, 0x1B, 0x5B, 0x32, 0x4A, 0x7F, 0x80, 0xFF, 0xFE, 0x62, 0x0A, 0x0A, 0x0A]
                + Array("ready\nafter\n".utf8)
            // The runtime drops a CR before LF.
            #expect(try await node.bytes(of: binary) == wanted)
            #expect(second.output?.totalBytes == wanted.count)

            let third = try await node.waitForEnd(of: open)
            #expect(third.exitCode == 5)
            // Whether a line that was not ended is one is in the log's tag, and the record says the same.
            let isEnded = try Files.text(open.logPath).contains(" F no newline")
            let output = try await node.output(of: open)
            #expect(output == "whole\nno newline" + (isEnded ? "\n" : ""))
            try await node.expectSound([long, binary, open])
        }
    }

    @Test("cut to nothing while it is written: what came after is there, and the record says that something is missing")
    func cut() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let session = try await begin("echo before", on: node, in: pod)
            // That it was larger is known by looking at it, every 2 s (`design.md` §4): give it time for two looks.
            try await Task.sleep(for: .seconds(5))
            #expect(truncate(session.logPath, 0) == 0)
            let record = try await end(session, on: node)
            #expect(try await node.output(of: session) == "after\n")
            let summary = try #require(record.output)
            #expect(summary.lossy && summary.note?.contains("cut") == true, "\(record.json.compact)")
            #expect(summary.totalBytes == nil)
            try await node.expectSound([session])
        }
    }

    @Test("another file put in its place: what the container printed is there, or the record says that it is not")
    func replacedByFile() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let session = try await begin("echo before", on: node, in: pod)
            try Files.rename(session.logPath, to: session.logPath + ".aside")
            try Files.write("2026-01-01T00:00:00.000000000Z stdout F forged\n", to: session.logPath, mode: 0o640)
            let record = try await end(session, on: node)
            // The new file is taken for the live one; that nothing joins it to what was there before is said.
            let output = try await node.output(of: session)
            let summary = try #require(record.output)
            #expect(
                output.contains("before\nready\nafter\n")
                    || (summary.truncated && summary.totalBytes == nil && summary.note != nil),
                "\(output) \(record.json.compact)")
            try await node.expectSound([session])
            try await node.expectNothingHeld(of: [session])
        }
    }

    @Test("a symbolic link put in its place after the pin: it is not followed, and the pin has all that was printed")
    func replacedByLink() async throws {
        try await FaultNode.run { node in
            let secret = try node.scratch.write(
                "2026-01-01T00:00:00.000000000Z stdout F the secret of somebody else\n", to: "secret/0.log")
            let pod = try await node.makePod()
            let file = try await begin("echo before", on: node, in: pod)
            try Files.remove(file.logPath)
            #expect(symlink(secret, file.logPath) == 0)
            let directory = try await begin("echo before", on: node, in: pod)
            try Files.rename(pod.logDirectory + "/" + directory.name, to: pod.logDirectory + "/elsewhere")
            #expect(symlink(node.scratch.file("secret"), pod.logDirectory + "/" + directory.name) == 0)
            for session in [file, directory] {
                let record = try await end(session, on: node)
                #expect(try await node.output(of: session) == "before\nready\nafter\n")
                #expect(record.output?.pinnedBy == .hardlink)
            }
            try await node.expectSound([file, directory])
            try await node.expectNothingHeld(of: [file, directory])
        }
    }
}

extension FaultNode {
    /// What the session printed, byte by byte.
    func bytes(of container: RunningContainer) async throws -> [UInt8] {
        try await agent.lastword("logs", SessionID(container: container.id).rawValue, "--raw").standardOutput
    }
}
