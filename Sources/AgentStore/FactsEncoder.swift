// SPDX-License-Identifier: Apache-2.0

/// Writes `Encodable` values as JSON straight into bytes, in one pass.
///
/// The tracker's facts are written with every commit of a session. Foundation's encoder first builds a tree of boxes,
/// and that was an eighth of all that the agent did under load. What this writes is read by `JSONDecoder`; numbers with
/// a fraction are not in the facts and are refused.
struct FactsEncoder {
    /// Throws `EncodingError` for what JSON, or this writer, cannot hold.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let writer = JSONByteWriter()
        try writer.write(value, path: [])
        return writer.bytes
    }
}

/// The bytes so far, and which containers are open in them.
///
/// Codable says when a container begins and never when it ends: one ends when its parent is written to again.
final class JSONByteWriter {
    private(set) var bytes: [UInt8] = []
    /// The closing bracket of each open container, outermost first, and whether anything is in it.
    private var open: [(bracket: UInt8, isEmpty: Bool)] = []

    init() {
        bytes.reserveCapacity(4096)
    }

    var depth: Int { open.count }

    /// Begins a container and gives its depth.
    func begin(_ bracket: StaticString, closing: UInt8) -> Int {
        append(bracket)
        open.append((closing, true))
        return open.count
    }

    /// Ends every container deeper than `depth`.
    func close(to depth: Int) {
        while open.count > depth, let last = open.popLast() { bytes.append(last.bracket) }
    }

    /// To be called before each element of the container at `depth`.
    func separate(in depth: Int) {
        close(to: depth)
        guard depth > 0, depth <= open.count else { return }
        if open[depth - 1].isEmpty {
            open[depth - 1].isEmpty = false
        } else {
            bytes.append(UInt8(ascii: ","))
        }
    }

    func key(_ key: String, in depth: Int) {
        separate(in: depth)
        string(key)
        bytes.append(UInt8(ascii: ":"))
    }

    func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func integer(_ value: some BinaryInteger) {
        bytes.append(contentsOf: String(value).utf8)
    }

    func string(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            bytes.append(UInt8(ascii: "\""))
            var plain = 0
            for index in utf8.indices where utf8[index] < 0x20 || utf8[index] == 0x22 || utf8[index] == 0x5C {
                bytes.append(contentsOf: utf8[plain..<index])
                plain = index + 1
                escape(utf8[index])
            }
            bytes.append(contentsOf: utf8[plain...])
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private func escape(_ byte: UInt8) {
        append("\\u00")
        for digit in [byte >> 4, byte & 0x0F] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }

    /// Writes one value, whatever it makes of itself, and ends what it began.
    func write(_ value: some Encodable, path: [any CodingKey]) throws {
        switch value {
        case let text as String: string(text)
        case let number as Int: integer(number)
        case let number as Int64: integer(number)
        case let flag as Bool: append(flag ? "true" : "false")
        default:
            let before = depth
            let start = bytes.count
            try value.encode(to: ValueEncoder(writer: self, codingPath: path))
            close(to: before)
            // A value that encoded nothing at all is an empty object, as Foundation has it.
            if bytes.count == start { append("{}") }
        }
    }
}

private struct ValueEncoder: Encoder {
    let writer: JSONByteWriter
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(
            ObjectWriter<Key>(
                writer: writer, depth: writer.begin("{", closing: UInt8(ascii: "}")), codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        ArrayWriter(writer: writer, depth: writer.begin("[", closing: UInt8(ascii: "]")), codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ScalarWriter(writer: writer, codingPath: codingPath)
    }
}

private struct ObjectWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let writer: JSONByteWriter
    let depth: Int
    let codingPath: [any CodingKey]

    mutating func encodeNil(forKey key: Key) {
        writer.key(key.stringValue, in: depth)
        writer.append("null")
    }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        writer.key(key.stringValue, in: depth)
        try writer.write(value, path: codingPath)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        writer.key(key.stringValue, in: depth)
        return ValueEncoder(writer: writer, codingPath: codingPath).container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        writer.key(key.stringValue, in: depth)
        return ValueEncoder(writer: writer, codingPath: codingPath).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
        writer.key("super", in: depth)
        return ValueEncoder(writer: writer, codingPath: codingPath)
    }

    mutating func superEncoder(forKey key: Key) -> any Encoder {
        writer.key(key.stringValue, in: depth)
        return ValueEncoder(writer: writer, codingPath: codingPath)
    }
}

private struct ArrayWriter: UnkeyedEncodingContainer {
    let writer: JSONByteWriter
    let depth: Int
    let codingPath: [any CodingKey]
    private(set) var count = 0

    init(writer: JSONByteWriter, depth: Int, codingPath: [any CodingKey]) {
        self.writer = writer
        self.depth = depth
        self.codingPath = codingPath
    }

    private mutating func next() {
        writer.separate(in: depth)
        count += 1
    }

    mutating func encodeNil() {
        next()
        writer.append("null")
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        next()
        try writer.write(value, path: codingPath)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        next()
        return ValueEncoder(writer: writer, codingPath: codingPath).container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        next()
        return ValueEncoder(writer: writer, codingPath: codingPath).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
        next()
        return ValueEncoder(writer: writer, codingPath: codingPath)
    }
}

private struct ScalarWriter: SingleValueEncodingContainer {
    let writer: JSONByteWriter
    let codingPath: [any CodingKey]

    mutating func encodeNil() { writer.append("null") }
    mutating func encode(_ value: Bool) { writer.append(value ? "true" : "false") }
    mutating func encode(_ value: String) { writer.string(value) }
    mutating func encode(_ value: Int) { writer.integer(value) }
    mutating func encode(_ value: Int8) { writer.integer(value) }
    mutating func encode(_ value: Int16) { writer.integer(value) }
    mutating func encode(_ value: Int32) { writer.integer(value) }
    mutating func encode(_ value: Int64) { writer.integer(value) }
    mutating func encode(_ value: UInt) { writer.integer(value) }
    mutating func encode(_ value: UInt8) { writer.integer(value) }
    mutating func encode(_ value: UInt16) { writer.integer(value) }
    mutating func encode(_ value: UInt32) { writer.integer(value) }
    mutating func encode(_ value: UInt64) { writer.integer(value) }
    mutating func encode(_ value: Double) throws { throw refusal(value) }
    mutating func encode(_ value: Float) throws { throw refusal(value) }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try writer.write(value, path: codingPath)
    }

    private func refusal(_ value: Any) -> EncodingError {
        EncodingError.invalidValue(
            value, .init(codingPath: codingPath, debugDescription: "facts have no numbers with a fraction"))
    }
}
