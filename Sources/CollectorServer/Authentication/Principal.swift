// SPDX-License-Identifier: Apache-2.0
package import CollectorStore

/// Who sent a request, and what that allows.
package struct Principal: Sendable {
    /// What a role may be asked for by a route.
    package enum Role: String, Sendable, CaseIterable {
        case agent, reader, admin
    }

    /// As the log and the audit name it: `certificate node-1`, `token 4f0a… (ci)`.
    package let name: String
    /// The name of whoever comes where no login is asked for.
    package static let anybody = "anybody"
    /// Set if it may deliver.
    package let sender: Sender?
    /// Set if it may read.
    package let reads: ReadScope?
    package let isAdmin: Bool

    package init(name: String, sender: Sender? = nil, reads: ReadScope? = nil, isAdmin: Bool = false) {
        self.name = name
        self.sender = sender
        self.reads = reads
        self.isAdmin = isAdmin
    }

    package func has(_ role: Role) -> Bool {
        switch role {
        case .agent: sender != nil
        case .reader: reads != nil
        case .admin: isAdmin
        }
    }

    /// Whether it may see what belongs to nodes and not to namespaces.
    package var readsEverything: Bool {
        if case .all? = reads { true } else { false }
    }
}
