// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What a log record says of its entry to people: the line, the time, the severity.
struct EntryView {
    let summary: String
    let time: Timestamp
    let isWarning: Bool

    init(_ entry: OutgoingEntry, _ document: EntryDocument?) {
        if case .stub = entry.form {
            summary = "entry \(entry.number) of ledger \(entry.ledger): number and hashes alone"
            time = entry.at
            isWarning = true
        } else if let session = document?.session {
            summary = Self.line(session, OneLine.text(entry.type))
            time = Self.time(session, entry)
            isWarning = session.state == .unknown || session.ending == .inferred
        } else if let gap = document?.gap {
            summary = OneLine.text(Self.line(gap))
            time = gap.closedAt ?? gap.openedAt
            isWarning = true
        } else {
            summary = OneLine.text("\(entry.type) on node \(document?.node ?? "-")")
            time = entry.at
            isWarning = false
        }
    }

    private static func time(_ session: Session, _ entry: OutgoingEntry) -> Timestamp {
        if entry.type == EntryType.sessionStarted.rawValue { return session.startedAt ?? entry.at }
        return session.finishedAt ?? session.startedAt ?? entry.at
    }

    private static func line(_ session: Session, _ type: String) -> String {
        let verb =
            switch EntryType(rawValue: type) {
            case .sessionStarted: "started" + (session.image.map { " with image \($0)" } ?? "")
            case .sessionAmended: "amended: " + ending(session)
            default: ending(session)
            }
        return OneLine.text("debug session \(session.path) \(verb)")
    }

    private static func ending(_ session: Session) -> String {
        switch session.state {
        case .neverStarted: return "never started" + (session.reason.map { ": \($0)" } ?? "")
        case .unknown: return "is gone, and nobody knows how it ended"
        case .running: return "is running"
        case .waiting: return "is waiting"
        case .ended: break
        }
        let code = session.exitCode.map { "exit code \($0)" } ?? "no exit code"
        let duration = session.durationNanoseconds.map { " after \(Session.seconds(fromNanoseconds: $0)) s" } ?? ""
        let how = session.ending.flatMap { $0 == .observed ? nil : ", \($0.rawValue)" } ?? ""
        return "ended\(duration): \(code)\(how)"
    }

    private static func line(_ gap: Gap) -> String {
        let since = "\(gap.source) not watched since \(gap.openedAt): \(gap.reason)"
        guard let closedAt = gap.closedAt else { return "gap opened: \(since)" }
        return "gap closed at \(closedAt) (\(gap.closedBy ?? "by nothing")): \(since)"
    }
}

/// Text from outside on one line, without what steers terminals.
enum OneLine {
    static func text(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : "\u{FFFD}" }))
    }

    /// The last `limit` bytes as text of several lines: newlines and tabs stay, other control characters and what is no
    /// UTF-8 become U+FFFD.
    static func readable(_ bytes: [UInt8], last limit: Int) -> String {
        var tail = bytes.suffix(limit)
        // Not in the middle of a character.
        while bytes.count > limit, let first = tail.first, first & 0xC0 == 0x80 { tail = tail.dropFirst() }
        let scalars = String(decoding: tail, as: UTF8.self).unicodeScalars.map { scalar in
            scalar == "\n" || scalar == "\t" || isPrintable(scalar) ? scalar : "\u{FFFD}"
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
