// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials

/// Writes cursors so that a reader can give them back and nothing else: what they count is the whole store's, and would tell
/// a reader of some namespaces how much goes on in the others. Each is as long as the other, and no two are the same.
///
/// The key is the store's: cursors are good as long as the store is, also after a restart.
package struct CursorSeal: Sendable {
    private enum Kind: String {
        case page, mark
    }

    private let key: SymmetricKey

    /// A key for a new store.
    static func newKey() -> [UInt8] {
        SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    }

    /// Nil unless there are 32 bytes.
    init?(_ key: [UInt8]) {
        guard key.count == 32 else { return nil }
        self.key = SymmetricKey(data: key)
    }

    package func text(_ cursor: PageCursor) throws -> String {
        try seal([cursor.sortAt, cursor.row], .page)
    }

    package func text(mark: Int64) throws -> String {
        try seal([mark], .mark)
    }

    /// Nil unless the text is `text(_:)` of a cursor.
    package func cursor(_ text: String) -> PageCursor? {
        guard let values = open(text, .page), values.count == 2 else { return nil }
        return PageCursor(sortAt: values[0], row: values[1])
    }

    /// Nil unless the text is `text(mark:)`.
    package func mark(_ text: String) -> Int64? {
        guard let values = open(text, .mark), values.count == 1 else { return nil }
        return values[0]
    }

    private func seal(_ values: [Int64], _ kind: Kind) throws -> String {
        let plain = values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) } }
        let box = try AES.GCM.seal(Data(plain), using: key, authenticating: Data(kind.rawValue.utf8))
        // The nonce has its usual length, so that there is a combined form.
        return Base64URL.encode(Array(box.nonce) + Array(box.ciphertext) + Array(box.tag))
    }

    private func open(_ text: String, _ kind: Kind) -> [Int64]? {
        // Whatever fails here, it is not a mark that this store gave out.
        guard text.utf8.count <= 128, let bytes = Base64URL.decode(text),
            let box = try? AES.GCM.SealedBox(combined: Data(bytes)),
            let plain = try? AES.GCM.open(box, using: key, authenticating: Data(kind.rawValue.utf8))
        else { return nil }
        let values = Array(plain)
        return stride(from: 0, to: values.count - values.count % 8, by: 8).map { start in
            values[start..<(start + 8)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        }
    }
}
