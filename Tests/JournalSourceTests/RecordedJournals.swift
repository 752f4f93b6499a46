// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import SessionTracking
import TestSupport

@testable import JournalSource

/// Journals of a real cluster (containerd 2.x, kubelet 1.36 with `--v=2`), as `journalctl -o short-precise` printed them.
enum RecordedJournals {
    static let scenarios = [
        "1-attach", "1b-log-format", "3-profiles", "5-status", "a-20-sessions", "b-pod-deletion", "c-kubelet-restart",
        "d-rotation", "f-gc-max-dead-0", "g-containerd-restart", "h-delete-stubborn-default-grace",
    ]

    static func fixture(_ name: String) throws -> Data {
        try Data(contentsOf: folder("Fixtures").appendingPathComponent(name))
    }

    private static func folder(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: name)
    }

    /// The entries of a scenario, of both daemons, in the order in which they were received.
    static func entries(_ scenario: String) async throws -> [JournalEntry] {
        var all: [JournalEntry] = []
        for daemon in ["containerd", "kubelet"] {
            for line in try await lines("\(scenario).journal-\(daemon).txt") {
                // Nov 21 02:40:00.363930 vm containerd[29394]: MESSAGE
                let words = line.split(separator: UInt8(ascii: " "), maxSplits: 5, omittingEmptySubsequences: true)
                guard words.count == 6,
                    let time = Timestamp(rfc3339: "2026-11-\(text(words[1]))T\(text(words[2]))Z")
                else { continue }
                all.append(
                    JournalEntry(origin: .unit("\(daemon).service"), message: Array(words[5]), received: time))
            }
        }
        return all.enumerated().sorted { ($0.element.received, $0.offset) < ($1.element.received, $1.offset) }
            .map(\.element)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func lines(_ name: String) async throws -> [ArraySlice<UInt8>] {
        let path = folder("Fixtures").appendingPathComponent(name).path
        let bytes =
            if Files.exists(path) {
                try Files.read(path)
            } else {
                try await ChildProcess.require(["gzip", "-dc", path + ".gz"]).standardOutput
            }
        return bytes.split(separator: UInt8(ascii: "\n"))
    }

    /// A fact on one line, with short ids.
    static func render(_ fact: Fact) -> String {
        switch fact {
        case .container(let it):
            let parts = [
                it.isSandbox ? "sandbox" : "container", short(it.id.rawValue), it.container.map { "name=\($0)" },
                it.namespace.map { "namespace=\($0)" }, it.pod.map { "pod=\($0)" }, it.podUID.map { "uid=\($0)" },
                it.attempt.map { "attempt=\($0)" }, it.sandboxID.map { "in=\(short($0))" },
                it.createdAt.map { "created=\($0)" },
            ]
            return parts.compactMap { $0 }.joined(separator: " ")
        case .journal(let it):
            let what =
                switch it.event {
                case .started: "started"
                case .exited(let code, let time): "exited \(code)" + (time.map { " at \($0)" } ?? "")
                case .outOfMemory: "oom"
                case .removed: "removed"
                case .attachClosed(let stream): "attach closed \(stream)"
                }
            return "\(it.at) \(short(it.container.rawValue)) \(what)"
        case .intervalMissed(_, let from, let to, let reason, let dropped):
            return "missed \(from) \(to) \(reason) \(dropped.map { "\($0)" } ?? "-")"
        case .readUpTo: return "read up to"
        case .sourceRestored: return "restored"
        case .sourceLost(_, let reason): return "lost \(reason)"
        default: return "\(fact)"
        }
    }

    private static func short(_ id: String) -> String { String(id.prefix(12)) }

    /// Compares with a file in `Golden/`; `UPDATE_GOLDEN=1` writes it. The difference, or nil.
    static func difference(_ text: String, from name: String) throws -> String? {
        let file = folder("Golden").appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
            return nil
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        guard text != expected else { return nil }
        let pair = zip(text.split(separator: "\n"), expected.split(separator: "\n")).first { $0 != $1 }
        return "Golden/\(name): \(pair.map { "\($0.0) instead of \($0.1)" } ?? "another number of lines")"
    }
}
