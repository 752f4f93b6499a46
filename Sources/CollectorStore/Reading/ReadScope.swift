// SPDX-License-Identifier: Apache-2.0

/// What a reader may see.
package enum ReadScope: Sendable, Hashable {
    case all
    /// Sessions of these namespaces only, and nothing that is a node's: gaps, nodes, ledgers, alarms are empty.
    case namespaces(Set<String>)

    package var isUnlimited: Bool { self == .all }
}
