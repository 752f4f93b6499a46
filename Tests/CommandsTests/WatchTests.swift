// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Synchronization
import Testing

@testable import Commands

@Suite("list --watch")
struct WatchTests {
    /// Lets so many polls happen, then ends the watch as an interrupt would.
    private func harness(_ memory: MemorySource, polls: Int) -> CommandHarness {
        var cli = CommandHarness(memory)
        let left = Counter(polls)
        cli.pause = { duration in
            #expect(duration == .seconds(1))
            if left.next() < 0 { throw CancellationError() }
        }
        return cli
    }

    private static var ended: Session {
        var session = Samples.running
        session.revision = 2
        session.state = .ended
        session.exitCode = 3
        return session
    }

    @Test("shows what there is, oldest first, then each change once, in the same columns")
    func changes() async throws {
        var memory = MemorySource.samples
        memory.polls = [[], [Samples.running, Self.ended], [Self.ended]]
        let result = await harness(memory, polls: 4).run("list", "--watch")
        #expect(result.code == 0)
        let lines = result.out.split(separator: "\n")
        #expect(lines.count == 1 + Samples.all.count + 1)
        #expect(lines[1].contains("ledger-debug"))
        let last = try #require(lines.last)
        #expect(last.contains("node-debugger-worker-1-9xq2c"))
        #expect(last.contains(" 3 "))
        let header = lines[0]
        let column = try #require(header.firstRange(of: "STATE")).lowerBound
        #expect(last[last.index(last.startIndex, offsetBy: header.distance(from: header.startIndex, to: column))...]
            .hasPrefix("ended"))
    }

    @Test("a session that stops matching because it ended is shown once more; strangers are not")
    func runningOnly() async {
        var memory = MemorySource.samples
        memory.polls = [[Samples.demo, Self.ended]]
        let result = await harness(memory, polls: 2).run("list", "--watch", "--running", "-o", "jsonl")
        let lines = result.out.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.last?.contains(#""state":"ended""#) == true)
        #expect(!result.out.contains(Samples.demo.id.rawValue))
    }

    @Test("a store that fails for a while is said once, and watched on")
    func trouble() async {
        var memory = MemorySource.samples
        memory.sessions = []
        memory.polls = [[Samples.demo]]
        var cli = harness(memory, polls: 4)
        let source = memory.source
        let polls = Counter(3)
        var flaky = source
        flaky.changes = { filter, mark in
            if mark != nil, polls.next() > 0 { throw LastwordError(code: "store.read", message: "cannot read") }
            return try await source.changes(filter, mark)
        }
        cli.openStore = { [flaky] _ in flaky }
        let result = await cli.run("list", "-w", "-o", "name")
        #expect(result.code == 0)
        #expect(result.out == "session/\(Samples.demo.id)\n")
        #expect(result.err == "warning: cannot read\nthe store can be read again\n")
    }

    @Test("ends with 0 when its reader goes away")
    func closedPipe() async {
        var memory = MemorySource.samples
        memory.polls = [[Self.ended]]
        var cli = harness(memory, polls: 100)
        let writes = Counter(1)
        cli.onOutput = { _ in if writes.next() < 0 { throw ClosedPipe() } }
        let result = await cli.run("list", "--watch")
        #expect(result.code == 0)
        #expect(result.err == "")
    }
}

/// Counts down.
final class Counter: Sendable {
    private let left: Mutex<Int>

    init(_ start: Int) {
        left = Mutex(start)
    }

    /// What is left after this step.
    func next() -> Int {
        left.withLock { left in
            left -= 1
            return left
        }
    }
}
