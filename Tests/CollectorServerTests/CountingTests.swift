// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

/// What an operator sees of the real program without asking its store: `/metrics` and the log.
@Suite("What the collector counts and says", .serialized)
struct CountingTests {
    /// A metric with its labels, as `/metrics` has it; nil where there is none.
    private static func metric(_ name: String, _ collector: CollectorProcess) throws -> Double? {
        let page = try #require(HTTPProbe.get(port: collector.port, path: "/metrics")).body
        let line = page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line?.split(separator: " ").last.flatMap { Double($0) }
    }

    @Test("deliveries, refusals, failed logins, alarms, outputs and requests are counted, each once")
    func metrics() async throws {
        let folder = try ScratchDirectory()
        let yaml = """
            outputs:
              archive: {type: file, path: \(folder.file("events.jsonl")), events: [session.ended]}
              nobody: {type: syslog, address: "127.0.0.1:1", transport: tcp}
            """
        let collector = try CollectorProcess(flags: [
            "--config", try folder.write(yaml, to: "collector.yaml"), "--auth-failure-limit", "1",
        ])
        try await collector.start()
        let made = try await collector.command("token", "create", "--role", "agent", "--node", "worker-0")
        let token = made.text.trimmingCharacters(in: .newlines)
        var ledger = MadeLedger(node: "worker-0")
        for seed in 0..<5 { ledger.addSession(seed) }
        // A hole, then what it lacked, then a part of it again.
        #expect(await collector.deliver(try ledger.body(0..<2), token: token) == 200)
        #expect(await collector.deliver(try ledger.body(4..<6), token: token) == 200)
        #expect(await collector.deliver(try ledger.body(2..<5), token: token) == 200)
        var other = MadeLedger("ledger-2", node: "worker-1")
        other.addSession(1)
        #expect(await collector.deliver(try other.body(), token: token) == 403)
        #expect(await collector.deliver([1, 2, 3], token: token) == 400)
        for answer in [401, 429] {
            #expect(await collector.deliver(try ledger.body(), token: "lwt_0123456789abcdef_wrong") == answer)
        }

        let expected: [(String, Double)] = [
            ("lastword_collector_entries_total{outcome=\"stored\"}", 6),
            ("lastword_collector_entries_total{outcome=\"duplicate\"}", 1),
            ("lastword_collector_batches_total", 3),
            ("lastword_collector_deliveries_refused_total{reason=\"ingest.other-node\"}", 1),
            ("lastword_collector_deliveries_refused_total{reason=\"ingest.malformed\"}", 1),
            ("lastword_collector_logins_failed_total{method=\"token\"}", 1),
            ("lastword_collector_logins_delayed_total", 1),
            ("lastword_collector_alarms_total{kind=\"hole\"}", 1),
            ("lastword_collector_requests_total{route=\"/v1/logs\",status=\"200\"}", 3),
            ("lastword_collector_request_seconds_count{route=\"/v1/logs\"}", 7),
            ("lastword_collector_output_events_total{output=\"archive\"}", 5),
            ("lastword_collector_output_up{output=\"archive\"}", 1),
            ("lastword_collector_output_up{output=\"nobody\"}", 0),
            ("lastword_collector_output_backlog_lines{output=\"archive\"}", 0),
            ("lastword_collector_entries", 6), ("lastword_collector_sessions", 5), ("lastword_collector_nodes", 1),
            // The hole is closed; the node's clock is that of a ledger made up long ago.
            ("lastword_collector_alarms_total{kind=\"clock-offset\"}", 1), ("lastword_collector_open_alarms", 1),
        ]
        // What is counted over the whole store is counted once a minute.
        for (name, value) in expected {
            var seen: Double?
            do {
                try await waitUntil(limit: .seconds(90), every: .milliseconds(500), "\(name) is \(value)") {
                    seen = try Self.metric(name, collector)
                    return seen == value
                }
            } catch {
                Issue.record("\(name) is \(seen.map { "\($0)" } ?? "not there"), not \(value)")
            }
        }
        for name in [
            "lastword_collector_commits_total", "lastword_collector_store_bytes",
            "lastword_collector_slowest_commit_seconds", "process_resident_memory_bytes",
        ] {
            #expect(try Self.metric(name, collector) ?? 0 > 0, "\(name)")
        }
        let page = try #require(HTTPProbe.get(port: collector.port, path: "/metrics")).body
        #expect(page.contains("lastword_collector_output_failures_total{output=\"nobody\",reason="))
        try await collector.stop()
    }

    @Test("a failed login is in the log with its address and its reason, and never with what was tried")
    func failedLogin() async throws {
        let collector = try CollectorProcess()
        try await collector.start()
        let tried = "lwt_0123456789abcdef_0123456789012345678901234567890123456789012"
        #expect(try await collector.get("/v1/sessions", token: tried).status == 401)
        try await waitUntil("it is in the log") { collector.log.contains("a login failed") }
        let line = try #require(collector.log.split(separator: "\n").first { $0.contains("a login failed") })
        #expect(line.contains("level=warning") && line.contains("network.peer.address=127.0.0.1"), "\(line)")
        #expect(line.contains("lastword.reason="), "\(line)")
        #expect(!collector.log.contains(tried) && !collector.log.contains(tried.suffix(43)))
        try await collector.stop()
    }
}
