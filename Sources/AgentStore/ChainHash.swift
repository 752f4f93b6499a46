// SPDX-License-Identifier: Apache-2.0
import Crypto
import Glibc
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

    /// Byte for byte; `elementsEqual` takes longer than the hashing.
    static func areSame(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        guard let one = left.baseAddress, let other = right.baseAddress else { return true }
        return memcmp(one, other, left.count) == 0
    }

    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> SessionRecords.Digest {
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        return SessionRecords.Digest(bytes: Array(hash.finalize())) ?? .zero
    }
}
