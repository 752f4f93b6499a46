// SPDX-License-Identifier: Apache-2.0
import AgentStore
import GRDB
import Glibc
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
        let node = try await memoryNode()
        do {
            let rows = try await measure(settings, laboratory, node, program)
            try await node.teardown()
            Files.removeTree(node.paths.directory)
            return rows
        } catch {
            try? await node.teardown()  // the first error is the one to report
            Files.removeTree(node.paths.directory)
            throw error
        }
    }

    /// containerd syncs its database for every record that it writes or removes, which on a disk it can do some hundred
    /// times a second. It is not containerd that is measured: its files are in memory, the agent's store is on the disk.
    private static func memoryNode() async throws -> RigNode {
        guard Files.isDirectory("/dev/shm") else { return try await RigNode.start() }
        return try await RigNode.start(directory: try Files.makeTemporaryDirectory(prefix: "/dev/shm/lw-bench."))
    }

    private static func measure(
        _ settings: BenchmarkSettings, _ laboratory: Laboratory, _ node: RigNode, _ program: String
    ) async throws -> [Measurement] {
        try await laboratory.withAgent(on: node) {
            $0.program = program
        } _: { node, agent in
            guard let process = agent.process else { throw RigError.failed("the agent has no process") }
            let publisher = try await BurstPublisher(node: node, removalDelay: settings.burstRemovalDelay)
            let reader = try StoreReader(directory: agent.store)
            let sealed = try SealedCount(store: agent.store)
            let base = try sealed.read()
            guard let runtime = node.containerd.child else { throw RigError.failed("containerd has no process") }
            let before = try ProcessUsage(of: process.pid)
            let others = [try ProcessUsage(of: runtime.pid), try ProcessUsage(of: getpid())]
            let sample = { @Sendable in
                Sample(
                    at: Clock.monotonic(), published: publisher.ended,
                    durable: try sealed.read() - base, usage: try ProcessUsage(of: process.pid))
            }
            async let publishing: Void = publisher.publish(
                rate: settings.burstRate, count: settings.burstRate * settings.burstSeconds)
            var samples: [Sample] = []
            while !publisher.isFinished {
                try await Task.sleep(for: .milliseconds(500))
                samples.append(try sample())
            }
            let drained = try await drain(sample)
            let after = try ProcessUsage(of: process.pid)
            try await publishing
            let spent = zip(others, [try ProcessUsage(of: runtime.pid), try ProcessUsage(of: getpid())]).map {
                Double($1.ranNanoseconds - $0.ranNanoseconds) / 1e6
            }
            let found = try Found(publisher.containers, reader)
            try publisher.removeLogs()
            return rows(
                settings, publisher, samples: samples, before: before, after: after, drained: drained,
                found: found, others: spent)
        }
    }

    /// Waits until all is durable; seconds.
    private static func drain(_ sample: () throws -> Sample) async throws -> Double {
        let began = Clock.monotonic()
        let end = ContinuousClock.now + .seconds(60)
        while try sample().backlog > 0, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(50)) }
        return Double(Clock.monotonic() - began) / 1e9
    }

    /// What the store has of the containers.
    private struct Found: Sendable {
        /// With code and full output.
        var whole = 0
        /// With the code, whatever else.
        var ended = 0
        /// Of which the runtime's record could not be read any more.
        var undescribed = 0
        /// Whose end stands in no entry.
        var untold = 0

        init(_ containers: [SyntheticContainer], _ reader: StoreReader) throws {
            for container in containers {
                guard let recorded = try Recorded(container.id, in: reader) else { continue }
                let hasFacts = recorded.hasFacts(exitCode: container.exitCode)
                if hasFacts { ended += 1 }
                if hasFacts, recorded.hasFullOutput(container.output) { whole += 1 }
                if recorded.session.image == nil { undescribed += 1 }
                if recorded.session.sealedAt == nil { untold += 1 }
            }
        }
    }

    private static func rows(
        _ settings: BenchmarkSettings, _ publisher: BurstPublisher, samples: [Sample], before: ProcessUsage,
        after: ProcessUsage, drained: Double, found: Found, others: [Double]
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
        let ran = Double(after.ranNanoseconds - before.ranNanoseconds) / 1e6
        let each = others.map { Measurement.text($0 / Double(max(1, count))) }
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
                "burst-recorded", Double(found.whole) / Double(max(1, count)) * 100, "%", goal: .atLeast(100),
                note: "\(found.whole) of \(count) with code and full output, \(found.ended) with the code; of"
                    + " \(found.undescribed) the record could not be read, \(found.untold) are not sealed; records removed"
                    + " \(settings.burstRemovalDelay) ms after the end"),
            Measurement(
                "burst-resident", peak, "MB", goal: .atMost(45),
                note: "largest; before the burst \(Measurement.text(before.resident)) MB"),
            Measurement(
                "burst-anonymous", anonymous, "MB",
                note: "largest; before the burst \(Measurement.text(before.anonymous)) MB"),
            Measurement(
                "burst-cpu-per-end", ran / Double(max(1, count)), "ms",
                note: "processor time of the agent an end; of containerd \(each[0]), of the publisher \(each[1]) ms"),
        ]
    }
}

/// How many sessions of a store are sealed, on a connection of its own.
private struct SealedCount: Sendable {
    private let queue: DatabaseQueue

    init(store: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        queue = try DatabaseQueue(path: store + "/lastword.db", configuration: configuration)
    }

    func read() throws -> Int {
        try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM session WHERE sealed_at IS NOT NULL") ?? 0 }
    }
}
