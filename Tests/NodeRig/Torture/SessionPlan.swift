// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// What one session is to do, decided before it begins: its exit code is known without asking anybody.
struct SessionPlan: Sendable {
    enum End: Sendable {
        /// The command exits by itself.
        case exits
        /// The driver kills the process with SIGKILL, past the runtime, so long after the start.
        case killed(after: Duration)
        /// It runs until its pod is deleted, which kills it at once.
        case deleted
        /// The command does not exist: nothing ever runs.
        case neverStarts
    }

    var specification: ContainerSpecification
    var end: End
    var exitCode: Int
    /// Between the end and the deletion.
    var linger: Duration
    /// It is removed alone, as by the kubelet's garbage collection, before its pod goes.
    var isRemovedFirst: Bool

    var neverStarts: Bool {
        if case .neverStarts = end { true } else { false }
    }

    /// Nothing ever runs. Long enough before the deletion: the runtime tells of it only who asks, and the agent asks after 2 s.
    mutating func neverStart() {
        end = .neverStarts
        exitCode = 128
        linger = .seconds(4)
    }

    /// - Parameter name: unique in the whole run.
    static func random(name: String, target: String, using random: inout SeededGenerator) -> SessionPlan {
        var code = Int.random(in: 0...120, using: &random)
        var end = End.exits
        let seconds = Double(Int.random(in: 5...180, using: &random)) / 100
        let kinds: [(weight: Int, value: Int)] = [(20, 0), (25, 1), (10, 2), (10, 3), (15, 4), (15, 5), (5, 6)]
        var shell = ""
        let kind = random.choose(kinds)
        switch kind {
        case 0: shell = "echo \(name); exit \(code)"
        case 1: shell = "echo \(name); sleep \(seconds); echo done; exit \(code)"
        case 2: shell = "echo \(name); echo problem >&2; sleep \(seconds); echo more >&2; exit \(code)"
        case 3: shell = "yes '\(name) 0123456789' | head -c 40000; echo; sleep 0.1; echo end; exit \(code)"
        case 4:
            shell = "echo \(name); exec sleep 1000"
            end = .killed(after: random.milliseconds(0...1500))
            code = 137
        case 5:
            shell = "echo \(name); printf 'no newline'; exec sleep 1000"
            end = .deleted
            code = 137
        default: break
        }
        let specification = ContainerSpecification.debugger(name: name, shell: shell, target: target)
        let linger = random.choose([
            (5, Duration.zero), (3, random.milliseconds(1...500)), (2, random.milliseconds(500...3000)),
        ])
        var plan = SessionPlan(
            specification: specification, end: end, exitCode: code, linger: linger ?? .zero,
            isRemovedFirst: random.happens(15))
        if kind == 6 {
            plan.specification.command = ["/no/such/program"]
            plan.neverStart()
        }
        return plan
    }
}
