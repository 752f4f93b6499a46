// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Glibc
import Logging
import SessionRecords
import SessionTracking
import TestSupport
import Testing

@testable import AgentCore

@Suite("Our own entries in the journal")
struct SessionAnnouncementTests {
    private static let container = ContainerID(String(repeating: "ab", count: 32))

    private func ended(_ change: (inout Session) -> Void = { _ in }) throws -> SessionCommit {
        let id = try #require(Self.container)
        var session = Session(id: SessionID(container: id), node: "worker-0")
        session.revision = 2
        session.state = .ended
        session.namespace = "default"
        session.pod = "web-1"
        session.container = "debugger-x7k2p"
        session.containerID = id
        session.targetContainer = "nginx"
        session.exitCode = 42
        session.ending = .recovered
        change(&session)
        return SessionCommit(session: session, facts: nil, entry: .sessionEnded, output: nil)
    }

    /// A journal to be written into, and a store whose commits are announced there.
    private func announcing(_ body: (StandInJournal, ([Commit]) throws -> [CommittedEntry]) throws -> Void) throws {
        let journald = try StandInJournal()
        let announcer = SessionAnnouncer(socketPath: journald.path, logger: .silent)
        let scratch = try ScratchDirectory()
        let store = try AgentStore.open(
            directory: scratch.path + "/store",
            identity: NodeIdentity(node: "worker-0", machineID: nil, bootID: nil))
        try body(journald) { commits in
            let entries = try store.commit(commits)
            announcer.announce(commits, entries, ledger: store.ledger)
            return entries
        }
        try store.close()
    }

    @Test("one entry for an ended session, with its facts and the ledger's head; none for what else is told")
    func fields() throws {
        try announcing { journald, commit in
            let ended = try ended()
            let entries = try commit([.session(ended), .cursor(.journal, "x")])
            let fields = try #require(journald.receive())
            #expect(fields["MESSAGE"] == "debug session default/web-1/debugger-x7k2p ended: exit code 42, recovered")
            #expect(fields["MESSAGE_ID"] == JournalVocabulary.messageID)
            #expect(fields["SYSLOG_IDENTIFIER"] == "lastword-agent")
            #expect(fields["LASTWORD_LEDGER_ID"]?.utf8.count == 36)
            let entry = try #require(entries.last)
            #expect(fields["LASTWORD_ENTRY_NUMBER"] == "\(entry.number)")
            #expect(fields["LASTWORD_ENTRY_HASH"] == entry.hash.description)
            #expect(fields["LASTWORD_EXIT_CODE"] == "42")
            #expect(fields["LASTWORD_TARGET"] == "nginx")
            #expect(fields["CONTAINER_ID_FULL"] == Self.container?.rawValue)
            #expect(fields["LASTWORD_IMAGE"] == nil)
            var amended = ended
            amended.session.revision += 1
            amended.entry = .sessionAmended
            #expect(try commit([.session(amended)]).count == 1)
            #expect(journald.receive() == nil)
        }
    }

    @Test("names that would be fields or lines of their own stay what they are")
    func hostile() throws {
        try announcing { journald, commit in
            let evil = "x\n_UID=0\nLASTWORD_ENTRY_HASH=forged\u{1B}[2J\u{202E}"
            let entries = try commit([
                .session(
                    try ended {
                        $0.pod = evil
                        $0.container = "\n"
                        $0.reason = evil
                    })
            ])
            let fields = try #require(journald.receive())
            #expect(fields["LASTWORD_POD"] == evil)
            #expect(fields["LASTWORD_ENTRY_HASH"] == entries.last?.hash.description)
            #expect(fields["_UID"] == nil)
            let message = try #require(fields["MESSAGE"])
            #expect(!message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
        }
    }

    @Test("nobody there: nothing waits, and nothing is thrown")
    func nobody() throws {
        let scratch = try ScratchDirectory()
        let announcer = SessionAnnouncer(socketPath: scratch.path + "/none", logger: .silent)
        let store = try AgentStore.open(
            directory: scratch.path + "/store",
            identity: NodeIdentity(node: "worker-0", machineID: nil, bootID: nil))
        let commits: [Commit] = [.session(try ended())]
        let entries = try store.commit(commits)
        for _ in 0..<100 { announcer.announce(commits, entries, ledger: store.ledger) }
        try store.close()
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

/// journald's side of the native protocol.
private final class StandInJournal {
    let path: String
    private let scratch: ScratchDirectory
    private let socket: Int32

    init() throws {
        scratch = try ScratchDirectory()
        path = scratch.path + "/socket"
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw RigError.system("cannot bind \(path)") }
    }

    deinit { close(socket) }

    /// The fields of the next entry; nil if there is none.
    func receive() -> [String: String]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        var rest = buffer[..<count]
        var fields: [String: String] = [:]
        while let end = rest.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\n") }) {
            let name = String(decoding: rest[..<end], as: UTF8.self)
            let isBinary = rest[end] == UInt8(ascii: "\n")
            rest = rest[(end + 1)...]
            let length: Int
            if isBinary {
                length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(8)
            } else {
                length = rest.prefix { $0 != UInt8(ascii: "\n") }.count
            }
            fields[name] = String(decoding: rest.prefix(length), as: UTF8.self)
            rest = rest.dropFirst(length + 1)
        }
        return fields
    }
}
