// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import Synchronization

/// All tokens in memory: a login waits for no connection, whatever long reads are at work.
///
/// Changes are taken over by the connection that writes, in the order of its commits.
final class TokenBook: Sendable {
    typealias Entry = (facts: TokenFacts, hash: [UInt8])

    private let tokens = Mutex<[String: Entry]>([:])

    func fill(_ entries: [Entry]) {
        tokens.withLock { tokens in
            tokens = Dictionary(entries.map { ($0.facts.id, $0) }) { $1 }
        }
    }

    subscript(id: String) -> Entry? { tokens.withLock { $0[id] } }
}
