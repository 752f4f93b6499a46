// SPDX-License-Identifier: Apache-2.0

/// A message in protobuf's text form on one line, `name:"x"  attempt:1  at:{seconds:3}`: its fields, the inner ones under
/// `outer.inner`. How many blanks there are is deliberately unstable upstream.
struct ProtobufText {
    private var texts: [String: [UInt8]] = [:]
    private var numbers: [String: Int64] = [:]
    /// true, false, the name of an enumeration's value, a number beyond all bounds: nothing that is asked for.
    private var words: Set<String> = []

    /// Nil for anything that is not such a message from front to end, and where a field comes twice.
    init?(_ bytes: ArraySlice<UInt8>) {
        var scanner = ByteScanner(bytes)
        guard read(&scanner, prefix: "", depth: 0), scanner.isAtEnd else { return nil }
    }

    func text(_ field: String) -> [UInt8]? { texts[field] }

    func number(_ field: String) -> Int64? { numbers[field] }

    /// A number that the text form leaves out where it is 0; nil if there is something else.
    func numberOrZero(_ field: String) -> Int64? {
        numbers[field] ?? (texts[field] == nil && !words.contains(field) ? 0 : nil)
    }

    private mutating func read(_ scanner: inout ByteScanner, prefix: String, depth: Int) -> Bool {
        while true {
            scanner.skipBlanks()
            if scanner.isAtEnd || scanner.isNext("}") { return true }
            guard let name = scanner.token(until: { !Self.isNameByte($0) }), name.count <= 64, scanner.skip(":"),
                texts.count + numbers.count + words.count < 64
            else { return false }
            let field = prefix + String(decoding: name, as: UTF8.self)
            guard texts[field] == nil, numbers[field] == nil, !words.contains(field) else { return false }
            scanner.skipBlanks()
            if scanner.isNext("\"") {
                guard let text = scanner.quoted() else { return false }
                texts[field] = text
            } else if scanner.skip("{") {
                guard depth < 4, read(&scanner, prefix: field + ".", depth: depth + 1), scanner.skip("}") else {
                    return false
                }
            } else if let number = scanner.number() {
                numbers[field] = number
            } else {
                guard let word = scanner.token(until: { !Self.isNameByte($0) }), word.count <= 64 else { return false }
                words.insert(field)
            }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "_")
    }
}
