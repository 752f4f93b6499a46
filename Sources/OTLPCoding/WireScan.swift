// SPDX-License-Identifier: Apache-2.0

/// Counts the messages in a protobuf body before it is decoded.
///
/// A body of empty messages, two bytes each, would otherwise become gigabytes of decoded values. Everything that is
/// delimited by a length and has a field number which holds messages somewhere in a request is looked into. What it does
/// not understand it refuses: the decoder may skip it, and read on behind it.
enum WireScan {
    enum Finding: Hashable {
        case messages(Int)
        case tooMany
        /// Cut off, deeper than any request, or with a wire type that OTLP has no use for, such as a group.
        case malformed
    }

    static func scan(_ body: [UInt8], limit: Int) -> Finding {
        body.withUnsafeBufferPointer { bytes in
            var count = 0
            if let fault = walk(bytes, 0..<bytes.count, .request, &count, limit) { return fault }
            return .messages(count)
        }
    }

    private enum Kind {
        case request, resourceLogs, resource, scopeLogs, record, keyValue, value, array, map

        /// What the field holds, where that is a message.
        func child(_ field: UInt64) -> Kind? {
            switch (self, field) {
            case (.request, 1): .resourceLogs
            case (.resourceLogs, 1): .resource
            case (.resourceLogs, 2): .scopeLogs
            case (.resource, 1), (.record, 6), (.map, 1): .keyValue
            case (.scopeLogs, 2): .record
            case (.record, 5), (.keyValue, 2), (.array, 1): .value
            case (.value, 5): .array
            case (.value, 6): .map
            default: nil
            }
        }
    }

    /// Nil where nothing is wrong. Goes deeper than the decoder does: a list inside a value is a step of two.
    private static func walk(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ kind: Kind, _ count: inout Int, _ limit: Int,
        depth: Int = 0
    ) -> Finding? {
        guard depth < 64 else { return .malformed }
        var index = range.lowerBound
        while index < range.upperBound {
            guard let tag = varint(bytes, &index, range.upperBound) else { return .malformed }
            switch tag & 7 {
            case 0:
                guard varint(bytes, &index, range.upperBound) != nil else { return .malformed }
            case 1: index += 8
            case 5: index += 4
            case 2:
                guard let length = varint(bytes, &index, range.upperBound), length <= UInt64(range.upperBound - index)
                else { return .malformed }
                let end = index + Int(length)
                if let child = kind.child(tag >> 3) {
                    count += 1
                    guard count <= limit else { return .tooMany }
                    if let fault = walk(bytes, index..<end, child, &count, limit, depth: depth + 1) { return fault }
                }
                index = end
            default: return .malformed
            }
        }
        return index == range.upperBound ? nil : .malformed
    }

    private static func varint(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int, _ end: Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while index < end, shift < 64 {
            let byte = bytes[index]
            index += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
