// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

extension SessionTests {
    @Suite("what it printed")
    struct OutputTests {
        @Test("a terminal session holds what was typed and what came of it")
        func terminal() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("terminal")
            var debugger = ContainerSpecification(name: "debugger-shell", command: ["sh"])
            debugger.tty = true
            debugger.stdin = true
            let container = try await node.play(debugger, in: pod)
            try node.kubelet.type("echo sum=$((40+2))\n", into: container)
            try await waitUntil("the shell answers") { try Files.text(container.logPath).contains("sum=42") }
            try node.kubelet.type("exit 7\n", into: container)
            let session = try await node.record(of: container)
            #expect(session.exitCode == 7)
            #expect(session.tty == true)
            #expect(session.stdin == true)
            #expect(session.output?.streams == ["stdout"])
            let text = try node.text(of: session)
            #expect(text.contains("echo sum=$((40+2))"))
            #expect(text.contains("sum=42"))
            #expect(text.contains("exit 7"))
        }

        @Test("a log rotated twice during the session is one output, and nothing of it stays pinned")
        func rotation() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("rotation")
            let container = try await node.play(
                .debugger(
                    shell: """
                        n=0; trap 'n=$((n+1)); echo part $n' USR1; trap 'exit 9' TERM
                        echo part 0; while :; do sleep 600 & wait $!; done
                        """), in: pod)
            for part in 0...2 {
                try await waitUntil("part \(part) is in the log") {
                    Files.exists(container.logPath)
                        ? try Files.text(container.logPath).contains("part \(part)\n") : false
                }
                if part == 2 { break }
                try await node.kubelet.rotateLog(container)
                try node.kubelet.kill(container, signal: SIGUSR1)
            }
            try await waitUntil("the three files are pinned") { node.pins(of: container).count == 3 }
            try await node.delete(pod)
            let session = try await node.record(of: container)
            #expect(session.exitCode == 9)
            #expect(try node.text(of: session) == "part 0\npart 1\npart 2\n")
            #expect(session.output?.truncated == false)
            #expect(session.output?.lossy == false)
            #expect(session.output?.pinnedBy == .hardlink)
            try await waitUntil("its pins are gone") { node.pins(of: container).isEmpty }
        }

        @Test("of a mebibyte exactly the last 64 KiB are kept")
        func tail() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("mebibyte")
            // A hundred bytes a line, and a last line that does not end: neither bound is a line's.
            let container = try await node.play(
                .debugger(
                    shell: """
                        awk 'BEGIN { for (i = 0; i < 10486; i++) printf "%099d\\n", i }' | head -c 1048576
                        trap 'exit 0' TERM; while :; do sleep 600 & wait $!; done
                        """), in: pod)
            // containerd 1.6.20 drops what its logger has not read by the exit (containerd#7289): not what is tested.
            try await waitUntil(every: .milliseconds(100), "the last whole line is in the log") {
                String(decoding: try Files.read(container.logPath).suffix(8), as: UTF8.self).hasSuffix("010484\n")
            }
            try await node.kubelet.stop(container)
            let session = try await node.record(of: container)
            let whole = (0..<10486).flatMap { number -> [UInt8] in
                let digits = Array(String(number).utf8)
                return [UInt8](repeating: 0x30, count: 99 - digits.count) + digits + [0x0A]
            }
            #expect(try node.output(of: session).bytes == Array(whole.prefix(1 << 20).suffix(65_536)))
            #expect(session.output?.bytes == 65_536)
            #expect(session.output?.truncated == true)
            #expect(session.output?.lossy == false)
            #expect(session.output?.totalBytes == nil)
            // Each of the log's lines has a time, a stream and a tag before its text.
            #expect(session.output?.logBytes ?? 0 > 1 << 20)
        }

        @Test("each stream, and the time of each line, can be had from the record")
        func frames() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("frames")
            let container = try await node.playToEnd(
                .debugger(
                    name: "debugger-frames",
                    shell: "echo out 1; sleep 0.3; echo err 1 >&2; sleep 0.3; echo out 2; echo err 2 >&2; sleep 0.1"),
                in: pod)
            let session = try await node.record(of: container)
            let name = "default/frames/debugger-frames"
            #expect(try await node.lastword("logs", name, "--stream", "stderr") == "err 1\nerr 2\n")
            #expect(try await node.lastword("logs", name, "--stream", "stdout") == "out 1\nout 2\n")
            #expect(session.output?.streams == ["stderr", "stdout"])

            let lines = try await node.lastword("logs", name, "--timestamps").split(separator: "\n")
            let parts = lines.map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
            #expect(parts.prefix(2).map(\.last) == ["out 1", "err 1"])
            #expect(Set(parts.compactMap(\.last)) == ["out 1", "out 2", "err 1", "err 2"])
            let times = parts.compactMap { $0.first.flatMap { Timestamp(rfc3339: $0) } }
            #expect(times.count == 4)
            let (started, finished) = (try #require(session.startedAt), try #require(session.finishedAt))
            // The logger's clock reads before or after the runtime's by what the scheduler leaves between them.
            let slack: Int64 = 2_000_000_000
            #expect(
                times.allSatisfy {
                    $0.nanoseconds(since: started) > -slack && $0.nanoseconds(since: finished) < slack
                })
            #expect(try #require(times.dropFirst().first).nanoseconds(since: times[0]) >= 250_000_000)
        }

        @Test("what a terminal would obey comes out escaped: output, names and commands")
        func hostile() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("hostile")
            let name = "evil\u{1B}[2J\u{202E}name"
            let container = try await node.playToEnd(
                .debugger(
                    name: name, shell: #"printf 'a\033]0;owned\007b\000\377\n'; sleep 0.1; exit 3 # "# + "\u{1B}[31m"),
                in: pod)
            let session = try await node.record(of: container)
            #expect(session.container == name)
            let raw = try await node.agent.lastword("logs", session.id.rawValue, "--raw")
            #expect(raw.standardOutput == Array("a\u{1B}]0;owned\u{07}b\0".utf8) + [0xFF, 0x0A])

            let id = session.id.rawValue
            for arguments in [
                ["list", "--pod", "hostile"], ["list", "--pod", "hostile", "-o", "wide"],
                ["list", "--pod", "hostile", "-o", "json"], ["list", "--pod", "hostile", "-o", "yaml"], ["show", id],
                ["show", id, "-o", "json"], ["logs", id], ["logs", id, "--timestamps"], ["verify"],
            ] {
                let result = try await node.agent.lastword(arguments)
                #expect(result.succeeded, "\(arguments): \(result.errorText)")
                let bytes = result.standardOutput + result.standardError
                #expect(!bytes.contains { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F || $0 == 0xFF }, "\(arguments)")
                #expect(!String(decoding: bytes, as: UTF8.self).unicodeScalars.contains("\u{202E}"), "\(arguments)")
            }
            #expect(try await node.lastword("logs", id) == #"a\x1b]0;owned\x07b\x00\xff"# + "\n")
            #expect(try await node.lastword("list", "--pod", "hostile").contains(#"evil\x1b[2J\u{202e}name"#))
        }
    }
}
