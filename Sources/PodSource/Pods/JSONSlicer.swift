// SPDX-License-Identifier: Apache-2.0

/// Cuts a JSON document into the byte ranges of its members or elements without decoding them.
///
/// A list of pods is taken apart with it, so that one object at a time is bounded and decoded: an oversize or malformed
/// pod then costs itself and not the whole list. It checks brackets and strings only; what it hands out is checked by
/// the decoder. Iterative: depth of nesting costs no stack.
enum JSONSlicer {
    /// The values of those members of an object whose key is among `keys` (compared byte by byte, escapes not undone);
    /// of a repeated key the last. Nil if the bytes are not an object.
    static func members(_ keys: Set<String>, of json: ArraySlice<UInt8>) -> [String: ArraySlice<UInt8>]? {
        var found: [String: ArraySlice<UInt8>] = [:]
        var index = skipSpace(json, json.startIndex)
        guard byte(json, index) == UInt8(ascii: "{") else { return nil }
        index = skipSpace(json, index + 1)
        if byte(json, index) == UInt8(ascii: "}") { return found }
        while true {
            guard let keyEnd = skipString(json, index) else { return nil }
            let key = json[(index + 1)..<(keyEnd - 1)]
            index = skipSpace(json, keyEnd)
            guard byte(json, index) == UInt8(ascii: ":") else { return nil }
            let start = skipSpace(json, index + 1)
            guard let end = skipValue(json, start) else { return nil }
            let name = String(decoding: key, as: UTF8.self)
            if keys.contains(name) { found[name] = json[start..<end] }
            index = skipSpace(json, end)
            switch byte(json, index) {
            case UInt8(ascii: ","): index = skipSpace(json, index + 1)
            case UInt8(ascii: "}"): return found
            default: return nil
            }
        }
    }

    /// The elements of an array. Nil if the bytes are not an array.
    static func elements(of json: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var found: [ArraySlice<UInt8>] = []
        var index = skipSpace(json, json.startIndex)
        guard byte(json, index) == UInt8(ascii: "[") else { return nil }
        index = skipSpace(json, index + 1)
        if byte(json, index) == UInt8(ascii: "]") { return found }
        while true {
            guard let end = skipValue(json, index) else { return nil }
            found.append(json[index..<end])
            index = skipSpace(json, end)
            switch byte(json, index) {
            case UInt8(ascii: ","): index = skipSpace(json, index + 1)
            case UInt8(ascii: "]"): return found
            default: return nil
            }
        }
    }

    /// The text of a string value that has no escapes (API names, UIDs and resource versions have none); nil otherwise.
    static func plainString(_ json: ArraySlice<UInt8>?) -> String? {
        guard let json, json.count >= 2, json.first == UInt8(ascii: "\""), json.last == UInt8(ascii: "\"") else {
            return nil
        }
        let inner = json.dropFirst().dropLast()
        guard inner.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else { return nil }
        return String(decoding: inner, as: UTF8.self)
    }

    private static func byte(_ json: ArraySlice<UInt8>, _ index: Int) -> UInt8? {
        index < json.endIndex ? json[index] : nil
    }

    private static func skipSpace(_ json: ArraySlice<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < json.endIndex, isSpace(json[index]) { index += 1 }
        return index
    }

    /// The index behind a string that begins at `start`; nil if none begins there or it does not end.
    private static func skipString(_ json: ArraySlice<UInt8>, _ start: Int) -> Int? {
        guard byte(json, start) == UInt8(ascii: "\"") else { return nil }
        var index = start + 1
        while index < json.endIndex {
            switch json[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }

    /// The index behind the value that begins at `start`; nil if there is none or it does not end.
    private static func skipValue(_ json: ArraySlice<UInt8>, _ start: Int) -> Int? {
        guard let first = byte(json, start) else { return nil }
        switch first {
        case UInt8(ascii: "\""):
            return skipString(json, start)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            var index = start
            while index < json.endIndex {
                switch json[index] {
                case UInt8(ascii: "\""):
                    guard let end = skipString(json, index) else { return nil }
                    index = end
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth == 0 { return index + 1 }
                default: break
                }
                index += 1
            }
            return nil
        default:
            var index = start
            while index < json.endIndex, !isDelimiter(json[index]) { index += 1 }
            return index > start ? index : nil
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }
}
