// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import Testing

@Suite("Full-text search and what is erased from it")
struct SearchTests {
    @Test("all words must occur, in any case and order; parts of paths and addresses are found")
    func words() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([
            ledger.ended(1, output: "connect to 10.0.0.7:5432 failed\nsee /var/log/App.log"),
            ledger.ended(2, output: "connect ok"),
        ])
        #expect(try await store.found("FAILED connect") == [Sample.id(1)])
        #expect(try await store.found("connect").count == 2)
        #expect(try await store.found("10.0.0.7") == [Sample.id(1)])
        #expect(try await store.found("/var/log/app.log") == [Sample.id(1)])
        #expect(try await store.found("connect missing").isEmpty)
    }

    @Test(
        "FTS5's syntax is words like any other: no error, and nothing found that does not hold them",
        arguments: [
            "\"", "\"\"", "a\"b", "NOT", "alpha NOT beta", "alpha OR zzz", "text:alpha", "alp*", "^alpha",
            "NEAR(alpha beta)", "(alpha", "alpha AND", "{text}: alpha", "-alpha", "+", "*", "'; DROP TABLE session; --",
            "alpha\u{0}beta", "\u{FFFD}\u{202E}", String(repeating: "(", count: 5000),
        ])
    func hostileWords(text: String) async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1, output: "alpha beta")])
        let found = try await store.found(text)
        // What has no other word in it than `alpha` finds it, everything else does not.
        #expect(found.isEmpty || ["^alpha", "(alpha", "-alpha"].contains(text), "\(text)")
        #expect(try await store.found("alpha") == [Sample.id(1)])
    }

    @Test("text without a word finds nothing, not everything", arguments: ["", "   ", "--- ***", "\u{0}\u{1}"])
    func noWord(text: String) async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1)])
        #expect(try await store.found(text).isEmpty)
    }

    @Test("control bytes, escape sequences and broken UTF-8 hide no word")
    func hostileOutput() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let bytes: [UInt8] =
            Array("\u{1B}[31mro\u{1B}[0mt\u{0}gelb\u{7}\u{1B}]0;unsichtbar\u{7} blau\u{1B}]ohne ende ".utf8)
            + [0xFF, 0xC3, 0x28, 0x80] + Array("gruen\u{85}schwarz Zürich".utf8)
        let output = Sample.output(bytes)
        var session = Sample.ended(1)
        session.output = Sample.summary(output)
        try await store.take([ledger.session(session, output: output)])
        for word in ["rot", "gelb", "blau", "ende", "gruen", "schwarz", "zurich"] {
            #expect(try await store.found(word) == [Sample.id(1)], "\(word)")
        }
        #expect(try await store.found("unsichtbar").isEmpty)
        guard case .kept(let kept, _, _, _)? = try await store.output(Sample.id(1), scope: .all) else {
            Issue.record("there is no output")
            return
        }
        #expect(kept == bytes)
    }

    @Test("what is erased is found no more, answers as erased, and is in no byte of the files")
    func erase() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        // So many that FTS5 has not merged all of its segments by itself.
        for number in 0..<100 {
            try await store.take([ledger.ended(number, output: "zeile \(number) passwort\(number)hunter")])
        }
        let secret = "passwort7hunter"
        #expect(try await store.found(secret) == [Sample.id(7)])
        #expect(try scratch.occurrences(of: secret) > 0)
        let record = try await store.json(7)

        #expect(try await store.erase(Sample.id(7), by: "ada", reason: "a password"))
        #expect(try await store.found(secret).isEmpty)
        #expect(try await store.found("zeile").count == 99)
        guard case .erased(let erasure)? = try await store.output(Sample.id(7), scope: .all) else {
            Issue.record("the output does not answer as erased")
            return
        }
        #expect(erasure.actor == "ada")
        #expect(erasure.reason == "a password")
        #expect(try await store.json(7) == record)
        let line = try #require(try await store.auditLines(session: Sample.id(7), limit: 10).first)
        #expect(line.action == "session.erase")
        #expect(line.detail?.contains(Digest(of: Array("zeile 7 passwort7hunter".utf8)).description) == true)
        // FTS5 cuts common beginnings off its terms: also the rest of the word must be gone.
        #expect(try scratch.occurrences(of: secret) == 0)
        // 17, 27, … 97 are still there, each in its output and in the index.
        #expect(try scratch.occurrences(of: "7hunter") == 18)
        #expect(try await store.integrityFindings().isEmpty)
        #expect(try await !store.erase(Sample.id(7), by: "ada", reason: "again"))
    }

    @Test("an output that was erased is not taken again, nor from another ledger")
    func erasedStays() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        var other = MadeLedger("b")
        let entry = ledger.ended(1, output: "geheimnis")
        try await store.take([entry])
        try await store.erase(Sample.id(1), by: "ada", reason: "x")
        try await store.take([entry])
        try await store.take([ledger.ended(1, output: "geheimnis") { $0.revision = 9 }])
        try await store.take([other.ended(1, output: "geheimnis zwei") { $0.revision = 9 }])
        #expect(try await store.found("geheimnis").isEmpty)
        #expect(try await store.status().outputs == 0)
    }

    @Test("erasing what is held or unknown is refused")
    func eraseRefused() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1)])
        try await store.hold(Sample.id(1), by: "ada", reason: "case 7")
        let held = await #expect(throws: LastwordError.self) {
            try await store.erase(Sample.id(1), by: "ada", reason: "x")
        }
        #expect(held?.code == "session.held")
        let unknown = await #expect(throws: LastwordError.self) {
            try await store.erase(Sample.id(2), by: "ada", reason: "x")
        }
        #expect(unknown?.code == "session.unknown")
        #expect(try await store.session(Sample.id(1), scope: .all)?.hold?.reason == "case 7")
        #expect(try await store.release(Sample.id(1), by: "ada", reason: "closed"))
        #expect(try await !store.release(Sample.id(1), by: "ada", reason: "closed"))
        #expect(try await store.erase(Sample.id(1), by: "ada", reason: "x"))
    }
}
