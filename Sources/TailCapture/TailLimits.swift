// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// How much of an output is kept, and what may be spent on finding it.
package struct TailLimits: Hashable, Sendable {
    /// What `bytes` may be: 1 KiB to 4 MiB.
    package static let allowedBytes = 1024...(4 * 1024 * 1024)
    /// 64 KiB.
    package static let standard = TailLimits(unchecked: 64 * 1024)

    /// N: the last bytes of the output that are kept.
    package let bytes: Int

    /// The bytes of log files that one capture may read, unpacked ones included: 64 × N. Empty lines and one-byte `P`
    /// pieces make a log up to 48 times as long as its content; what lies further back is given up, and said to be.
    package var scanBytes: Int { bytes * 64 }

    /// Throws `tail.bytes-out-of-range`.
    package init(bytes: Int) throws(LastwordError) {
        guard Self.allowedBytes.contains(bytes) else {
            throw LastwordError(
                code: "tail.bytes-out-of-range", message: "cannot keep the last \(bytes) bytes of an output",
                remedy: "choose between \(Self.allowedBytes.lowerBound) and \(Self.allowedBytes.upperBound) bytes")
        }
        self.bytes = bytes
    }

    private init(unchecked bytes: Int) {
        self.bytes = bytes
    }
}
