// SPDX-License-Identifier: Apache-2.0
import Crypto
import SessionRecords

/// The verifier's hashing, on bytes in SQLite's own memory: no copy of an entry or an output is made.
enum ChainHash {
    /// What `LedgerChain.hash` gives.
    static func entry(
        after previous: SessionRecords.Digest, _ number: Int64, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> SessionRecords.Digest {
        var hash = SHA256()
        previous.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        withUnsafeBytes(of: number.bigEndian) { hash.update(bufferPointer: $0) }
        hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        return SessionRecords.Digest(bytes: Array(hash.finalize())) ?? .zero
    }

    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> SessionRecords.Digest {
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        return SessionRecords.Digest(bytes: Array(hash.finalize())) ?? .zero
    }
}
