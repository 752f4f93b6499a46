// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Writes events as messages of RFC 5424.
package struct SyslogFormat: Sendable, Hashable {
    /// RFC 5424, table 1.
    package enum Facility: String, Sendable, CaseIterable {
        case user, daemon, auth, authpriv, local0, local1, local2, local3, local4, local5, local6, local7

        var number: Int {
            switch self {
            case .user: 1
            case .daemon: 3
            case .auth: 4
            case .authpriv: 10
            case .local0: 16
            case .local1: 17
            case .local2: 18
            case .local3: 19
            case .local4: 20
            case .local5: 21
            case .local6: 22
            case .local7: 23
            }
        }
    }

    /// Below it there would be no room for what names a session.
    package static let minimumBytes = 2048

    package var facility: Facility
    /// The private enterprise number behind `lastword@` (RFC 5424, section 6.3.2).
    package var enterpriseNumber: Int
    /// The longest message, its length before it not counted.
    package var maxBytes: Int
    /// The collector's host name, for what is about no node.
    package var host: String
    package var version: String

    package init(facility: Facility, enterpriseNumber: Int, maxBytes: Int, host: String, version: String) {
        self.facility = facility
        self.enterpriseNumber = enterpriseNumber
        self.maxBytes = max(Self.minimumBytes, maxBytes)
        self.host = host
        self.version = version
    }

    /// One message.
    ///
    /// - Parameter sequence: counts the messages of one run, from 1 (`meta`, RFC 5424, section 7.3.1).
    package func message(_ event: SecurityEvent, sequence: Int64) -> [UInt8] {
        let head = Array(header(event).utf8)
        let tail = Array(standardElements(sequence).utf8)
        var room = maxBytes - head.count - tail.count
        var element = SyslogElement("lastword@\(enterpriseNumber)", SyslogParameters.of(event))
        // The message for people is never more than a quarter, so that it cannot push a fact out.
        let text = SyslogMessageText(event.summary, output: event.output)
        room -= min(text.summary.count, maxBytes / 4)
        element.fit(into: room)
        let structured = element.bytes
        var bytes = head + structured + tail
        bytes += text.bytes(atMost: maxBytes - bytes.count)
        return bytes
    }

    /// With its length before it (RFC 6587, section 3.4.1; RFC 5425, section 4.3).
    package func frame(_ event: SecurityEvent, sequence: Int64) -> [UInt8] {
        let message = message(event, sequence: sequence)
        return Array("\(message.count) ".utf8) + message
    }

    private func header(_ event: SecurityEvent) -> String {
        let fields = [
            Self.time(event.at), SyslogEscaping.header(event.node ?? host, limit: 255), "lastword",
            SyslogEscaping.header(event.session?.containerID?.rawValue, limit: 128),
            SyslogEscaping.header(event.type, limit: 32),
        ]
        return "<\(facility.number * 8 + event.severity.rawValue)>1 " + fields.joined(separator: " ") + " "
    }

    private func standardElements(_ sequence: Int64) -> String {
        // Wraps as the RFC says, and begins at 1 again.
        let number = (max(1, sequence) - 1) % 2_147_483_647 + 1
        let version = SyslogEscaping.header(self.version, limit: 32).filter { !"\"\\]".contains($0) }
        return "[meta sequenceId=\"\(number)\"][origin software=\"lastword-collector\" swVersion=\"\(version)\"]"
    }

    /// RFC 5424 takes six digits of a fraction.
    static func time(_ moment: Timestamp) -> String {
        let remainder = moment.nanoseconds % 1000
        // Down to the microsecond; up where there is nothing below.
        let isFirst = moment.nanoseconds < .min + 1000
        return moment.advanced(byNanoseconds: remainder < 0 && !isFirst ? -remainder - 1000 : -remainder).description
    }
}

/// MSG: a byte order mark, since it is UTF-8, and text.
private struct SyslogMessageText {
    let summary: [UInt8]
    let output: [UInt8]

    init(_ summary: String, output: OutputText?) {
        self.summary = [0x20, 0xEF, 0xBB, 0xBF] + Array(SyslogEscaping.visible(Bounds.name(summary)).utf8)
        self.output = output.map { Array((" | output: " + SyslogEscaping.visible($0.text)).utf8) } ?? []
    }

    func bytes(atMost limit: Int) -> [UInt8] {
        let all = summary + output
        guard all.count > limit else { return all }
        guard limit >= 8 else { return [] }
        var end = limit - 3
        while end > 4, all[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(all[..<end]) + Array("…".utf8)
    }
}
