// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import SIEMFormats
import SIEMOutputs
import SessionRecords
import TestSupport

/// What the contract asks of a receiver, whatever it is: that it can go away, hang, come back, and show what it has.
final class ReceiverRig: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case tcp, gtls, ossl, file
    }

    /// One event as the receiver has it.
    struct Received: Sendable, Hashable {
        let id: String
        let type: String
        let namespace: String?
        let exitCode: String?
        let container: String?
        /// The same event must be the same whenever it comes.
        let content: String
    }

    let kind: Kind
    private let rsyslog: Rsyslog?
    private let scratch: ScratchDirectory

    init(_ kind: Kind) throws {
        self.kind = kind
        scratch = try ScratchDirectory()
        rsyslog = try Rsyslog.Driver(rawValue: kind.rawValue).map { try Rsyslog($0) }
        try Files.makeDirectories(scratch.file("away"))
    }

    // MARK: Its life

    private var folder: String { scratch.file("lines") }

    /// A file's receiver is its directory: it is there, or something else is in its place.
    func start() async throws {
        if let rsyslog { return try await rsyslog.start() }
        try Files.remove(folder)
        try Files.rename(scratch.file("away"), to: folder)
    }

    func kill() async throws {
        if let rsyslog { return try await rsyslog.kill() }
        try Files.rename(folder, to: scratch.file("away"))
        try Files.write("in the way", to: folder)
    }

    func pause() async throws {
        if let rsyslog { return rsyslog.pause() }
        try await kill()
    }

    func resume() async throws {
        if let rsyslog { return rsyslog.resume() }
        try await start()
    }

    func end() async throws {
        try await rsyslog?.kill()
    }

    // MARK: What it has

    func received() throws -> [Received] {
        if let rsyslog {
            return try rsyslog.messages().map { message in
                Received(
                    id: message.id, type: message.messageID, namespace: message.values["namespace"],
                    exitCode: message.values["exit_code"], container: message.values["container"],
                    content: message.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                        separator: " "))
            }
        }
        let place = Files.isDirectory(folder) ? folder : scratch.file("away")
        let names = Files.names(in: place).filter { $0 != "events.jsonl" } + ["events.jsonl"]
        return try names.flatMap { name -> [Received] in
            // Between the renaming of a full file and the making of the next there is none of its name.
            guard let bytes = try Files.readIfThere(place + "/" + name) else { return [] }
            // What stands behind the last newline is being written.
            let whole = bytes[...].prefix((bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
            return try String(decoding: whole, as: UTF8.self).split(separator: "\n").map(Self.line)
        }
    }

    private static func line(_ line: Substring) throws -> Received {
        guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            throw RigError.failed("no JSON object: \(line)")
        }
        let event = object["event"] as? [String: Any] ?? [:]
        let record = object["lastword"] as? [String: Any] ?? [:]
        return Received(
            id: event["id"] as? String ?? "", type: event["action"] as? String ?? "",
            namespace: record["namespace"] as? String, exitCode: (record["exitCode"] as? Int).map { "\($0)" },
            container: record["container"] as? String, content: String(line))
    }

    func settings(resend: Duration = .seconds(3), timeout: Duration = .seconds(5)) -> OutputSettings {
        let receiver: OutputSettings.Receiver =
            if let rsyslog {
                .syslog(rsyslog.settings(resend: resend, timeout: timeout))
            } else {
                .file(
                    FileSettings(
                        path: folder + "/events.jsonl", format: ECSFormat(version: "0.1.0"), rotateBytes: 200_000,
                        rotateAge: .seconds(3600), keep: 1000))
            }
        return OutputSettings(
            name: "soc", kinds: [.sessionEnded, .gap, .alarmOpened, .alarmClosed, .audit], outputBytes: nil,
            fromBeginning: true, receiver: receiver)
    }
}
