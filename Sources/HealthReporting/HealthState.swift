// SPDX-License-Identifier: Apache-2.0
import Metrics
import Synchronization

/// How the parts of a program are doing, as they report it themselves. Safe to use from anywhere.
package final class HealthState: Sendable {
    package enum Condition: Hashable, Sendable {
        /// Not failed and not yet in order.
        case starting
        case ok
        /// Why, in words for an operator.
        case failing(String)
    }

    /// The parts that programs of ours have; each adds its own, others may report too.
    package enum Part {
        package static let store = "store"
    }

    package struct Report: Hashable, Sendable {
        package let part: String
        /// Whether the program as a whole is unready without it.
        package let isRequired: Bool
        package let condition: Condition
    }

    private struct Entry {
        var isRequired: Bool
        var condition: Condition
    }

    private let parts = Mutex<[String: Entry]>([:])

    package init() {}

    /// Adds a part, which then is starting. Parts that are registered beforehand make the program unready until they
    /// report: a part that never comes up is not overlooked.
    package func register(_ part: String, isRequired: Bool = true) {
        parts.withLock { $0[part] = Entry(isRequired: isRequired, condition: .starting) }
        gauge(part).set(0)
    }

    /// Says how `part` is doing now. A part that nobody registered is required.
    ///
    /// - Returns: whether this is another condition than before, and so worth a line in the log.
    @discardableResult
    package func report(_ part: String, _ condition: Condition) -> Bool {
        let isNew = parts.withLock { parts in
            let before = parts[part]
            parts[part] = Entry(isRequired: before?.isRequired ?? true, condition: condition)
            return before?.condition != condition
        }
        if isNew { gauge(part).set(condition == .ok ? 1 : 0) }
        return isNew
    }

    /// All parts, sorted by name.
    package var reports: [Report] {
        parts.withLock { parts in
            parts.map { Report(part: $0.key, isRequired: $0.value.isRequired, condition: $0.value.condition) }
        }.sorted { $0.part < $1.part }
    }

    /// Whether every required part is in order, and there is one at all.
    package var isReady: Bool {
        let reports = self.reports
        return reports.contains { $0.isRequired } && reports.allSatisfy { !$0.isRequired || $0.condition == .ok }
    }

    /// One line for people: `ready`, or the parts that are not in order and why.
    package var summary: String {
        let troubles = reports.compactMap { report in
            switch report.condition {
            case .ok: nil as String?
            case .starting: "\(report.part) is starting"
            case .failing(let why): "\(report.part): \(why)"
            }
        }
        return troubles.isEmpty ? "ready" : troubles.joined(separator: "; ")
    }

    private func gauge(_ part: String) -> Meter {
        Meter(label: "lastword_part_ready", dimensions: [("part", part)])
    }
}
