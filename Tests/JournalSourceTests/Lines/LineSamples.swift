// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@testable import JournalSource

/// Lines as the daemons write them.
enum LineSamples {
    static let id = "38ca0e0093f5a975222d1e4197ca5bd5807be77607aace195b8a064ed0f3b044"
    static let other = "bc0f04c558d2ec4085623dc00aa46f25f19c943b7f9fb252184a2697752d8c44"
    static let sandbox = "a99e32b79fa78aad3071e45013027875933b393d6a451e2805286550a2ae1ee6"
    static let uid = "d8dc439e-89a1-4818-9bb2-08313ab1ba92"

    static func container(_ text: String = id) throws -> ContainerID { try #require(ContainerID(text)) }

    /// A line of logrus's with this message, quoted as Go quotes.
    static func logrus(_ message: String, level: String = "info", more: String = "") -> String {
        "time=\"2026-11-21T08:19:28.212921405Z\" level=\(level) msg=\(quoted(message))\(more)"
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }

    static func json(_ message: String) -> String {
        "{\"level\":\"info\",\"msg\":\(quoted(message)),\"time\":\"2026-11-21T08:19:28.212921405Z\"}"
    }

    static func read(_ line: String, unit: String = "containerd.service") -> [JournalLine] {
        JournalTranslator.lines(
            of: JournalEntry(origin: .unit(unit), message: Array(line.utf8), received: Timestamp(nanoseconds: 7))
        ).0
    }

    /// What the message says in both of logrus's formats, which must be the same.
    static func containerd(_ message: String) -> [JournalLine] {
        let text = read(logrus(message))
        #expect(text == read(json(message)), "\(message)")
        return text
    }

    static func kubelet(_ rest: String) -> [JournalLine] {
        read("I1121 02:40:10.865378   20580 generic.go:413] \(rest)", unit: "kubelet.service")
    }
}
