// SPDX-License-Identifier: Apache-2.0

/// Whose store it is: the name of its files, and what its errors advise.
package struct StoreProgram: Sendable {
    /// What a person calls the program.
    package let name: String
    /// The database's file name without its ending.
    package let databaseName: String
    package let lockedRemedy: String
    package let corruptRemedy: String

    package static let agent = StoreProgram(
        name: "agent", databaseName: "lastword",
        lockedRemedy: "run one agent a node: stop the other one, or give this one a store.directory of its own",
        corruptRemedy: "restart the agent: it sets the damaged store aside and begins a new ledger")

    package static let collector = StoreProgram(
        name: "collector", databaseName: "collector",
        lockedRemedy: "stop the other collector, or give this one a store.directory of its own",
        corruptRemedy:
            "restart the collector: it sets the damaged store aside and begins a new one; or restore a backup")
}
