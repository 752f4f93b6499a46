// SPDX-License-Identifier: Apache-2.0

/// Counts the messages in a protobuf body before it is decoded.
///
/// A body of empty messages, two bytes each, would otherwise become gigabytes of decoded values. Everything that is
/// delimited by a length and has a field number which holds messages somewhere in a request is looked into; malformed
/// parts are the decoder's to refuse.
enum WireScan {
    /// Whether there are at most `limit`.
    static func messages(in body: [UInt8], limit: Int) -> Bool {
        body.withUnsafeBufferPointer { bytes in
            var count = 0
            return walk(bytes, 0..<bytes.count, .request, &count, limit)
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

    /// False once there are more than `limit`. Goes as deep as the decoder does: a list inside a value is a step of two.
    private static func walk(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ kind: Kind, _ count: inout Int, _ limit: Int,
        depth: Int = 0
    ) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound {
            guard depth < 64, let tag = varint(bytes, &index, range.upperBound) else { return true }
            switch tag & 7 {
            case 0:
                guard varint(bytes, &index, range.upperBound) != nil else { return true }
            case 1: index += 8
            case 5: index += 4
            case 2:
                guard let length = varint(bytes, &index, range.upperBound), length <= UInt64(range.upperBound - index)
                else { return true }
                let end = index + Int(length)
                if let child = kind.child(tag >> 3) {
                    count += 1
                    guard count <= limit, walk(bytes, index..<end, child, &count, limit, depth: depth + 1) else {
                        return false
                    }
                }
                index = end
            default: return true
            }
        }
        return true
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
