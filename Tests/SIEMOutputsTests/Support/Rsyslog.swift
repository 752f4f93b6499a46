// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import Foundation
import SIEMFormats
import SIEMOutputs
import Synchronization
import TestSupport

/// Debian's rsyslog on a port of its own, with octet counting over TCP or TLS, which writes what it understood as lines of
/// JSON.
final class Rsyslog: Sendable {
    enum Driver: String, Sendable {
        case tcp, gtls, ossl
    }

    static let program = "/usr/sbin/rsyslogd"

    /// Why it cannot run here; nil where it can.
    static let obstacle: String? = {
        let modules = ["imtcp", "mmpstrucdata", "lmnsd_gtls", "lmnsd_ossl"]
        let folders = [
            "/usr/lib/x86_64-linux-gnu/rsyslog/", "/usr/lib/aarch64-linux-gnu/rsyslog/", "/usr/lib/rsyslog/",
        ]
        let files = FileManager.default
        guard files.isExecutableFile(atPath: program) else { return "rsyslog is not installed: dev/setup.sh does" }
        let missing = modules.filter { module in !folders.contains { files.fileExists(atPath: $0 + module + ".so") } }
        return missing.isEmpty ? nil : "rsyslog has no \(missing.joined(separator: ", ")): dev/setup.sh does"
    }()

    /// What it understood of one message.
    struct Message: Sendable {
        let id: String
        let host: String
        let app: String
        let process: String
        let messageID: String
        let severity: String
        let text: String
        let values: [String: String]
    }

    let port: Int
    let driver: Driver
    let certificates: StandInCertificates
    private let scratch: ScratchDirectory
    private let child = Mutex<ChildProcess?>(nil)
    private let understood = Mutex(Understood())

    /// - Parameter asksForCertificate: of the sender, and it must be of its authority.
    init(_ driver: Driver, asksForCertificate: Bool = false) throws {
        self.driver = driver
        scratch = try ScratchDirectory()
        port = try HTTPProbe.freePort()
        certificates = try StandInCertificates()
        try scratch.directory("work")
        for (name, text) in [
            ("ca.pem", certificates.authority), ("server.pem", certificates.server),
            ("server.key", certificates.serverKey), ("client.pem", certificates.client),
            ("client.key", certificates.clientKey),
        ] { try scratch.write(text, to: name) }
        try scratch.write(configuration(asksForCertificate), to: "rsyslog.conf")
    }

    func file(_ name: String) -> String { scratch.file(name) }

    private func configuration(_ asksForCertificate: Bool) -> String {
        let tls =
            driver == .tcp
            ? ""
            : """
             StreamDriver.Name="\(driver.rawValue)" StreamDriver.Mode="1"
                StreamDriver.AuthMode="\(asksForCertificate ? "x509/certvalid" : "anon")"
            """
        return """
            global(workDirectory="\(scratch.file("work"))" maxMessageSize="512k" net.enableDNS="off"
                defaultNetstreamDriverCAFile="\(scratch.file("ca.pem"))"
                defaultNetstreamDriverCertFile="\(scratch.file("server.pem"))"
                defaultNetstreamDriverKeyFile="\(scratch.file("server.key"))")
            module(load="imtcp" MaxSessions="500"\(tls))
            module(load="mmpstrucdata")
            template(name="understood" type="list") { property(name="jsonmesg") constant(value="\\n") }
            ruleset(name="in") {
                action(type="mmpstrucdata")
                action(type="omfile" file="\(scratch.file("out.jsonl"))" template="understood" fileCreateMode="0644")
            }
            input(type="imtcp" port="\(port)" address="127.0.0.1" ruleset="in")

            """
    }

    // MARK: The process

    func start() async throws {
        let started = try ChildProcess.start(
            [Self.program, "-n", "-f", scratch.file("rsyslog.conf"), "-i", scratch.file("pid")],
            output: .file(scratch.file("log")))
        child.withLock { $0 = started }
        try await waitUntil("rsyslog listens") {
            guard started.isRunning else { throw RigError.failed("rsyslog ended: \(self.log)") }
            return SocketTable.isListening(self.port)
        }
    }

    var log: String { (try? Files.text(scratch.file("log"))) ?? "" }

    func kill() async throws { _ = try await child.withLock { $0 }?.kill() }
    func stop() async throws { _ = try await child.withLock { $0 }?.terminate() }
    func pause() { child.withLock { $0 }?.pause() }
    func resume() { child.withLock { $0 }?.resume() }

    // MARK: What it understood

    /// In the order in which it came. A line that a kill tore is none. Only what is new is read.
    func messages() throws -> [Message] {
        try understood.withLock { understood in
            guard Files.exists(scratch.file("out.jsonl")) else { return [] }
            let file = try FileHandle(forReadingFrom: URL(filePath: scratch.file("out.jsonl")))
            defer { file.closeFile() }
            if try file.seekToEnd() < understood.offset { understood = Understood() }
            try file.seek(toOffset: understood.offset)
            let bytes = try file.readToEnd() ?? Data()
            guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return understood.messages }
            let whole = bytes[bytes.startIndex...end]
            understood.offset += UInt64(whole.count)
            understood.messages += String(decoding: whole, as: UTF8.self).split(separator: "\n").compactMap(
                Self.message)
            return understood.messages
        }
    }

    private struct Understood {
        var offset: UInt64 = 0
        var messages: [Message] = []
    }

    private static func message(_ line: Substring) -> Message? {
        guard let object = object(line) else { return nil }
        let variables = object["$!"] as? [String: Any] ?? [:]
        let elements = variables["rfc5424-sd"] as? [String: Any] ?? [:]
        let values = elements["lastword@32473"] as? [String: String] ?? [:]
        func text(_ key: String) -> String { object[key] as? String ?? "" }
        return Message(
            id: values["id"] ?? "", host: text("hostname"), app: text("app-name"), process: text("procid"),
            messageID: text("msgid"), severity: text("syslogseverity"), text: text("msg"), values: values)
    }

    /// Behind a line that was torn, the next one stands without a break.
    private static func object(_ line: Substring) -> [String: Any]? {
        let begin = line.ranges(of: "{ \"msg\": ").last?.lowerBound ?? line.startIndex
        for text in [line, line[begin...]] {
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            if let object { return object }
        }
        return nil
    }

    func settings(
        confirm: Duration = .milliseconds(100), resend: Duration = .seconds(3), timeout: Duration = .seconds(5),
        _ change: (inout SyslogSettings) -> Void = { _ in }
    ) -> SyslogSettings {
        let tls = SyslogSettings.TLS(
            caFile: scratch.file("ca.pem"), serverName: nil, certificateFile: nil, keyFile: nil,
            needsFarewell: driver == .ossl)
        var settings = SyslogSettings(
            host: "127.0.0.1", port: port, tls: driver == .tcp ? nil : tls,
            format: SyslogFormat(
                facility: .local4, enterpriseNumber: 32_473, maxBytes: 256 << 10, host: "collector-0", version: "0.1.0"),
            confirmAfter: confirm, resend: resend, timeout: timeout)
        change(&settings)
        return settings
    }
}
