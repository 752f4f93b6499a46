// SPDX-License-Identifier: Apache-2.0
import AgentCore
import ArgumentParser
import Glibc
import HealthReporting
import Logging
import ServiceLifecycle
import SessionRecords
import SessionTracking
import Telemetry
import TestSupport

/// The agent itself, wired as `lastword-agent` wires it, in a process of its own, that notes when its facts had become
/// durable. Nothing outside the process can see that moment without taking part in the timing.
struct MeasuredAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measured-agent", abstract: "The agent with a note of each commit.", shouldDisplay: false)

    @Option(help: "Where to note the commits.")
    var notes: String

    @Argument(parsing: .allUnrecognized)
    var settings: [String] = []

    func run() async throws {
        let configuration = try AgentConfiguration.load(arguments: settings, environment: [:])
        LoggingSetup.bootstrap(level: .warning, format: .text, environment: [:])
        let notes = try CommitNotes(path: notes)
        let agent = try await AgentApplication(
            configuration: configuration, environment: [:], logger: Logger(label: "measured-agent"),
            committed: { notes.write($0) })
        try await agent.run(services: [ReadyNote(agent: agent, notes: notes)])
    }
}

/// Notes that the agent is ready.
private struct ReadyNote: Service {
    let agent: AgentApplication
    let notes: CommitNotes

    func run() async throws {
        try? await cancelWhenGracefulShutdown {  // cancelled: it never became ready, which the other side sees
            while !agent.health.isReady { try await Task.sleep(for: .milliseconds(20)) }
            notes.writeReady()
        }
        try? await gracefulShutdown()
    }
}

/// Lines of `<wall nanoseconds> <container id> facts|sealed`, the time taken before anything else is done.
struct CommitNotes: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RigError.system("cannot open \(path)") }
    }

    func write(_ commits: [Commit]) {
        let now = Clock.wall()
        var text = ""
        for case .session(let commit) in commits {
            guard let id = commit.session.containerID, commit.session.state == .ended else { continue }
            text += "\(now) \(id) facts\n"
            if commit.session.sealedAt != nil, commit.output != nil { text += "\(now) \(id) sealed\n" }
        }
        write(text)
    }

    func writeReady() {
        write("\(Clock.wall()) - ready\n")
    }

    private func write(_ text: String) {
        guard !text.isEmpty else { return }
        let bytes = Array(text.utf8)
        // A note that is lost makes the row fail.
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }

    /// The first moment of each kind.
    static func read(_ path: String) throws -> (
        isReady: Bool, facts: [ContainerID: Int64], sealed: [ContainerID: Int64]
    ) {
        var isReady = false
        var facts: [ContainerID: Int64] = [:]
        var sealed: [ContainerID: Int64] = [:]
        guard Files.exists(path) else { return (false, [:], [:]) }
        for line in try Files.text(path).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let at = Int64(words[0]) else { continue }
            if words[2] == "ready" { isReady = true }
            guard let id = ContainerID(words[1]) else { continue }
            if words[2] == "facts", facts[id] == nil { facts[id] = at }
            if words[2] == "sealed", sealed[id] == nil { sealed[id] = at }
        }
        return (isReady, facts, sealed)
    }
}
