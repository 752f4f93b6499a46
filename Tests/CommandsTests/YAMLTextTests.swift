// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing
import Yams

@testable import Commands

@Suite("YAML output")
struct YAMLTextTests {
    @Test(
        "a string stays a string for every reader",
        arguments: [
            "", " ", "yes", "No", "ON", "null", "~", "true", "1", "1.5", "0x1f", "1e3", "-", "- a", "a: b", "a:", "a #b",
            "#a", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "{a}", "[a]", "\"a\"", "'a'", "a\nb", "a\tb", " a", "a ",
            "2026-11-21", "2026-11-21T02:40:10Z", ".inf", ".nan", "=", "<<", "?", "a?", "a,b", "\u{85}", "\u{2028}",
            "\u{1F389}", "\u{E0041}", "\u{1B}[0m", "\\", "\\n", "12:30:45", "sha256:abc", "busybox:1.36", "/bin/sh",
            "app.kubernetes.io/name", "c:\\dir", "é", "---", "...", "x\u{FEFF}", "\r", "y", "n", "0o17", "1_000",
        ])
    func strings(text: String) throws {
        let document = YAMLText.document(
            .object(JSONObject([("plain", .string(text)), ("list", .strings([text, text])), (text, .integer(7))])))
        let root = try #require(try Yams.compose(yaml: document)?.mapping)
        let value = try #require(root["plain"]?.scalar)
        #expect(value.string == text)
        #expect(Resolver.default.resolveTag(of: Node.scalar(value)) == Tag.Name.str)
        #expect(root["list"]?.sequence?.compactMap(\.scalar?.string) == [text, text])
        #expect(root.contains { $0.key.scalar?.string == text && $0.value.int == 7 })
    }

    @Test("nested values, empty ones, numbers and null come back as they were")
    func nesting() throws {
        let value = JSONValue.array([
            .object(
                JSONObject([
                    ("empty", .object(JSONObject())), ("none", .array([])), ("nothing", .null), ("flag", .bool(false)),
                    ("number", .integer(.min)),
                    ("deep", .array([.array([.integer(1), .array([])]), .object(JSONObject([("a", .bool(true))]))])),
                ])), .string("x"),
        ])
        let text = YAMLText.document(value)
        let loaded = try #require(try Yams.load(yaml: text) as? [Any])
        let first = try #require(loaded.first as? [String: Any])
        #expect((first["empty"] as? [String: Any])?.isEmpty == true)
        #expect((first["none"] as? [Any])?.isEmpty == true)
        #expect(first["flag"] as? Bool == false)
        #expect(first["number"] as? Int == .min)
        let deep = try #require(first["deep"] as? [Any])
        #expect(((deep[0] as? [Any])?[0]) as? Int == 1)
        #expect((deep[1] as? [String: Any])?["a"] as? Bool == true)
        #expect(loaded.last as? String == "x")
        #expect(YAMLText.document(.array([])) == "[]\n")
    }

    @Test("a session's YAML holds what its JSON holds")
    func session() throws {
        for session in Samples.all {
            let loaded = try #require(try Yams.compose(yaml: YAMLText.document(session.json))?.mapping)
            guard case .object(let json) = session.json else { continue }
            #expect(loaded.compactMap(\.key.scalar?.string) == json.members.map(\.key))
            #expect(loaded["id"]?.scalar?.string == session.id.rawValue)
            #expect(loaded["evidence"]?.sequence?.count == session.evidence.count)
        }
    }
}
