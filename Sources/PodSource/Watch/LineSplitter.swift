// SPDX-License-Identifier: Apache-2.0

/// Cuts a byte stream into lines at LF. Chunks need not respect lines; memory is bounded by `limit` and one chunk.
struct LineSplitter {
    enum Line: Hashable {
        /// Without its LF.
        case line([UInt8])
        /// Longer than the limit: its bytes were thrown away.
        case oversize(bytes: Int)
    }

    let limit: Int
    private var pending: [UInt8] = []
    /// Bytes thrown away of the line that is being skipped; nil while none is.
    private var skipped: Int?

    init(limit: Int) {
        self.limit = limit
    }

    /// The lines that end in this chunk, in order.
    mutating func append(_ chunk: some Collection<UInt8>) -> [Line] {
        var lines: [Line] = []
        var rest = chunk[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end])
            if let bytes = skipped {
                lines.append(.oversize(bytes: bytes))
            } else if !pending.isEmpty {
                lines.append(.line(pending))
            }
            pending.removeAll(keepingCapacity: pending.count <= 1 << 20)
            skipped = nil
            rest = rest[rest.index(after: end)...]
        }
        take(rest)
        return lines
    }

    private mutating func take(_ piece: some Collection<UInt8>) {
        if let bytes = skipped {
            skipped = bytes + piece.count
        } else if pending.count + piece.count > limit {
            skipped = pending.count + piece.count
            pending = []
        } else {
            pending.append(contentsOf: piece)
        }
    }
}
