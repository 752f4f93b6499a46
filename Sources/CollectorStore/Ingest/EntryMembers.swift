// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Finds a member of an entry's JSON without decoding it, so that a record is kept and answered as the very bytes that the
/// agent made, with keys that this version does not know.
enum EntryMembers {
    /// The bytes of the value under `key` at the top level; nil if there is none.
    ///
    /// The bytes were decoded by the endpoint. Throws `ingest.malformed` where the key stands there twice, or where they are
    /// no JSON object after all: two readers must not see two things.
    static func value(of key: String, in bytes: [UInt8]) throws -> ArraySlice<UInt8>? {
        var scanner = Scanner(bytes: bytes)
        let wanted = Array(key.utf8)
        var found: ArraySlice<UInt8>?
        guard scanner.take(UInt8(ascii: "{")) else { throw malformed }
        if scanner.take(UInt8(ascii: "}")) { return nil }
        repeat {
            guard let name = scanner.string(), scanner.take(UInt8(ascii: ":")), let value = scanner.value() else {
                throw malformed
            }
            // An escaped key is not what `wanted` is spelled as; an agent does not escape its keys.
            if name.contains(UInt8(ascii: "\\")) { throw malformed }
            if name.elementsEqual(wanted) {
                guard found == nil else { throw malformed }
                found = value
            }
        } while scanner.take(UInt8(ascii: ","))
        guard scanner.take(UInt8(ascii: "}")) else { throw malformed }
        return found
    }

    private static var malformed: LastwordError {
        LastwordError(code: "ingest.malformed", message: "an entry's bytes are not one JSON object with each key once")
    }
}

/// Walks over JSON that is known to be well-formed: it only finds where values end.
private struct Scanner {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// What stands between the quotes.
    mutating func string() -> ArraySlice<UInt8>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return bytes[start..<(position - 1)]
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        return nil
    }

    /// A whole value: up to the comma or bracket of the level it stands on.
    mutating func value() -> ArraySlice<UInt8>? {
        skipBlanks()
        let start = position
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return nil }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return position > start ? bytes[start..<position] : nil }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0: return position > start ? bytes[start..<position] : nil
            default: break
            }
            position += 1
        }
        return nil
    }
}
