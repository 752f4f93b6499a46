// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite("Log lines")
struct LineLogHandlerTests {
    /// Keeps what a logger writes.
    private final class Lines: Sendable {
        private let kept = Mutex<[[UInt8]]>([])
        var all: [String] { kept.withLock { $0.map { String(decoding: $0, as: UTF8.self) } } }

        func logger(
            _ format: LineLogHandler.Format, level: Logging.Logger.Level = .trace, isJournal: Bool = false
        ) -> Logging.Logger {
            let sink = LogSink { line in self.kept.withLock { $0.append(line) } }
            return Logging.Logger(label: "lastword.test") { label in
                LineLogHandler(label: label, format: format, level: level, sink: sink, isJournal: isJournal) {
                    timespec(tv_sec: 1_795_228_810, tv_nsec: 5_022_775)
                }
            }
        }
    }

    static let hostile = [
        "plain", "", " ", "a=b", "two words", "quote\" and \\ backslash", "line\nbreak\r\n", "tab\t", "nul\u{0}",
        "\u{1B}[31mred\u{1B}[0m", "c1 \u{9B}31m", "del\u{7F}", "\u{2028}\u{2029}", "\u{202E}txt.exe",
        "\u{2066}x\u{2069}",
        "\u{FEFF}bom", "😀 ünïcode", "</script>", "{\"json\":true}", "<3>fake priority", "\u{10FFFF}",
        "a\nlevel=error msg=\"forged\"",
    ]

    @Test("a JSON line is one line of valid JSON that says what was given", arguments: hostile)
    func json(_ text: String) throws {
        let lines = Lines()
        lines.logger(.json).info(
            "message: \(text)",
            metadata: [
                LogKey.podName: "\(text)", "key \(text)": "value", "list": ["\(text)", .stringConvertible(7)],
                "nested": ["inner \(text)": "\(text)"],
            ])
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        expectSafe(line)
        let parsed = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(parsed["message"] as? String == "message: " + text)
        #expect(parsed["level"] as? String == "info")
        #expect(parsed["logger"] as? String == "lastword.test")
        #expect(parsed["time"] as? String == "2026-11-21T02:40:10.005022Z")
        #expect(parsed[LogKey.podName] as? String == text)
        #expect(parsed["key " + text] as? String == "value")
        #expect(parsed["list"] as? [String] == [text, "7"])
        #expect(parsed["nested"] as? [String: String] == ["inner " + text: text])
    }

    @Test("a text line is one line, and its fields cannot be forged", arguments: hostile)
    func text(_ text: String) throws {
        let lines = Lines()
        lines.logger(.text).info(
            "message: \(text)", metadata: ["key": "\(text)", "list": ["\(text)"], "k \(text)": "v"])
        let line = try #require(lines.all.first)
        expectSafe(line)
        #expect(line.hasPrefix("time=2026-11-21T02:40:10.005022Z level=info logger=lastword.test msg=\"message: "))
        // Outside quotes there is exactly one field of each name.
        var isQuoted = false
        var isEscaped = false
        var bare = ""
        for character in line.unicodeScalars {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if !isQuoted {
                bare.unicodeScalars.append(character)
            }
        }
        #expect(!isQuoted)
        #expect(bare.split(separator: " ").filter { $0.hasPrefix("level=") } == ["level=info"])
        #expect(bare.split(separator: " ").count == 7)
    }

    private func expectSafe(_ line: String) {
        #expect(line.hasSuffix("\n"))
        let unsafe = line.dropLast().unicodeScalars.filter { scalar in
            scalar.properties.generalCategory == .control || (0x2028...0x202E).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value) || scalar.value == 0xFEFF
        }
        #expect(unsafe.isEmpty)
    }

    @Test("metadata cannot overwrite time, level, logger and message of a JSON line")
    func reservedKeys() throws {
        let lines = Lines()
        lines.logger(.json).notice(
            "real", metadata: ["message": "forged", "level": "error", "time": "x", "logger": "y"])
        let data = Data(try #require(lines.all.first).utf8)
        let parsed = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
        #expect(parsed["message"] == "real" && parsed["metadata.message"] == "forged")
        #expect(parsed["level"] == "notice" && parsed["metadata.level"] == "error")
        #expect(parsed.count == 8)
    }

    @Test("a line has a bounded size, whatever is in it", arguments: [LineLogHandler.Format.text, .json])
    func bounds(_ format: LineLogHandler.Format) throws {
        let lines = Lines()
        let huge = String(repeating: "\u{1}ü", count: 100_000)
        var metadata: Logging.Logger.Metadata = [:]
        for index in 0..<1000 { metadata["key\(index)"] = "value" }
        metadata["a"] = .string(huge)
        lines.logger(format).info("\(huge)", metadata: metadata)
        var deep = Logging.Logger.MetadataValue.string("bottom")
        for _ in 0..<10_000 { deep = .array([deep]) }
        lines.logger(format).info("deep", metadata: ["deep": deep])
        #expect(lines.all.count == 2)
        #expect(lines.all.allSatisfy { $0.utf8.count < 64_000 })
        #expect(lines.all[0].contains("…"))
        if format == .json {
            for line in lines.all { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
    }

    @Test("for the journal each line begins with its priority, and text leaves out the time")
    func journal() {
        let lines = Lines()
        let logger = lines.logger(.text, isJournal: true)
        logger.debug("a")
        logger.info("b")
        logger.notice("c")
        logger.warning("d")
        logger.error("e")
        logger.critical("f")
        #expect(
            lines.all.map { $0.prefix(9) } == [
                "<7>level=", "<6>level=", "<5>level=", "<4>level=", "<3>level=", "<2>level=",
            ])
    }

    @Test("standard error is the journal only if device and inode say so")
    func journalStream() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "lastword-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // Left behind in /tmp at worst.
        let handle = try FileHandle(forReadingFrom: file)
        let facts = try FileManager.default.attributesOfItem(atPath: file.path)
        let device = try #require(facts[.systemNumber] as? NSNumber)
        let inode = try #require(facts[.systemFileNumber] as? NSNumber)
        let identity = "\(device):\(inode)"
        #expect(LogSink.identity(of: handle.fileDescriptor) == identity)
        #expect(LogSink.isJournal(LogSink.identity(of: STDERR_FILENO)))
        for other in [nil, "", "1", identity, "a:b:c"] { #expect(!LogSink.isJournal(other)) }
        #expect(LogSink.identity(of: -1) == nil)
    }

    @Test("levels below the logger's are not written; the logger's metadata is")
    func levels() {
        let lines = Lines()
        var logger = lines.logger(.text, level: .warning)
        logger[metadataKey: LogKey.nodeName] = "worker-0"
        logger.info("quiet")
        logger.warning("loud", error: CancellationError())
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains("k8s.node.name=worker-0") == true)
        #expect(lines.all.first?.contains("error.message=CancellationError()") == true)
    }
}
