// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The human form of `status`.
enum StatusText {
    static func render(_ report: StatusReport, now: Timestamp, palette: Palette = .plain) -> String {
        var text = SectionText()
        text.section("Agent")
        text.add("Node", report.node)
        text.add(
            "Running",
            report.agentRunning.map { $0 ? "yes" + (report.agentPID.map { " (PID \($0))" } ?? "") : "no" },
            style: report.agentRunning == false ? .bad : .good)
        text.add("Version", report.agentVersion)
        text.add("Started", report.agentStartedAt.map { ago($0, now) })
        text.add("Stopped", report.agentStoppedAt.map { ago($0, now) })
        text.add("Last at work", report.agentActiveAt.map { ago($0, now) })

        if let collector = report.collector { add(collector, to: &text, now) }

        text.section("Store")
        text.add("Source", report.source)
        text.add("Size", report.storeBytes.map { HumanTime.size(bytes: $0) })
        text.add("Set aside", report.setAside)
        let counts = SessionState.allCases.compactMap { state in
            report.sessions[state].flatMap { $0 == 0 ? nil : "\($0) \(state.rawValue)" }
        }
        text.add("Sessions", counts.isEmpty ? "none" : counts.joined(separator: ", "))

        text.section("Ledger")
        text.add("ID", report.ledger)
        if let head = report.head {
            text.add("Entries", "\(report.firstNumber ?? 1) to \(head.number)")
            text.add("Head", head.description)
        }

        text.section("Delivery")
        for delivery in report.deliveries {
            text.add(delivery.destination, describe(delivery, now), style: delivery.state == .waiting ? .bad : nil)
            text.add("Trouble", delivery.trouble, style: .bad)
            text.add("Last accepted", delivery.acceptedAt.map { ago($0, now) })
        }

        text.section("Open gaps")
        if !report.openGaps.isEmpty {
            text.add(table: GapTable.render(report.openGaps, headers: true, palette: palette))
        }

        text.section("Gaps by reason")
        if !report.gapCounts.isEmpty { text.add(table: gaps(report.gapCounts)) }

        text.section("Losses")
        if !report.losses.isEmpty { text.add(table: losses(report.losses)) }

        text.section("Debug pods left behind")
        if !report.podsLeftBehind.isEmpty { text.add(table: pods(report.podsLeftBehind, now)) }
        return text.render(palette: palette)
    }

    private static func add(_ collector: StatusReport.Collector, to text: inout SectionText, _ now: Timestamp) {
        text.section("Collector")
        text.add("Version", collector.version)
        text.add("Last received", collector.lastReceivedAt.map { ago($0, now) })
        text.add("Nodes", collector.nodes.map(String.init))
        text.add("Ledgers", collector.ledgers.map(String.init))
        text.add("Entries", collector.entries.map(String.init))
        text.add("Outputs", collector.outputs.map(String.init))
        text.add(
            "Open alarms", collector.openAlarms.map(String.init), style: collector.openAlarms == 0 ? .good : .bad)
        text.add("On hold", collector.holds.map(String.init))
    }

    private static func ago(_ time: Timestamp, _ now: Timestamp) -> String {
        "\(HumanTime.wholeSeconds(time)) (\(HumanTime.age(nanoseconds: now.nanoseconds(since: time))) ago)"
    }

    private static func describe(_ delivery: StatusReport.Delivery, _ now: Timestamp) -> String {
        var parts: [String] = []
        switch delivery.state {
        case .off: parts.append("off")
        case .waiting:
            let since = delivery.stateSince.map { " for \(HumanTime.age(nanoseconds: now.nanoseconds(since: $0)))" }
            parts.append("nothing moves\(since ?? "")")
        case .delivering, nil: break
        }
        if let through = delivery.deliveredThrough { parts.append("delivered through \(through)") }
        if let waiting = delivery.waiting {
            let since = waiting == 0 ? nil : delivery.waitingSince
            let age = since.map { " for \(HumanTime.age(nanoseconds: now.nanoseconds(since: $0)))" }
            parts.append("\(waiting) waiting\(age ?? "")")
        }
        if let refused = delivery.refused, refused > 0 { parts.append("\(refused) refused") }
        if let refused = delivery.refusedOutputs, refused > 0 { parts.append("\(refused) outputs refused") }
        return parts.isEmpty ? "nothing yet" : parts.joined(separator: ", ")
    }

    /// So many rows; reasons may have words from outside in them, and all of them differ.
    private static let shownReasons = 20

    private static func gaps(_ counts: [StatusReport.GapCount]) -> String {
        var table = TextTable(titles: ["SOURCE", "TIMES", "OPEN", "NOT-CLOSED", "DROPPED", "REASON"])
        return table.whole(
            counts.prefix(shownReasons).map { count in
                [
                    TextTable.Cell(count.source), TextTable.Cell("\(count.times)"), TextTable.Cell("\(count.open)"),
                    TextTable.Cell("\(count.missed)"), TextTable.Cell("\(count.dropped)"), TextTable.Cell(count.reason),
                ]
            })
    }

    private static func losses(_ losses: [StatusReport.Loss]) -> String {
        var table = TextTable(titles: ["LOST", "SESSIONS", "REASON"])
        return table.whole(
            losses.prefix(shownReasons).map { loss in
                [TextTable.Cell(loss.what), TextTable.Cell("\(loss.sessions)"), TextTable.Cell(loss.reason)]
            })
    }

    private static func pods(_ sessions: [Session], _ now: Timestamp) -> String {
        var table = TextTable(titles: ["NAMESPACE", "POD", "MODE", "ENDED", "SESSION"])
        return table.whole(
            sessions.map { session in
                [
                    TextTable.Cell(session.namespace), TextTable.Cell(session.pod),
                    TextTable.Cell(session.mode?.rawValue),
                    TextTable.Cell(
                        session.endsAt.map { HumanTime.age(nanoseconds: now.nanoseconds(since: $0)) + " ago" }),
                    TextTable.Cell(String(session.id.rawValue.prefix(SessionTable.idDigits))),
                ]
            })
    }
}

extension StatusReport {
    var json: JSONValue {
        var object = JSONObject([("source", .string(source))])
        object["node"] = node.map(JSONValue.string)
        var agent = JSONObject()
        agent["running"] = agentRunning.map(JSONValue.bool)
        agent["pid"] = agentPID.map { .integer(Int64($0)) }
        agent["version"] = agentVersion.map(JSONValue.string)
        agent["startedAt"] = agentStartedAt.map { .string($0.description) }
        agent["stoppedAt"] = agentStoppedAt.map { .string($0.description) }
        agent["activeAt"] = agentActiveAt.map { .string($0.description) }
        // A collector knows of no agent's process, and has no ledger of its own.
        object["agent"] = collector == nil ? .object(agent) : nil
        object["collector"] = collector?.json
        var store = JSONObject()
        store["bytes"] = storeBytes.map(JSONValue.integer)
        store["setAside"] = .strings(setAside)
        object["store"] = .object(store)
        object["sessions"] = .object(
            JSONObject(SessionState.allCases.map { ($0.rawValue, .integer(sessions[$0] ?? 0)) }))
        var ledger = JSONObject()
        ledger["id"] = self.ledger.map(JSONValue.string)
        ledger["firstNumber"] = firstNumber.map(JSONValue.integer)
        ledger["lastNumber"] = head.map { .integer($0.number) }
        ledger["hash"] = head.map { .string($0.hash.description) }
        object["ledger"] = collector == nil ? .object(ledger) : nil
        object["deliveries"] = .array(
            deliveries.map { delivery in
                var entry = JSONObject([("destination", .string(delivery.destination))])
                entry["deliveredThrough"] = delivery.deliveredThrough.map(JSONValue.integer)
                entry["waiting"] = delivery.waiting.map(JSONValue.integer)
                entry["waitingSince"] = delivery.waitingSince.map { .string($0.description) }
                entry["refused"] = delivery.refused.map(JSONValue.integer)
                entry["refusedOutputs"] = delivery.refusedOutputs.map(JSONValue.integer)
                entry["state"] = delivery.state.map { .string($0.rawValue) }
                entry["stateSince"] = delivery.stateSince.map { .string($0.description) }
                entry["trouble"] = delivery.trouble.map(JSONValue.string)
                entry["acceptedAt"] = delivery.acceptedAt.map { .string($0.description) }
                return .object(entry)
            })
        object["openGaps"] = .array(openGaps.map(\.json))
        object["gapsByReason"] = .array(
            gapCounts.map { count in
                .object(
                    JSONObject([
                        ("source", .string(count.source)), ("reason", .string(count.reason)),
                        ("times", .integer(count.times)), ("open", .integer(count.open)),
                        ("notClosed", .integer(count.missed)), ("dropped", .integer(count.dropped)),
                    ]))
            })
        object["losses"] = .array(
            losses.map { loss in
                .object(
                    JSONObject([
                        ("lost", .string(loss.what)), ("reason", .string(loss.reason)),
                        ("sessions", .integer(loss.sessions)),
                    ]))
            })
        object["podsLeftBehind"] = .array(
            podsLeftBehind.map { session in
                var pod = JSONObject()
                pod["namespace"] = session.namespace.map(JSONValue.string)
                pod["pod"] = session.pod.map(JSONValue.string)
                pod["podUID"] = session.podUID.map { .string($0.rawValue) }
                pod["mode"] = session.mode.map { .string($0.rawValue) }
                pod["endedAt"] = session.endsAt.map { .string($0.description) }
                pod["session"] = .string(session.id.rawValue)
                return .object(pod)
            })
        return .object(object)
    }
}

extension StatusReport.Collector {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["version"] = version.map(JSONValue.string)
        object["lastReceivedAt"] = lastReceivedAt.map { .string($0.description) }
        object["nodes"] = nodes.map(JSONValue.integer)
        object["ledgers"] = ledgers.map(JSONValue.integer)
        object["entries"] = entries.map(JSONValue.integer)
        object["outputs"] = outputs.map(JSONValue.integer)
        object["openAlarms"] = openAlarms.map(JSONValue.integer)
        object["holds"] = holds.map(JSONValue.integer)
        return .object(object)
    }
}
