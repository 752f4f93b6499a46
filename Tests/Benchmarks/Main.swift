// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import SessionRecords
import TestSupport

/// `make bench`: measures the numbers of `design.md` §8.
///
/// `docs/benchmarks.md` says how each row is measured.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lastword-bench",
        abstract: "Measures the agent and the command line on a private containerd, and prints a table.",
        discussion: BenchmarkSettings.help, subcommands: [Measure.self, FillStore.self, MeasuredAgent.self],
        defaultSubcommand: Measure.self)
}

/// Runs the rows and reports them.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run the rows (the default).")

    @Option(help: "Where to write the rows as JSON lines.")
    var jsonl: String?

    @Option(
        name: .customLong("only"),
        help: "Run this group alone; may be repeated. One of: \(Measure.groups.map(\.name).joined(separator: ", ")).")
    var only: [String] = []

    func validate() throws {
        for name in only where !Self.groups.contains(where: { $0.name == name }) {
            throw ValidationError("There is no group \(name).")
        }
    }

    /// In this order: what needs an idle node first, what leaves most behind last.
    private static let groups: [BenchmarkGroup] = [
        IdleRows.group, LatencyRows.group, ShortLivedRow.group, ForcedDeletionRow.group, BurstRow.group, TailRow.group,
        StoreRows.group, AcknowledgedRows.group, CollectorRows.group,
    ]

    func run() async throws {
        TerminationSignal.catchSignals()
        var report = Report()
        let settings = BenchmarkSettings.fromEnvironment()
        let chosen = Self.groups.filter { only.isEmpty || only.contains($0.name) }
        let machine = Machine.description
        say("\(machine); the numbers hold for this machine, as busy as it was")
        let laboratory = Laboratory(settings: settings)
        for group in chosen {
            say("\(group.name): \(group.summary)")
            do {
                report.add(try await group.run(laboratory))
            } catch {
                say("\(group.name) could not run: \(error)")
                report.add(group.rows.map { Measurement(cannotRun: $0, goal: nil, because: "\(error)") })
            }
        }
        do { try await laboratory.close() } catch { say("the private containerd could not be ended: \(error)") }
        print("\n\(machine)\n")
        print(report.table)
        if let jsonl { try Files.write(report.jsonLines, to: jsonl) }
    }
}

/// Some rows that are measured together.
struct BenchmarkGroup: Sendable {
    let name: String
    let summary: String
    /// The names of the rows, for when it cannot run.
    let rows: [String]
    let run: @Sendable (Laboratory) async throws -> [Measurement]
}

/// Progress, apart from the table.
func say(_ text: String) {
    print("==> \(text)")
    fflush(nil)
}
