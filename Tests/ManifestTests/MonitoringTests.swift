// SPDX-License-Identifier: Apache-2.0
import Foundation
import ManifestSupport
import Testing
import Yams

/// Alerts and dashboard ask for metrics that there are, and lead to pages that there are.
@Suite("Manifests: monitoring")
struct MonitoringTests {
    private struct Alert {
        var name: String
        var expression: String
        var runbook: String
    }

    private func alerts() throws -> [Alert] {
        let rule = try StrictObject(
            Yams.load(yaml: Repository.text("daemonset/monitoring/prometheusrule.yaml")), path: "rule")
        for key in ["apiVersion", "kind", "metadata"] { rule.ignore(key) }
        let groups = try rule.object("spec") { spec in
            try spec.list("groups") { group in
                group.ignore("name")
                return try group.list("rules") { rule in
                    rule.ignore("for")
                    let severity = try rule.object("labels") { try $0.text("severity") }
                    #expect(["warning", "critical"].contains(severity))
                    let runbook = try rule.object("annotations") { annotations in
                        #expect(try !annotations.text("summary").isEmpty)
                        return try annotations.text("runbook")
                    }
                    return Alert(name: try rule.text("alert"), expression: try rule.text("expr"), runbook: runbook)
                }
            }
        }
        try rule.finish()
        return groups.flatMap { $0 }
    }

    /// By name: the labels, as the two references say.
    private func metrics() throws -> [String: Set<String>] {
        var metrics: [String: Set<String>] = [:]
        for page in ["docs/metrics.md", "docs/collector-metrics.md"] {
            for match in try Repository.text(page).matches(of: /(?m)^\| `([a-z_]+)` \| (\w+) \| ([^|]*) \|/) {
                let labels = match.3.matches(of: /`(\w+)`/).map { String($0.1) }
                let name = String(match.1)
                metrics[name, default: []].formUnion(labels)
                if match.2 == "histogram" { metrics[name + "_bucket"] = Set(labels + ["le"]) }
            }
        }
        return metrics
    }

    /// What Prometheus itself adds, and our PodMonitor.
    private static let added: Set<String> = ["job", "node", "namespace", "pod", "container", "instance"]

    private func faults(_ expression: String, _ metrics: [String: Set<String>]) -> [String] {
        var faults: [String] = []
        for match in expression.matches(of: /\b(lastword_[a-z_]+|process_[a-z_]+|up)\b(?:\{([^}]*)\})?/) {
            let name = String(match.1)
            let known = name == "up" ? [] : metrics[name]
            guard let known else {
                faults.append("no metric \(name)")
                continue
            }
            let asked = (match.2.map(String.init) ?? "").matches(of: /(\w+)\s*(?:=~|!~|!=|=)/).map { String($0.1) }
            for label in asked where !known.union(Self.added).contains(label) {
                faults.append("\(name) has no label \(label)")
            }
        }
        return faults
    }

    @Test("every alert asks for metrics and labels that there are")
    func alertMetrics() throws {
        let metrics = try metrics()
        #expect(metrics.count > 60)
        let alerts = try alerts()
        #expect(alerts.count > 10 && Set(alerts.map(\.name)).count == alerts.count)
        for alert in alerts { #expect(faults(alert.expression, metrics) == [], "\(alert.name)") }
        #expect(faults(#"rate(lastword_nothing_total[5m]) + lastword_pins{node="x",colour="y"}"#, metrics).count == 2)
    }

    @Test("every alert leads to a heading of the runbook")
    func alertPages() throws {
        let page = try Repository.text("docs/runbook.md")
        // As a Markdown host makes them: lower case, punctuation gone, blanks to hyphens.
        let anchors = Set(
            page.matches(of: /(?m)^#+ (.*)$/).map { match in
                String(
                    match.1.lowercased().compactMap { character -> Character? in
                        if character == " " { return "-" }
                        return character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
                    })
            })
        for alert in try alerts() {
            let parts = alert.runbook.split(separator: "#").map(String.init)
            #expect(parts.count == 2 && parts[0] == "docs/runbook.md")
            #expect(anchors.contains(parts.last ?? ""), "\(alert.name): \(alert.runbook)")
        }
    }

    @Test("every panel of the dashboard asks for metrics and labels that there are")
    func dashboard() throws {
        struct Dashboard: Decodable {
            struct Panel: Decodable {
                struct Target: Decodable { let expr: String }
                let title: String
                let targets: [Target]
            }
            let panels: [Panel]
        }
        let text = try Repository.text("daemonset/monitoring/dashboard.json")
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(text.utf8))
        let metrics = try metrics()
        #expect(dashboard.panels.count > 10)
        for panel in dashboard.panels {
            #expect(!panel.targets.isEmpty)
            for target in panel.targets { #expect(faults(target.expr, metrics) == [], "\(panel.title)") }
        }
        let rendered = try Repository.text("daemonset/rendered/monitoring.yaml")
        let indented = text.split(separator: "\n").map { "    \($0)\n" }.joined()
        #expect(rendered.contains(indented), "make manifests")
    }
}
