// SPDX-License-Identifier: Apache-2.0

/// Bytes with places to fill in: making many of them one by one would take longer than what is measured on them.
package struct ByteTemplate: Sendable {
    private enum Piece: Sendable {
        case bytes([UInt8])
        case slot(Int)
    }

    private var pieces: [Piece] = []
    private let size: Int

    /// - Parameter needles: what stands in the place of each slot; where two fit, the first one counts.
    package init(_ text: [UInt8], needles: [[UInt8]]) {
        size = text.count
        var plain: [UInt8] = []
        var rest = text[...]
        while let byte = rest.first {
            if let slot = needles.firstIndex(where: { !$0.isEmpty && rest.starts(with: $0) }) {
                pieces.append(.bytes(plain))
                pieces.append(.slot(slot))
                plain = []
                rest = rest.dropFirst(needles[slot].count)
            } else {
                plain.append(byte)
                rest = rest.dropFirst()
            }
        }
        pieces.append(.bytes(plain))
    }

    /// The bytes with `values[n]` in slot n.
    package func filled(_ values: [[UInt8]]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(size + 256)
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): result += bytes
            case .slot(let number): result += values[number]
            }
        }
        return result
    }
}
