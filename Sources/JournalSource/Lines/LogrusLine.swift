// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SessionRecords

/// A line of containerd or CRI-O: time, message and fields, as logrus writes them in text or JSON.
///
/// In text the three come first and in this order; fields of the caller's follow, and no value, however hostile, can hold
/// a bare quote or a newline. So what is read as the message is the message.
struct LogrusLine {
    var time: Timestamp?
    var message: [UInt8]
    /// Only what CRI-O says in fields.
    var fields: [String: [UInt8]] = [:]

    init?(_ bytes: ArraySlice<UInt8>) {
        if bytes.first == UInt8(ascii: "{") {
            self.init(json: bytes)
        } else {
            self.init(text: bytes)
        }
    }

    private init?(text: ArraySlice<UInt8>) {
        var scanner = ByteScanner(text)
        if scanner.skip("time=") {
            guard let value = Self.value(&scanner), scanner.skip(" ") else { return nil }
            time = Timestamp(rfc3339: value[...])
        }
        guard scanner.skip("level="), Self.value(&scanner) != nil, scanner.skip(" msg="),
            let value = Self.value(&scanner)
        else { return nil }
        message = value
        while fields.count < 32, scanner.skip(" "), let key = scanner.token(until: { $0 == UInt8(ascii: "=") }),
            scanner.skip("="), let value = Self.value(&scanner)
        {
            fields[String(decoding: key, as: UTF8.self)] = value
        }
    }

    private static func value(_ scanner: inout ByteScanner) -> [UInt8]? {
        if scanner.isNext("\"") { return scanner.quoted() }
        return scanner.token { $0 == UInt8(ascii: " ") }.map { Array($0) }
    }

    private struct Object: Decodable {
        var time: String?
        var msg: String
        var containerID: String?
        var description: String?
    }

    private init?(json: ArraySlice<UInt8>) {
        // Not JSON, or not logrus's: a line like any other that says nothing.
        guard let object = try? JSONDecoder().decode(Object.self, from: Data(json)) else { return nil }
        time = object.time.flatMap { Timestamp(rfc3339: $0) }
        message = Array(object.msg.utf8)
        fields["containerID"] = object.containerID.map { Array($0.utf8) }
        fields["description"] = object.description.map { Array($0.utf8) }
    }
}
