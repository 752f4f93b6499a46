// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport

/// The real `lastword` on a store of a million sessions.
enum StoreRows {
    static let group = BenchmarkGroup(
        name: "store", summary: "lastword on a large store", rows: ["cli-list-p95", "verify"], run: run)

    private static let turns = 7

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let count = laboratory.settings.sessions
        let directory = try await laboratory.scratch() + "/store"
        let began = Clock.monotonic()
        try StoreFiller(directory: directory, count: count).fill()
        say("a store of \(count) sessions took \((Clock.monotonic() - began) / 1_000_000_000) s to make")
        let program = try BuildProducts.path("lastword")
        return try [list(program, directory, count), verify(program, directory, count)].flatMap { $0 }
    }

    /// What people ask: everything, each filter alone, and several together; common values and rare ones.
    private static func questions(_ count: Int) throws -> [[String]] {
        let common = try FilledSession(count / 2, of: count)
        func at(_ nanoseconds: Int64) -> String { Timestamp(nanoseconds: nanoseconds).description }
        let day: Int64 = 86_400_000_000_000
        let week = [
            "--since", at(FilledSession.newest - 40 * day), "--until", at(FilledSession.newest - 33 * day),
        ]
        return [
            ["list"], ["list", "-o", "wide"], ["list", "-n", common.namespace], ["list", "--pod", common.pod],
            ["list", "--container", common.container], ["list", "--target", common.target],
            ["list", "--exit-code", "0"], ["list", "--exit-code", "42"], ["list", "--exit-code", "137"],
            ["list", "-n", common.namespace, "--exit-code", "42"],
            ["list", "--target", common.target, "--exit-code", "1"],
            ["list", "-n", common.namespace, "--pod", common.pod, "--exit-code", "0"],
            ["list", "--since", at(FilledSession.newest - day)], ["list"] + week,
            ["list", "--exit-code", "42"] + week, ["list", "--running"],
            ["list", "--running", "--older-than", "1h"], ["list", "-o", "json", "--limit", "100"],
            ["list", "-o", "jsonl", "--limit", "500", "-n", common.namespace], ["show", common.id],
            ["logs", try FilledSession(count / 2 / 10 * 10, of: count).id],
        ]
    }

    private static func list(_ program: String, _ directory: String, _ count: Int) throws -> [Measurement] {
        var wall: [Int64] = []
        var processor: [Int64] = []
        var slowest: (question: [String], median: Double) = ([], 0)
        for question in try questions(count) {
            var times: [Int64] = []
            for turn in 0...turns {
                let run = try TimedCommand([program] + question + ["--store", directory])
                // 1: nothing is like that, which takes as long to find out.
                guard run.exitCode == 0 || run.exitCode == 1 else {
                    throw RigError.failed(
                        "lastword \(question.joined(separator: " ")) ended with \(run.exitCode ?? -1)")
                }
                // The first reads from the disk what nobody has read since the store was made.
                guard turn > 0 else { continue }
                times.append(run.wallNanoseconds)
                processor.append(run.processorNanoseconds)
            }
            wall += times
            let median = Samples(nanoseconds: times).median
            say("lastword \(question.joined(separator: " ")): \(Measurement.text(median)) ms")
            if median > slowest.median { slowest = (question, median) }
        }
        let samples = Samples(nanoseconds: wall)
        return [
            Measurement(
                "cli-list-p95", samples.percentile(95), "ms", goal: .below(100),
                note: "\(samples.count) runs over \(count) sessions, the process's start included; p50"
                    + " \(Measurement.text(samples.median)) ms, processor time p95"
                    + " \(Measurement.text(Samples(nanoseconds: processor).percentile(95))) ms; slowest:"
                    + " \(slowest.question.joined(separator: " ")) \(Measurement.text(slowest.median)) ms")
        ]
    }

    private static func verify(_ program: String, _ directory: String, _ count: Int) throws -> [Measurement] {
        let run = try TimedCommand([program, "verify", "--store", directory])
        guard run.exitCode == 0 else { throw RigError.failed("lastword verify ended with \(run.exitCode ?? -1)") }
        return [
            Measurement(
                "verify", Double(run.wallNanoseconds) / 1e9, "s", goal: .below(10),
                note: "\(count) entries with their records, one output in ten; processor time"
                    + " \(Measurement.text(Double(run.processorNanoseconds) / 1e9)) s")
        ]
    }
}
