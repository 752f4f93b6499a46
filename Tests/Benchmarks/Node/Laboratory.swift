// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import TestSupport

/// What the rows share: one private containerd, started when the first asks for it, and scratch directories on the same
/// disk.
actor Laboratory {
    nonisolated let settings: BenchmarkSettings
    private var running: RigNode?
    private var scratches: [ScratchDirectory] = []

    init(settings: BenchmarkSettings) {
        self.settings = settings
    }

    var node: RigNode {
        get async throws {
            if let running { return running }
            say("starting a private containerd")
            let node = try await RigNode.start()
            running = node
            return node
        }
    }

    /// A directory that goes with the laboratory.
    func scratch() throws -> String {
        let scratch = try ScratchDirectory()
        scratches.append(scratch)
        return scratch.path
    }

    func close() async throws {
        scratches = []
        try await running?.teardown()
        running = nil
    }

    /// Starts an agent on a node, the shared one if none is given, lets `body` measure, stops the agent.
    func withAgent(
        on given: RigNode? = nil, _ change: (inout AgentProcess.Options) -> Void = { _ in },
        _ body: @Sendable (RigNode, AgentProcess) async throws -> [Measurement]
    ) async throws -> [Measurement] {
        let node = if let given { given } else { try await node }
        var options = AgentProcess.Options()
        options.flags = ["--log-level", "warning"]
        change(&options)
        let agent = try AgentProcess(paths: node.paths, directory: try scratch(), options: options)
        do {
            try await agent.start()
            let rows = try await body(node, agent)
            try await agent.stop()
            return rows
        } catch {
            _ = try? await agent.stop()  // the first error is the one to report
            throw RigError.failed("\(error); the agent's last words: \(agent.logTail)")
        }
    }
}

/// What a store has of a container, as the rows look at it.
struct Recorded: Sendable {
    let session: Session
    let output: [UInt8]?

    init?(_ id: ContainerID, in reader: StoreReader) throws {
        guard let session = try reader.session(SessionID(container: id)) else { return nil }
        self.session = session
        output = try reader.output(session.id)?.bytes
    }

    /// Whether the ending is there as the runtime told it, from the event itself.
    func hasFacts(exitCode: Int) -> Bool {
        session.state == .ended && session.exitCode == exitCode && session.startedAt != nil
            && session.finishedAt != nil
    }

    /// Whether the output is there to the last byte, and the record says so.
    func hasFullOutput(_ expected: [UInt8]) -> Bool {
        output == expected && session.sealedAt != nil && session.output?.truncated == false
            && session.output?.lossy == false
    }
}

extension StoreReader {
    /// Waits until every one of the containers is sealed in the store, or for `limit`; then gives what there is.
    func recorded(
        _ ids: [ContainerID], limit: Duration = .seconds(60)
    ) async throws -> [ContainerID: Recorded] {
        var found: [ContainerID: Recorded] = [:]
        let end = ContinuousClock.now + limit
        repeat {
            for id in ids where found[id]?.session.sealedAt == nil {
                if let recorded = try Recorded(id, in: self) { found[id] = recorded }
            }
            if ids.allSatisfy({ found[$0]?.session.sealedAt != nil }) { break }
            try await Task.sleep(for: .milliseconds(100))
        } while ContinuousClock.now < end
        return found
    }
}
