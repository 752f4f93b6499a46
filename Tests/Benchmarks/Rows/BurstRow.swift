// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import TestSupport

/// Synthetic ends through containerd's own event bus: whether the agent keeps up, and what it takes for it.
enum BurstRow {
    static let group = BenchmarkGroup(
        name: "burst", summary: "synthetic ends through containerd's event bus",
        rows: ["burst-rate", "burst-backlog-growth", "burst-recorded", "burst-resident", "burst-anonymous"], run: run)

    /// What was published and what was durable at one moment.
    private struct Sample: Sendable {
        let at: Int64
        let published: Int
        let durable: Int
        let usage: ProcessUsage
        var backlog: Int { published - durable }
    }

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let settings = laboratory.settings
        let program = try await StrippedAgent.make(in: try await laboratory.scratch())
        return try await laboratory.withAgent {
            $0.program = program
        } _: { node, agent in
            guard let process = agent.process else { throw RigError.failed("the agent has no process") }
            let publisher = try await BurstPublisher(node: node)
            let reader = try StoreReader(directory: agent.store)
            // Two entries a session: its start and its end.
            let base = try reader.head().number
            let before = try ProcessUsage(of: process.pid)
            let sample = { @Sendable in
                Sample(
                    at: Clock.monotonic(), published: publisher.ended,
                    durable: Int(try reader.head().number - base) / 2, usage: try ProcessUsage(of: process.pid))
            }
            async let publishing: Void = publisher.publish(
                rate: settings.burstRate, count: settings.burstRate * settings.burstSeconds)
            var samples: [Sample] = []
            while !publisher.isFinished {
                try await Task.sleep(for: .milliseconds(500))
                samples.append(try sample())
            }
            let drained = try await drain(sample)
            try await publishing
            let count = try recorded(publisher, reader)
            try publisher.removeLogs()
            return rows(settings, publisher, samples: samples, before: before, drained: drained, recorded: count)
        }
    }

    /// Waits until all is durable; seconds.
    private static func drain(_ sample: () throws -> Sample) async throws -> Double {
        let began = Clock.monotonic()
        let end = ContinuousClock.now + .seconds(60)
        while try sample().backlog > 0, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(50)) }
        return Double(Clock.monotonic() - began) / 1e9
    }

    /// How many have their code and their output.
    private static func recorded(_ publisher: BurstPublisher, _ reader: StoreReader) throws -> Int {
        try publisher.containers.count { container in
            guard let recorded = try Recorded(container.id, in: reader) else { return false }
            return recorded.hasFacts(exitCode: container.exitCode) && recorded.hasFullOutput(container.output)
        }
    }

    private static func rows(
        _ settings: BenchmarkSettings, _ publisher: BurstPublisher, samples: [Sample], before: ProcessUsage,
        drained: Double, recorded: Int
    ) -> [Measurement] {
        let count = publisher.containers.count
        let elapsed = publisher.seconds
        let rate = Double(count) / elapsed
        // The means of the second and the last third: the first one fills what is always in flight.
        let third = max(1, samples.count / 3)
        func mean(_ part: some Collection<Sample>) -> Double {
            Double(part.reduce(0) { $0 + $1.backlog }) / Double(max(1, part.count))
        }
        let (middle, last) = (mean(samples.dropFirst(third).prefix(third)), mean(samples.suffix(third)))
        let growth = (last - middle) / (elapsed / 3)
        let peak = samples.map(\.usage.resident).max() ?? .nan
        let anonymous = samples.map(\.usage.anonymous).max() ?? .nan
        let ran = Double((samples.last?.usage.ranNanoseconds ?? 0) - before.ranNanoseconds) / 1e6
        return [
            Measurement(
                "burst-rate", rate, "ends/s", goal: .atLeast(Double(settings.burstRate) * 0.98),
                note: "what the publisher reached, \(count) ends in \(Measurement.text(elapsed)) s, each one a record"
                    + " written, 4 events and the record's removal"),
            // A hundredth of the rate: more would be a backlog that grows.
            Measurement(
                "burst-backlog-growth", growth, "ends/s", goal: .below(rate / 100),
                note: "ends published and not yet sealed: \(Measurement.text(middle)) in the middle,"
                    + " \(Measurement.text(last)) at the end; drained \(Measurement.text(drained)) s after it"),
            Measurement(
                "burst-recorded", Double(recorded) / Double(max(1, count)) * 100, "%", goal: .atLeast(100),
                note: "\(recorded) of \(count) with code and full output"),
            Measurement(
                "burst-resident", peak, "MB", goal: .atMost(45),
                note: "largest; idle before \(Measurement.text(before.resident)) MB"),
            Measurement(
                "burst-anonymous", anonymous, "MB",
                note: "largest; idle before \(Measurement.text(before.anonymous)) MB"),
            Measurement(
                "burst-cpu-per-end", ran / Double(max(1, count)), "ms", note: "processor time of the agent an end"),
        ]
    }
}
