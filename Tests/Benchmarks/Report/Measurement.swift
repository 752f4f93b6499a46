// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// One row of the table.
struct Measurement: Sendable {
    enum Goal: Sendable, CustomStringConvertible {
        case below(Double)
        case atMost(Double)
        case atLeast(Double)

        func isMet(by value: Double) -> Bool {
            switch self {
            case .below(let bound): value < bound
            case .atMost(let bound): value <= bound
            case .atLeast(let bound): value >= bound
            }
        }

        var description: String {
            switch self {
            case .below(let bound): "< \(Measurement.text(bound))"
            case .atMost(let bound): "<= \(Measurement.text(bound))"
            case .atLeast(let bound): ">= \(Measurement.text(bound))"
            }
        }
    }

    let name: String
    /// Nil if it could not be measured.
    let value: Double?
    let unit: String
    /// Nil for a row that only helps to read the others.
    let goal: Goal?
    let note: String

    init(_ name: String, _ value: Double, _ unit: String, goal: Goal? = nil, note: String = "") {
        self.name = name
        self.value = value
        self.unit = unit
        self.goal = goal
        self.note = note
    }

    init(cannotRun name: String, goal: Goal?, because reason: String) {
        self.name = name
        value = nil
        unit = ""
        self.goal = goal
        note = "could not run: \(reason)"
    }

    /// Nil where there is nothing to meet. What could not be measured is not met.
    var isMet: Bool? {
        guard let value else { return false }
        return goal.map { $0.isMet(by: value) }
    }

    /// Three digits behind the point at most, none that say nothing.
    static func text(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
        let thousandths = Int64((value * 1000).rounded())
        let whole = thousandths.magnitude / 1000
        var fraction = String(thousandths.magnitude % 1000)
        while fraction.utf8.count < 3 { fraction = "0" + fraction }
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return (thousandths < 0 ? "-" : "") + "\(whole)" + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// One JSON line; a `note` stands beside the keys that are promised.
    var json: String {
        func quoted(_ text: String) -> String { JSONValue.string(text).compact }
        let value = self.value.map(Self.text) ?? "null"
        let goal = self.goal.map { quoted($0.description) } ?? "null"
        let met = isMet.map { $0 ? "true" : "false" } ?? "null"
        return "{\"name\":\(quoted(name)),\"value\":\(value),\"unit\":\(quoted(unit)),\"goal\":\(goal),\"met\":\(met),"
            + "\"note\":\(quoted(note))}"
    }
}
