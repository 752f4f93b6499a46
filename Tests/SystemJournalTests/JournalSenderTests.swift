// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemJournal
import TestSupport
import Testing

@Suite("Sending to journald", .serialized, .enabled(if: geteuid() == 0, "a private journald needs root"))
struct JournalSenderTests {
    private func field(_ name: String, _ value: String) throws -> JournalField {
        try #require(JournalField(name, value))
    }

    @Test("an entry arrives with all its fields, also with newlines, also when it is larger than a datagram")
    func arrives() async throws {
        let journal = try PrivateJournal()
        try await journal.start()
        let sender = JournalSender(socketPath: journal.socket)
        let id = "0123456789abcdef0123456789abcdef"
        #expect(
            try sender.send([
                field("MESSAGE", "two\nlines=\u{1}"), field("PRIORITY", "5"), field("MESSAGE_ID", id),
                field("LASTWORD_NUMBER", "7"),
            ]) == .sent)
        let big = String(repeating: "0123456789abcde\n", count: 60_000)
        #expect(
            try sender.send([field("MESSAGE_ID", id), field("MESSAGE", "big"), field("LASTWORD_BIG", big)]) == .sent)
        let reader = try JournalReader(.directory(journal.files), longest: 2_000_000)
        try reader.read(onlyMatching: [[try #require(JournalMatch("MESSAGE_ID", id))]])
        var seen: [[UInt8]] = []
        try await waitUntil("both are in the journal") {
            _ = try reader.wait(upTo: .milliseconds(200))
            while try reader.next() {
                seen.append(try reader.value(of: "MESSAGE") ?? [])
                if let value = try reader.value(of: "LASTWORD_BIG") { #expect(value == Array(big.utf8)) }
                #expect(try reader.value(of: "_TRANSPORT") == Array("journal".utf8))
            }
            return seen.count == 2
        }
        #expect(seen == [Array("two\nlines=\u{1}".utf8), Array("big".utf8)])

        // journald hangs: what it can take no more is not waited for.
        journal.child?.pause()
        var outcome = JournalSender.Outcome.sent
        for _ in 0..<100_000 where outcome == .sent { outcome = sender.send([try field("MESSAGE", "x")]) }
        #expect(outcome == .busy)
        journal.child?.resume()
        try await waitUntil("journald takes entries again") { sender.send([try field("MESSAGE", "y")]) == .sent }

        // And it is gone.
        try await journal.child?.kill()
        #expect(sender.send([try field("MESSAGE", "z")]) == .noJournal)
        try await journal.start()
        #expect(sender.send([try field("MESSAGE", "z")]) == .sent)
        try await journal.teardown()
    }

    @Test("no socket is no journal; a path that no socket can have, a failure")
    func noJournal() throws {
        let scratch = try ScratchDirectory()
        let fields = [try field("MESSAGE", "x")]
        #expect(JournalSender(socketPath: scratch.file("none")).send(fields) == .noJournal)
        try scratch.write("", to: "file")
        #expect(JournalSender(socketPath: scratch.file("file")).send(fields) == .noJournal)
        guard case .failed = JournalSender(socketPath: String(repeating: "x", count: 200)).send(fields) else {
            Issue.record("a path that is too long was taken")
            return
        }
    }

    @Test(
        "names that journald would leave out are refused", arguments: ["", "_TRUSTED", "lower", "9", "A B", "A=B", "Ä"])
    func names(name: String) {
        #expect(JournalField(name, "x") == nil)
    }
}
