// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@Suite("JSONValue")
struct JSONValueTests {
    private func canonical(_ value: JSONValue) -> String {
        String(decoding: value.canonical, as: UTF8.self)
    }

    @Test("keys are sorted by UTF-16 code units (RFC 8785 §3.2.3)")
    func sorting() {
        let object = JSONObject([
            ("\u{20AC}", .string("Euro Sign")), ("\r", .string("Carriage Return")),
            ("\u{FB33}", .string("Hebrew Letter Dalet With Dagesh")), ("1", .string("One")),
            ("\u{1F600}", .string("Emoji: Grinning Face")), ("\u{80}", .string("Control")),
            ("\u{F6}", .string("Latin Small Letter O With Diaeresis")),
        ])
        #expect(
            canonical(.object(object)) == #"{"\r":"Carriage Return","1":"One","# + "\"\u{80}\":\"Control\","
                + "\"\u{F6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20AC}\":\"Euro Sign\","
                + "\"\u{1F600}\":\"Emoji: Grinning Face\",\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}")
    }

    @Test("strings are escaped as little as possible (RFC 8785 §3.2.2.2)")
    func strings() {
        let text = "\u{20AC}$\u{F}\nA'B\"\\\\\"/\u{8}\u{C}\t\r\u{0}\u{1F}\u{7F}\u{2028}\u{10FFFF}"
        #expect(
            canonical(.string(text)) == "\"\u{20AC}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\f\\t\\r\\u0000\\u001f\u{7F}"
                + "\u{2028}\u{10FFFF}\"")
    }

    @Test("literals, integers, empty and nested values have one form, without white space")
    func values() {
        let value = JSONValue.object(
            JSONObject([
                ("b", .array([.null, .bool(true), .bool(false), .integer(.min), .integer(.max), .integer(0)])),
                ("a", .object(JSONObject([("z", .array([])), ("y", .object(JSONObject()))]))),
            ]))
        #expect(
            canonical(value)
                == #"{"a":{"y":{},"z":[]},"b":[null,true,false,-9223372036854775808,9223372036854775807,0]}"#)
        #expect(
            value.compact == #"{"b":[null,true,false,-9223372036854775808,9223372036854775807,0],"a":{"z":[],"y":{}}}"#)
        #expect(JSONValue.object(JSONObject([("a", .array([.integer(1)]))])).pretty == "{\n  \"a\": [\n    1\n  ]\n}")
    }

    @Test("the order in which members were added does not matter for equality, hash and canonical form")
    func order() {
        let members: [(String, JSONValue)] = [("a", .integer(1)), ("b", .string("x")), ("c", .null)]
        let left = JSONValue.object(JSONObject(members))
        let right = JSONValue.object(JSONObject(members.reversed()))
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left.canonical == right.canonical)
        #expect(left.compact != right.compact)
    }

    @Test("setting a key again replaces it in its place, and nil removes it")
    func members() {
        var object = JSONObject([("a", .integer(1)), ("b", .integer(2))])
        object["a"] = .integer(3)
        object["c"] = nil
        #expect(JSONValue.object(object).compact == #"{"a":3,"b":2}"#)
        object["a"] = nil
        #expect(JSONValue.object(object).compact == #"{"b":2}"#)
        #expect(object["a"] == nil)
    }
}
