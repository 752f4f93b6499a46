// SPDX-License-Identifier: Apache-2.0
package import HealthReporting

/// The parts that every agent has, beside its store.
extension HealthState.Part {
    package static let runtime = "runtime"
    package static let pods = "pods"
    package static let pins = "pins"
    package static let journal = "journal"
    /// Where entries are forwarded.
    package static let delivery = "delivery"
}
