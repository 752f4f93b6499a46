// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore

extension AgentStore {
    /// The collector has committed every entry up to this one. The mark only moves forward.
    package func acknowledge(through number: Int64) throws {
        try transaction("move the delivery mark", facts: 0) { writer in
            try writer.db.run(
                "UPDATE ledger_state SET delivered = max(delivered, min(?, ?))", [number, writer.head.number])
        }
    }

    /// The collector will not have this entry, not even as a stub: kept and counted.
    package func markRefused(_ number: Int64) throws {
        try transaction("mark an entry as refused", facts: 0) { writer in
            try writer.db.run("UPDATE ledger SET refused = 1 WHERE number = ?", [number])
        }
    }
}
