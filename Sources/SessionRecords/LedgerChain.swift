// SPDX-License-Identifier: Apache-2.0

/// The hash chain: SHA-256 over the previous hash (32 bytes), the number (8 bytes, big endian) and the entry's bytes.
package enum LedgerChain {
    package static func hash(previous: Digest, number: Int64, bytes: [UInt8]) -> Digest {
        Digest(concatenating: [previous.bytes, bigEndian(number), bytes])
    }

    private static func bigEndian(_ number: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }
}
