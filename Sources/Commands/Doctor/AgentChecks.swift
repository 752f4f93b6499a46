// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import SessionRecords

/// What only the agent can try: a trial link, the runtime's services, the pod source, the receiver. `doctor` runs
/// `lastword-agent check`, which stands beside `lastword` or in `PATH`, and takes its answers over.
package enum AgentChecks {
    /// The checks of the agent, by the names that it prints; the agent runs once, when the first is asked.
    package static func all(_ target: DoctorTarget) -> [DoctorCheck] {
        let run = AgentCheckRun(flags: target.agentFlags)
        let names = [
            "store", "log pins", "runtime", "pod source", "journal", "delivery", "tokens", "clock", "selinux",
        ]
        return names.map { name in
            DoctorCheck("agent: \(name)") { await run.answer(name) }
        }
    }

    /// What the agent is set to, by key, as `lastword-agent settings` prints it; empty where that cannot be run or refuses
    /// its configuration, which the checks above tell.
    static func settings(_ target: DoctorTarget) -> [String: String] {
        // Why it cannot be run is what the checks say.
        guard let output = try? CommandOutput.of([program(), "settings"] + target.agentFlags), output.status == 0 else {
            return [:]
        }
        // key = value  # where it comes from
        let pairs = output.text.split(separator: "\n").compactMap { line -> (String, String)? in
            guard let equals = line.firstRange(of: " = "), let end = line.firstRange(of: "  # "),
                equals.upperBound < end.lowerBound
            else { return nil }
            return (String(line[..<equals.lowerBound]), String(line[equals.upperBound..<end.lowerBound]))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Beside this program, or else where `PATH` has it.
    static func program() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, let slash = buffer[..<count].lastIndex(of: UInt8(ascii: "/")) else { return "lastword-agent" }
        let path = String(decoding: buffer[...slash], as: UTF8.self) + "lastword-agent"
        return access(path, X_OK) == 0 ? path : "lastword-agent"
    }
}

private actor AgentCheckRun {
    private struct Line: Decodable {
        let check: String
        let ok: Bool
        let message: String
        let remedy: String?
        /// Works, but somebody should know; agents of before have no such thing.
        let warning: Bool?
    }

    private enum Outcome {
        case lines([Line])
        case failed(DoctorCheck.Answer)
    }

    private let flags: [String]
    private var outcome: Outcome?

    init(flags: [String]) {
        self.flags = flags
    }

    func answer(_ name: String) -> DoctorCheck.Answer {
        let outcome = self.outcome ?? run()
        self.outcome = outcome
        switch outcome {
        case .failed(let answer): return answer
        case .lines(let lines):
            guard let line = lines.first(where: { $0.check == name }) else {
                return DoctorCheck.Answer(.skipped, "lastword-agent check says nothing of it")
            }
            let message = line.message.split(separator: "\n").first.map(String.init) ?? line.message
            let outcome: DoctorCheck.Outcome = !line.ok ? .failed : line.warning == true ? .warning : .ok
            return DoctorCheck.Answer(outcome, message, remedy: line.remedy)
        }
    }

    private func run() -> Outcome {
        let output: CommandOutput
        do {
            output = try CommandOutput.of([AgentChecks.program(), "check", "--format", "jsonl"] + flags)
        } catch {
            return .failed(
                DoctorCheck.Answer(
                    .skipped, "cannot run lastword-agent: \(error)",
                    remedy: "run doctor where the agent is installed"))
        }
        guard output.status != 2 else {
            let lines = output.errors.split(separator: "\n").map(String.init)
            return .failed(
                DoctorCheck.Answer(
                    .failed, "the agent's configuration is refused: \(lines.first ?? "")",
                    remedy: lines.first { $0.hasPrefix("  remedy: ") }.map { String($0.dropFirst(10)) }))
        }
        let decoder = JSONDecoder()
        let lines = output.text.split(separator: "\n").compactMap { line in
            // A line that is none of the agent's answers (a library's warning, say) is passed over.
            try? decoder.decode(Line.self, from: Data(line.utf8))
        }
        return .lines(lines)
    }
}

/// What a program printed, and how it ended.
private struct CommandOutput {
    let text: String
    let errors: String
    let status: Int32

    /// Runs it to its end; the agent's own checks have their own limits of time.
    static func of(_ arguments: [String]) throws -> CommandOutput {
        var outputPipe: [Int32] = [0, 0]
        var errorPipe: [Int32] = [0, 0]
        guard pipe(&outputPipe) == 0, pipe(&errorPipe) == 0 else { throw SpawnFailure(number: errno) }
        defer {
            close(outputPipe[0])
            close(errorPipe[0])
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, outputPipe[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errorPipe[1], STDERR_FILENO)
        for descriptor in outputPipe + errorPipe { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, words[0] ?? strdup(""), &actions, nil, words, environ)
        close(outputPipe[1])
        close(errorPipe[1])
        guard result == 0 else { throw SpawnFailure(number: result) }
        // Both are short: what fits into a pipe, so that reading one after the other cannot block the writer.
        let text = read(outputPipe[0])
        let errors = read(errorPipe[0])
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return CommandOutput(text: text, errors: errors, status: (status >> 8) & 0xFF)
    }

    private static func read(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 1 << 20 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

private struct SpawnFailure: Error, CustomStringConvertible {
    let number: Int32
    var description: String { String(cString: strerror(number)) }
}
