// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Synchronization

/// What the driver knows of one session, from its own plan, its own clock, the runtime and the log file: never from the agent.
struct SessionTruth: Sendable {
    var round: Int
    var container: ContainerID
    var podUID: String
    var namespace: String
    var pod: String
    var name: String
    var target: String
    var image: String
    var exitCode: Int
    var neverStarted: Bool
    /// When the runtime was asked to make it, and when it had said that it runs.
    var createdFrom: Timestamp
    var startedBy: Timestamp
    /// CRI's own times; nil where it was not asked in time, or made them up.
    var runtimeStart: Timestamp?
    var runtimeFinish: Timestamp?
    /// The last moment at which its process was seen, and the first at which it was gone.
    var lastAlive: Timestamp?
    var goneBy: Timestamp?
    /// Until when the runtime had it for certain, and by when it had it no more.
    var removedFrom: Timestamp?
    var removedBy: Timestamp?
    /// What its log file held at last.
    var logged = LoggedOutput()

    var summary: String {
        "round \(round) \(name) \(container.rawValue.prefix(12)) code \(exitCode)"
            + (neverStarted ? " never started" : "") + " made \(createdFrom) started by \(startedBy)"
            + " cri start \(text(runtimeStart)) finish \(text(runtimeFinish)) last alive \(text(lastAlive))"
            + " gone by \(text(goneBy)) removed \(text(removedFrom)) to \(text(removedBy)) log \(logged.bytes) bytes"
    }

    private func text(_ time: Timestamp?) -> String { time.map { "\($0)" } ?? "-" }
}

/// The content of a container's log, read by the driver's own descriptor after the container had ended.
struct LoggedOutput: Hashable, Sendable {
    var bytes = 0
    /// Its last bytes, as many as the agent keeps, and their digest.
    var tailBytes = 0
    var tail = Digest(of: [UInt8]())
    /// Nil if there was no log.
    var isKnown = false

    init() {}

    /// Takes the CRI log format apart: `time stream tag content`, `P` for a piece of a line.
    init(log: [UInt8], tailLimit: Int) {
        var content: [UInt8] = []
        for line in log.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count == 4 else { continue }
            content += fields[3]
            if fields[2].first == UInt8(ascii: "F") { content.append(UInt8(ascii: "\n")) }
        }
        let kept = Array(content.suffix(tailLimit))
        bytes = content.count
        tailBytes = kept.count
        tail = Digest(of: kept)
        isKnown = true
    }
}

/// When a part was not there, or did not move: from the signal until the agent was ready again behind it.
struct Outage: Hashable, Sendable {
    enum Part: String, Sendable {
        case agent, containerd
    }

    var part: Part
    var what: String
    var from: Timestamp
    /// Nil while it lasts.
    var to: Timestamp?

    func overlaps(_ from: Timestamp, _ to: Timestamp) -> Bool {
        self.from <= to && (self.to.map { $0 >= from } ?? true)
    }
}

/// The driver's ledger of truth.
final class TruthLedger: Sendable {
    private struct State {
        var sessions: [ContainerID: SessionTruth] = [:]
        var outages: [Outage] = []
        var troubles: [String] = []
        var untoldEnds = 0
        var refusedStarts = 0
        var rounds = 0
    }

    private let state = Mutex(State())

    var sessions: [SessionTruth] { state.withLock { $0.sessions.values.sorted { $0.createdFrom < $1.createdFrom } } }
    /// Ends that containerd itself never told of: its own loss, around its own restarts.
    var untoldEnds: Int { state.withLock { $0.untoldEnds } }
    /// Starts that containerd refused, and that nobody had planned to fail.
    var refusedStarts: Int { state.withLock { $0.refusedStarts } }
    var outages: [Outage] { state.withLock { $0.outages } }
    /// Where the driver itself could not do what it had planned: none may stay unmentioned.
    var troubles: [String] { state.withLock { $0.troubles } }
    var rounds: Int { state.withLock { $0.rounds } }
    var count: Int { state.withLock { $0.sessions.count } }

    func write(_ truth: SessionTruth) {
        state.withLock { $0.sessions[truth.container] = truth }
    }

    func update(_ container: ContainerID, _ change: (inout SessionTruth) -> Void) {
        state.withLock { state in
            guard var truth = state.sessions[container] else { return }
            change(&truth)
            state.sessions[container] = truth
        }
    }

    func roundIsOver() {
        state.withLock { $0.rounds += 1 }
    }

    func endIsUntold() {
        state.withLock { $0.untoldEnds += 1 }
    }

    func startWasRefused() {
        state.withLock { $0.refusedStarts += 1 }
    }

    func trouble(_ text: String) {
        state.withLock { $0.troubles.append(text) }
    }

    /// Gives a handle for `ended`.
    func began(_ part: Outage.Part, _ what: String, at: Timestamp) -> Int {
        state.withLock { state in
            state.outages.append(Outage(part: part, what: what, from: at))
            return state.outages.count - 1
        }
    }

    func ended(_ handle: Int, at: Timestamp) {
        state.withLock { if $0.outages.indices.contains(handle) { $0.outages[handle].to = at } }
    }
}
