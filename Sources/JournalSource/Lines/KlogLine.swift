// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// A structured line of the kubelet: message and values, as klog writes them in text or JSON.
///
/// klog indents the lines of a value with newlines in it, so that no value can begin a line of its own.
struct KlogLine {
    enum Value: Hashable {
        case text([UInt8])
        case object([String: String])
    }

    var message: [UInt8]
    private var values: [String: Value] = [:]

    init?(_ bytes: ArraySlice<UInt8>) {
        if bytes.first == UInt8(ascii: "{") {
            self.init(json: bytes)
        } else {
            self.init(text: bytes)
        }
    }

    func text(_ key: String) -> [UInt8]? {
        if case .text(let bytes) = values[key] { bytes } else { nil }
    }

    func object(_ key: String) -> [String: String]? {
        if case .object(let members) = values[key] { members } else { nil }
    }

    // MARK: Text

    /// `I1121 02:40:10.865378   20580 generic.go:413] "message" key="value" …`; nil for anything else, also for what comes
    /// without a quoted message.
    private init?(text: ArraySlice<UInt8>) {
        var scanner = ByteScanner(text)
        guard let level = scanner.token(until: { !(65...90).contains($0) }), level.count == 1,
            "IWEF".utf8.contains(level[level.startIndex]), scanner.number() != nil, scanner.skip(" "),
            scanner.token(until: { $0 == UInt8(ascii: " ") })?.count == 15
        else { return nil }
        scanner.skipBlanks()
        guard scanner.number() != nil, scanner.skip(" "),
            scanner.token(until: { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: " ") }) != nil, scanner.skip("] "),
            let message = scanner.quoted()
        else { return nil }
        self.message = message
        while !scanner.isAtEnd {
            guard values.count < 64, scanner.skip(" "), let key = scanner.token(until: { $0 == UInt8(ascii: "=") }),
                key.count <= 64, scanner.skip("="), let value = Self.value(&scanner)
            else { return nil }
            let name = String(decoding: key, as: UTF8.self)
            // The first one counts: what comes twice is not the kubelet's.
            if values[name] == nil { values[name] = value }
        }
    }

    private static func value(_ scanner: inout ByteScanner) -> Value? {
        if scanner.isNext("\"") { return scanner.quoted().map { .text($0) } }
        if scanner.isNext("&{") { return goObject(&scanner) }
        if scanner.isNext("{") || scanner.isNext("[") { return jsonText(&scanner).map(decode) }
        // Bare words: numbers, booleans, ids.
        return .text(scanner.token { $0 == UInt8(ascii: " ") }.map { Array($0) } ?? [])
    }

    /// `&{ID:x Type:ContainerDied Data:y}`, as kubelets before 1.26 wrote it.
    private static func goObject(_ scanner: inout ByteScanner) -> Value? {
        guard scanner.skip("&{"), let body = scanner.token(until: { $0 == UInt8(ascii: "}") }), scanner.skip("}"),
            let text = String(validating: body, as: UTF8.self)
        else { return nil }
        var members: [String: String] = [:]
        for part in text.split(separator: " ", maxSplits: 16) {
            guard let colon = part.firstIndex(of: ":") else { return nil }
            members[String(part[..<colon])] = String(part[part.index(after: colon)...])
        }
        return .object(members)
    }

    /// The bytes of one JSON object or array.
    private static func jsonText(_ scanner: inout ByteScanner) -> ArraySlice<UInt8>? {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for index in scanner.rest.indices {
            let byte = scanner.rest[index]
            if isEscaped {
                isEscaped = false
            } else if isInString {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isInString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
            }
            if depth == 0, !isInString {
                let text = scanner.rest[...index]
                scanner = ByteScanner(scanner.rest[(index + 1)...])
                return text
            }
        }
        return nil
    }

    private static func decode(_ json: ArraySlice<UInt8>) -> Value {
        // An array, or members that are no strings: nothing that is asked for.
        .object((try? JSONDecoder().decode([String: String].self, from: Data(json))) ?? [:])
    }

    // MARK: JSON

    private struct Object: Decodable {
        var msg: String
        var podID: String?
        var podUID: String?
        var containerID: String?
        var containerName: String?
        var exitCode: Int64?
        var pod: PodValue?
        var event: [String: String]?
    }

    /// `{"name":"x","namespace":"y"}`, or `"y/x"`.
    private struct PodValue: Decodable {
        let text: String

        private enum Keys: String, CodingKey {
            case name, namespace
        }

        init(from decoder: any Decoder) throws {
            if let members = try? decoder.container(keyedBy: Keys.self) {
                let namespace = try members.decodeIfPresent(String.self, forKey: .namespace) ?? ""
                text = try namespace + "/" + members.decode(String.self, forKey: .name)
            } else {
                text = try decoder.singleValueContainer().decode(String.self)
            }
        }
    }

    private init?(json: ArraySlice<UInt8>) {
        // Not JSON, or of another shape: a line like any other that says nothing.
        guard let object = try? JSONDecoder().decode(Object.self, from: Data(json)) else { return nil }
        message = Array(object.msg.utf8)
        for (key, text) in [
            ("podID", object.podID), ("podUID", object.podUID), ("containerID", object.containerID),
            ("containerName", object.containerName), ("pod", object.pod?.text),
            ("exitCode", object.exitCode.map { String($0) }),
        ] {
            if let text { values[key] = .text(Array(text.utf8)) }
        }
        if let event = object.event { values["event"] = .object(event) }
    }
}
