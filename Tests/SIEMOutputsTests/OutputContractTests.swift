// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import SessionRecords
import TestSupport
import Testing

@testable import SIEMOutputs

/// What every output keeps, whatever its receiver is.
@Suite(
    "The outputs' contract", .serialized,
    .enabled(if: Rsyslog.obstacle == nil, "rsyslog or a part of it is missing: dev/setup.sh installs them"))
struct OutputContractTests {
    /// Sends, and compares everything that arrived with what the store took in.
    private static func withOutput(
        _ kind: ReceiverRig.Kind, resend: Duration = .seconds(3), timeout: Duration = .seconds(5),
        _ body: (ReceiverRig, RunningOutput) async throws -> Void
    ) async throws {
        let rig = try ReceiverRig(kind)
        let scratch = try ScratchDirectory()
        let output = try RunningOutput(
            rig.settings(resend: resend, timeout: timeout), directory: scratch.file("store"))
        do {
            try await body(rig, output)
            try await output.stop()
            try await rig.end()
        } catch {
            try await output.stop()
            try await rig.end()
            throw error
        }
    }

    private static func isComplete(_ rig: ReceiverRig, _ ledger: MadeLedger) throws -> Bool {
        let ids = Set(try rig.received().map(\.id))
        return (1...ledger.number).allSatisfy { ids.contains("\(ledger.id)/\($0)") }
    }

    /// Every event is there, copies of one are the same, and no event came for the first time before one that is older.
    private static func verify(_ rig: ReceiverRig, _ ledger: MadeLedger) throws {
        var first: [String: ReceiverRig.Received] = [:]
        var order: [Int64] = []
        for event in try rig.received() where event.id.hasPrefix(ledger.id) {
            if let known = first[event.id] {
                #expect(known == event, "a copy differs")
                continue
            }
            first[event.id] = event
            order.append(event.id.split(separator: "/").last.flatMap { Int64($0) } ?? 0)
        }
        #expect(order == Array(1...ledger.number))
    }

    @Test("everything arrives, in order and as it was recorded", arguments: ReceiverRig.Kind.allCases)
    func order(_ kind: ReceiverRig.Kind) async throws {
        try await Self.withOutput(kind) { rig, output in
            try await rig.start()
            var ledger = MadeLedger()
            for batch in 0..<10 {
                let entries = (0..<60).map { ledger.ended(batch * 60 + $0) }
                try await output.store.take(entries)
            }
            let complete = ledger
            try await waitUntil(every: .milliseconds(50), "all have arrived") { try Self.isComplete(rig, complete) }
            try Self.verify(rig, ledger)
            let received = try rig.received()
            #expect(received.count == 600, "nothing came twice")
            for (seed, event) in received.enumerated() {
                let session = MadeLedger.ended(seed)
                #expect(event.type == "session.ended")
                #expect(event.exitCode == session.exitCode.map { "\($0)" } && event.container == session.container)
            }
        }
    }

    @Test("it is killed again and again and nothing is missing", arguments: ReceiverRig.Kind.allCases)
    func killed(_ kind: ReceiverRig.Kind) async throws {
        try await Self.withOutput(kind) { rig, output in
            var ledger = MadeLedger()
            try await output.store.take((0..<20).map { ledger.ended($0) })
            try await waitUntil("it is told that nobody is there") { output.isFailing }
            for round in 1...4 {
                try await rig.start()
                let before = try rig.received().count
                try await output.store.take((0..<40).map { ledger.ended(round * 100 + $0) })
                // Killed in the middle: something of this round has come, and nothing says that all of it has.
                try await waitUntil("something arrives") { try rig.received().count > before }
                try await rig.kill()
                try await output.store.take((0..<5).map { ledger.ended(round * 100 + 50 + $0) })
            }
            try await rig.start()
            let complete = ledger
            try await waitUntil(every: .milliseconds(50), "all have arrived") { try Self.isComplete(rig, complete) }
            try Self.verify(rig, ledger)
            #expect(try await output.mark?.skipped == 0)
        }
    }

    @Test(
        "what was settled does not come again after a restart of the collector, what was not does",
        arguments: ReceiverRig.Kind.allCases)
    func restart(_ kind: ReceiverRig.Kind) async throws {
        let rig = try ReceiverRig(kind)
        let scratch = try ScratchDirectory()
        try await rig.start()
        let settings = rig.settings(resend: .milliseconds(100))
        var output = try RunningOutput(settings, directory: scratch.file("store"))
        var ledger = MadeLedger()
        try await output.store.take((0..<50).map { ledger.ended($0) })
        try await output.settle()
        #expect(try rig.received().count == 50)
        try await rig.kill()
        try await output.store.take((50..<60).map { ledger.ended($0) })
        try await output.stop()
        try await rig.start()
        output = try RunningOutput(settings, directory: scratch.file("store"))
        let complete = ledger
        try await waitUntil(every: .milliseconds(50), "all have arrived") { try Self.isComplete(rig, complete) }
        try await output.settle()
        try Self.verify(rig, ledger)
        #expect(try rig.received().count == 60)
        try await output.stop()
        try await rig.end()
    }

    @Test(
        "while it hangs, everything is taken in; when it goes on, everything arrives",
        arguments: ReceiverRig.Kind.allCases)
    func stalled(_ kind: ReceiverRig.Kind) async throws {
        try await Self.withOutput(kind, timeout: .seconds(1)) { rig, output in
            try await rig.start()
            var ledger = MadeLedger()
            try await output.store.take([ledger.ended(0)])
            let first = ledger
            try await waitUntil("one has arrived") { try Self.isComplete(rig, first) }
            try await rig.pause()
            // Some megabytes: the sockets' buffers hold the first of it.
            for batch in 0..<20 {
                let entries = (0..<6).map { seed in
                    ledger.ended(batch * 6 + seed + 1) { $0.message = String(repeating: "m", count: 30_000) }
                }
                try await output.store.take(entries)
            }
            #expect(try await output.store.status().entries == 121)
            #expect(try rig.received().count == 1, "it hung all the time")
            try await waitUntil("it is told that the output hangs") { output.isFailing }
            try await rig.resume()
            let complete = ledger
            try await waitUntil(limit: .seconds(60), every: .milliseconds(50), "all have arrived") {
                try Self.isComplete(rig, complete)
            }
            let ids = Set(try rig.received().map(\.id))
            #expect(ids.count == 121)
        }
    }

    /// Values of an attacker's choosing, in every text of a session.
    static let hostile = [
        "a]b\"c\\d", "line\nfeed\r\n", "null\0byte", "\u{1B}[31mred\u{1B}[0m", "\u{202E}evil\u{202C}", "\\\"]\\",
        "</script>", "<86>1 - forged", "12 <86>1 2026-11-26T00:00:00Z a b c d [lastword@32473 id=\"forged\"] x",
        "\u{FEFF}bom", "ünï🦊", "\\u{1b}", String(decoding: [0xFF, 0x41, 0xC3] as [UInt8], as: UTF8.self),
        String(repeating: "]", count: 10_000),
    ]

    @Test("hostile values arrive as they were", arguments: ReceiverRig.Kind.allCases)
    func hostile(_ kind: ReceiverRig.Kind) async throws {
        try await Self.withOutput(kind) { rig, output in
            try await rig.start()
            var ledger = MadeLedger()
            let entries = Self.hostile.enumerated().map { seed, words in
                ledger.ended(seed) { session in
                    session.namespace = words
                    // rsyslog's mmpstrucdata leaves structured data of a hundred KiB unread.
                    guard words.utf8.count < 1000 else { return }
                    session.pod = words
                    session.image = words
                    session.args = [words, words]
                    session.message = words
                    session.reason = words
                }
            }
            try await output.store.take(entries)
            let complete = ledger
            try await waitUntil(every: .milliseconds(50), "all have arrived") { try Self.isComplete(rig, complete) }
            let received = try rig.received()
            #expect(received.count == Self.hostile.count, "nothing more came of it")
            for (event, words) in zip(received, Self.hostile) {
                // In syslog control characters stand as `\u{hex}`; everything else is as it was.
                let shown = kind == .file ? event.namespace : event.namespace.map(Visible.plain)
                // Foundation's JSONSerialization drops a byte order mark at the beginning of a string.
                let wanted = kind == .file && words.hasPrefix("\u{FEFF}") ? String(words.dropFirst()) : words
                #expect(shown == wanted)
            }
            try Self.verify(rig, ledger)
        }
    }
}

/// Reads values whose control characters stand as `\u{hex}`.
enum Visible {
    static func plain(_ value: String) -> String {
        var result = ""
        var rest = value[...]
        while let start = rest.firstRange(of: "\\u{") {
            result += rest[..<start.lowerBound]
            let digits = rest[start.upperBound...].prefix { $0 != "}" }
            if let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) {
                result.unicodeScalars.append(scalar)
            }
            rest = rest[digits.endIndex...].dropFirst()
        }
        return result + rest
    }
}
