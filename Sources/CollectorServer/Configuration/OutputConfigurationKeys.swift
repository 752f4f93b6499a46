// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import ConfigurationReading
import SIEMFormats

/// The table of what can be said of an output. These keys stand in the file alone, below a name of one's own choosing.
enum OutputConfigurationKeys {
    typealias Key = ConfigurationKey

    enum Kind: String, CaseIterable, Sendable {
        case syslog, file
    }

    enum Transport: String, CaseIterable, Sendable {
        case tls, tcp
    }

    enum Start: String, CaseIterable, Sendable {
        case now, beginning
    }

    // MARK: Of every output

    static let type = Key<Kind?>(
        "outputs.<name>.type", .optional(.choice()), default: nil, "What it is. Must be set.")
    static let events = Key(
        "outputs.<name>.events", .outputEvents, default: ["session.ended", "gap", "alarm", "audit"],
        "What is sent: `session.started`, `session.ended`, `session.amended`, `gap`, `alarm` (its opening and its end), "
            + "`audit` (what people and retention did to the store), `ledger` (every other entry).")
    static let output = Key(
        "outputs.<name>.output", .truth, default: false,
        "Whether what a session printed goes along, as text. Hashes and sizes always do.")
    static let outputBytes = Key(
        "outputs.<name>.outputBytes", .bytes(.kibibytes(1) ... .mebibytes(1)), default: .kibibytes(8),
        "How much of it, from its end.")
    static let start = Key(
        "outputs.<name>.start", .choice(), default: Start.now,
        "Where a new name begins: with what comes from now on, or with the oldest that the store has.")

    // MARK: Of a syslog receiver

    static let address = Key(
        "outputs.<name>.address", .optional(.address), default: nil,
        "Where the receiver listens. Must be set for `syslog`.")
    static let transport = Key(
        "outputs.<name>.transport", .choice(), default: Transport.tls, "TLS (RFC 5425), or plain TCP (RFC 6587).")
    static let caFile = Key(
        "outputs.<name>.caFile", .optional(.path), default: nil,
        "A PEM file with the authorities to trust; the system's without it. The files are read for every connection.")
    static let serverName = Key(
        "outputs.<name>.serverName", .optional(.text(limit: 253)), default: nil,
        "The name that the receiver's certificate must be for, if not the address's.")
    static let certificateFile = Key(
        "outputs.<name>.certificateFile", .optional(.path), default: nil, "A PEM file with a client certificate.")
    static let keyFile = Key("outputs.<name>.keyFile", .optional(.path), default: nil, "A PEM file with its key.")
    static let farewell = Key(
        "outputs.<name>.farewell", .truth, default: false,
        "Whether a receiver has read everything only if it ends TLS with `close_notify`: without, whoever sits on the way can "
            + "feign it. rsyslog's `gtls` driver sends none, its `ossl` driver does.")
    static let facility = Key(
        "outputs.<name>.facility", .choice(), default: SyslogFormat.Facility.authpriv, "The messages' facility.")
    static let enterpriseNumber = Key(
        "outputs.<name>.enterpriseNumber", .integer(1...2_147_483_647), default: 32_473,
        "The private enterprise number in `lastword@…`. The default is the one for documentation (RFC 5612): Lastword has none."
    )
    static let maxBytes = Key(
        "outputs.<name>.maxBytes", .bytes(.kibibytes(2) ... .mebibytes(1)), default: .kibibytes(8),
        "The longest message. What is cut is marked, and named in `cut`. The receiver must take as much.")
    static let confirm = Key(
        "outputs.<name>.confirm", .duration(.milliseconds(100) ... .seconds(600)), default: .seconds(10),
        "How long after sending the receiver is asked whether it has read everything, by ending the connection.")
    static let resend = Key(
        "outputs.<name>.resend", .duration(.zero ... .seconds(3600)), default: .seconds(30),
        "What was read in so long before a connection broke is sent again.")
    static let timeout = Key(
        "outputs.<name>.timeout", .duration(.milliseconds(100) ... .seconds(600)), default: .seconds(30),
        "How long the receiver may take to let us in, to take a batch, to have read it.")

    // MARK: Of a file

    static let path = Key(
        "outputs.<name>.path", .optional(.path), default: nil, "The file. Must be set for `file`.")
    static let rotateBytes = Key(
        "outputs.<name>.rotateBytes", .bytes(.kibibytes(4) ... .gibibytes(64)), default: .mebibytes(100),
        "A file that would be larger is put aside, its time behind its name.")
    static let rotateAge = Key(
        "outputs.<name>.rotateAge", .duration(.seconds(1) ... .seconds(36_500 * 86_400)), default: .seconds(86_400),
        "So is one that is older.")
    static let keep = Key(
        "outputs.<name>.keep", .integer(0...10_000), default: 10,
        "How many that were put aside are kept; the oldest go, read by anybody or not.")

    /// What an output of one type has, and one of the other has not.
    static let syslog: [any AnyConfigurationKey] = [
        address, transport, caFile, serverName, certificateFile, keyFile, farewell, facility, enterpriseNumber,
        maxBytes, confirm, resend, timeout,
    ]
    static let file: [any AnyConfigurationKey] = [path, rotateBytes, rotateAge, keep]

    static let all: [any AnyConfigurationKey] = [type, events, output, outputBytes, start] + syslog + file
}

extension ConfigurationType<[String]> {
    fileprivate static let outputEvents = list(of: "kind of event", example: "[session.ended, gap]") {
        OutputEvents.kinds[$0] != nil
    }
}

/// The words of `events`.
enum OutputEvents {
    static let kinds: [String: Set<FeedKind>] = [
        "session.started": [.sessionStarted], "session.ended": [.sessionEnded], "session.amended": [.sessionAmended],
        "gap": [.gap], "alarm": [.alarmOpened, .alarmClosed], "audit": [.audit], "ledger": [.otherEntry],
    ]
}
