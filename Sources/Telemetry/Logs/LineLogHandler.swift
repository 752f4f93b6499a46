// SPDX-License-Identifier: Apache-2.0
import Glibc
package import Logging

/// Writes each event as one line, as text (logfmt) or JSON.
///
/// Bounds: message 8 KiB, each value 4 KiB, 64 values, four levels of nesting; beyond them text is cut and marked.
package struct LineLogHandler: LogHandler {
    package enum Format: Sendable {
        /// `time=… level=info logger=… msg="…" key=value`
        case text
        /// `{"time":…,"level":…,"logger":…,"message":…,"key":"value"}`
        case json
    }

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: Format
    private let isJournal: Bool
    private let sink: LogSink
    private let now: @Sendable () -> timespec

    /// - Parameters:
    ///   - isJournal: begins each line with the journal's priority prefix, and leaves the time to the journal in text.
    ///   - now: the realtime clock.
    package init(
        label: String, format: Format, level: Logger.Level, sink: LogSink = .standardError, isJournal: Bool = false
    ) {
        self.init(label: label, format: format, level: level, sink: sink, isJournal: isJournal) {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return time
        }
    }

    init(
        label: String, format: Format, level: Logger.Level, sink: LogSink, isJournal: Bool,
        now: @escaping @Sendable () -> timespec
    ) {
        self.label = label
        self.format = format
        self.logLevel = level
        self.sink = sink
        self.isJournal = isJournal
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var values = metadata
        if let provided = metadataProvider?.get() { values.merge(provided) { $1 } }
        if let own = event.metadata { values.merge(own) { $1 } }
        if let error = event.error, values[LogKey.errorMessage] == nil {
            values[LogKey.errorMessage] = .string("\(error)")
        }
        var line: [UInt8] = []
        line.reserveCapacity(256)
        if isJournal { line += "<\(Self.priority(event.level))>".utf8 }
        let fields = values.sorted { $0.key < $1.key }.prefix(Self.valueLimit)
        switch format {
        case .text: appendText(event, fields, to: &line)
        case .json: appendJSON(event, fields, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        sink.line(line)
    }

    private static let messageBytes = 8192
    private static let valueBytes = 4096
    private static let valueLimit = 64
    private static let depthLimit = 4

    // MARK: Text

    private func appendText(
        _ event: LogEvent, _ fields: ArraySlice<(key: String, value: Logger.MetadataValue)>, to line: inout [UInt8]
    ) {
        if !isJournal { line += "time=\(time()) ".utf8 }
        line += "level=\(event.level.rawValue) logger=".utf8
        LogEscaping.logfmt(label, limit: 256, into: &line)
        line += " msg=".utf8
        LogEscaping.json(event.message.description, limit: Self.messageBytes, into: &line)
        for (key, value) in fields {
            line.append(UInt8(ascii: " "))
            LogEscaping.key(key, into: &line)
            line.append(UInt8(ascii: "="))
            switch value {
            case .string(let text): LogEscaping.logfmt(text, limit: Self.valueBytes, into: &line)
            case .stringConvertible(let some):
                LogEscaping.logfmt(some.description, limit: Self.valueBytes, into: &line)
            case .array, .dictionary:
                // Rendered as JSON first: its own escapes are what the quotes then keep.
                var nested: [UInt8] = []
                Self.appendValue(value, depth: 0, to: &nested)
                LogEscaping.logfmt(String(decoding: nested, as: UTF8.self), limit: Self.valueBytes, into: &line)
            }
        }
    }

    // MARK: JSON

    private func appendJSON(
        _ event: LogEvent, _ fields: ArraySlice<(key: String, value: Logger.MetadataValue)>, to line: inout [UInt8]
    ) {
        line += "{\"time\":\"\(time())\",\"level\":\"\(event.level.rawValue)\",\"logger\":".utf8
        LogEscaping.json(label, limit: 256, into: &line)
        line += ",\"message\":".utf8
        LogEscaping.json(event.message.description, limit: Self.messageBytes, into: &line)
        for (key, value) in fields {
            line.append(UInt8(ascii: ","))
            let isTaken = ["time", "level", "logger", "message"].contains(key)
            LogEscaping.json(isTaken ? "metadata." + key : key, limit: 256, into: &line)
            line.append(UInt8(ascii: ":"))
            Self.appendValue(value, depth: 0, to: &line)
        }
        line.append(UInt8(ascii: "}"))
    }

    private static func appendValue(_ value: Logger.MetadataValue, depth: Int, to line: inout [UInt8]) {
        switch value {
        case .string(let text):
            LogEscaping.json(text, limit: valueBytes, into: &line)
        case .stringConvertible(let some):
            LogEscaping.json(some.description, limit: valueBytes, into: &line)
        case .array, .dictionary:
            guard depth < depthLimit else {
                LogEscaping.json("…", limit: valueBytes, into: &line)
                return
            }
            appendContainer(value, depth: depth + 1, to: &line)
        }
    }

    private static func appendContainer(_ value: Logger.MetadataValue, depth: Int, to line: inout [UInt8]) {
        if case .array(let items) = value {
            line.append(UInt8(ascii: "["))
            for (index, item) in items.prefix(valueLimit).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                appendValue(item, depth: depth, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        } else if case .dictionary(let members) = value {
            line.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).prefix(valueLimit).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                LogEscaping.json(member.key, limit: 256, into: &line)
                line.append(UInt8(ascii: ":"))
                appendValue(member.value, depth: depth, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
    }

    // MARK: Time and priority

    /// RFC 3339 in UTC with microseconds.
    private func time() -> String {
        let moment = now()
        var seconds = moment.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        let clock = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
        return date.map { padded($0, 2) }.joined(separator: "-") + "T"
            + clock.map { padded($0, 2) }.joined(separator: ":") + "." + padded(Int(moment.tv_nsec) / 1000, 6) + "Z"
    }

    /// The priorities of syslog(3), as sd-daemon(3) has them before a line.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
