// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Testing

@Suite("The built program")
struct ExecutableTests {
    private struct Result {
        var code: Int32
        var out: String
        var err: String
    }

    /// Beside the bundle of this test target.
    private static let program = Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "lastword").path

    private func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        let out = Pipe()
        let err = Pipe()
        process.standardOutput = out
        process.standardError = err
        try process.run()
        let output = out.fileHandleForReading.readDataToEndOfFile()
        let errors = err.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        return Result(
            code: process.terminationStatus, out: String(decoding: output, as: UTF8.self),
            err: String(decoding: errors, as: UTF8.self))
    }

    @Test("exit codes and streams")
    func exitCodes() throws {
        let scratch = try ScratchStore()
        try scratch.fill()
        let store = ["LASTWORD_STORE": scratch.directory]
        let list = try run(Self.program, ["list"], environment: store)
        #expect(list.code == 0)
        #expect(list.out.contains("debugger-x7k2p"))
        #expect(list.err == "")
        #expect(!list.out.contains("\u{1B}"))
        let none = try run(Self.program, ["list", "-n", "absent"], environment: store)
        #expect(none.code == 1)
        #expect(none.out == "")
        #expect(none.err == "no sessions found\n")
        let usage = try run(Self.program, ["list", "--no-such-flag"], environment: store)
        #expect(usage.code == 2)
        #expect(usage.out == "")
        #expect(usage.err.hasPrefix("error: "))
        let missing = try run(Self.program, ["status", "--store", "/nonexistent"])
        #expect(missing.code == 2)
        #expect(missing.err.contains("remedy: "))
        #expect(try run(Self.program, []).code == 0)
        #expect(try run(Self.program, ["help", "list"]).out.contains("--older-than"))
        #expect(try run(Self.program, ["--version"]).out == "0.1.0\n")
    }

    @Test("a reader that goes away is no error")
    func closedPipe() throws {
        let scratch = try ScratchStore()
        var session = Samples.copy
        session.labels = ["long": String(repeating: "x", count: 400_000)]
        try scratch.commit(session, .sessionEnded)
        // More than a pipe holds: the program is still writing when the reader ends.
        let script = "\"$0\" list -o json --store \"$1\" | head -c 1 >/dev/null; echo \"${PIPESTATUS[0]}\""
        let result = try run("/bin/bash", ["-c", script, Self.program, scratch.directory])
        #expect(result.out == "0\n")
        #expect(result.err == "")
        let closed = try run("/bin/bash", ["-c", "\"$0\" --help >&-; echo $?", Self.program])
        #expect(closed.out == "2\n")
    }

    @Test("completion scripts for three shells, by both ways")
    func completion() throws {
        for (shell, mark) in [("bash", "complete "), ("zsh", "#compdef lastword"), ("fish", "complete -c 'lastword'")] {
            let script = try run(Self.program, ["completion", shell])
            #expect(script.code == 0)
            #expect(script.out.contains(mark), "\(shell)")
            #expect(script.out.contains("older-than"), "\(shell)")
            let generated = try run(Self.program, ["--generate-completion-script", shell])
            #expect(generated.code == 0)
            #expect(generated.out == script.out, "\(shell)")
        }
        let script = """
            source <("$0" completion bash) && COMP_WORDS=(lastword st) COMP_CWORD=1 COMP_LINE="lastword st" COMP_POINT=11 \
            && _lastword lastword st lastword && printf '%s\\n' "${COMPREPLY[@]}"
            """
        let completed = try run("/bin/bash", ["-c", script, Self.program])
        #expect(completed.out.split(separator: "\n").contains("status"), "\(completed.out) \(completed.err)")
    }
}
