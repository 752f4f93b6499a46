// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SIEMFormats
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import SIEMOutputs

@Suite("Files of lines")
struct FileOutputTests {
    private final class Clock: Sendable {
        private let time = Mutex(Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1_000_000_000)))
        var now: Timestamp { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) } }
    }

    private struct Place {
        let scratch: ScratchDirectory
        let clock = Clock()

        init() throws {
            scratch = try ScratchDirectory()
            try scratch.directory("lines")
        }

        var folder: String { scratch.file("lines") }
        var path: String { folder + "/events.jsonl" }

        func output(bytes: Int = 1 << 20, age: Duration = .seconds(3600), keep: Int = 3) -> FileOutput {
            let settings = FileSettings(
                path: path, format: ECSFormat(version: "0"), rotateBytes: bytes, rotateAge: age, keep: keep)
            return FileOutput(settings, now: { [clock] in clock.now })
        }

        func lines(_ name: String = "events.jsonl") throws -> [String] {
            try Files.text(folder + "/" + name).split(separator: "\n").map(String.init)
        }

        var others: [String] { Files.names(in: folder).filter { $0 != "events.jsonl" } }
    }

    private static func event(_ number: Int64, _ words: String = "") -> SecurityEvent {
        SecurityEvent(
            id: "e/\(number)", number: number, type: "audit", at: MadeLedger.epoch, receivedAt: MadeLedger.epoch,
            subject: .audit(AuditFacts(actor: "a", action: "x", session: nil, reason: words, detail: nil)))
    }

    private static func id(_ line: String) throws -> String? {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return (object?["event"] as? [String: Any])?["id"] as? String
    }

    private static func send(_ output: FileOutput, _ numbers: ClosedRange<Int64>) async throws {
        try await output.send(numbers.map { event($0) }) { false }
    }

    @Test(
        "a last line that was torn is cut, whatever is in it, and what follows stands on lines of its own",
        arguments: ["{\"torn\":", "x", String(repeating: "y", count: 200_000), "{\"a\":1}"])
    func torn(_ rest: String) async throws {
        let place = try Place()
        try await Self.send(place.output(), 1...3)
        let whole = try Files.read(place.path)
        try Files.append(Array(rest.utf8), to: place.path)
        try await Self.send(place.output(), 4...4)
        #expect(try Files.read(place.path).prefix(whole.count) == whole[...])
        #expect(try place.lines().map(Self.id) == ["e/1", "e/2", "e/3", "e/4"])
        // A file of nothing else.
        try Files.write(rest, to: place.path)
        try await Self.send(place.output(), 5...5)
        #expect(try place.lines().map(Self.id) == ["e/5"])
    }

    @Test("a file that is full or old is put aside by one rename, and so many are kept; other files are left alone")
    func rotation() async throws {
        let place = try Place()
        let line = ECSFormat(version: "0").line(Self.event(1)).count
        let strangers = ["events.jsonl.1", "events.jsonl.20261126T205337Z", "events.jsonl.bak", "other.jsonl"]
        for name in strangers { try Files.write("mine", to: place.folder + "/" + name) }
        let output = place.output(bytes: 3 * line + 3, keep: 2)
        for number in Int64(1)...10 {
            try await Self.send(output, number...number)
            place.clock.advance(seconds: 1)
        }
        let aside = place.others.filter { !strangers.contains($0) }
        #expect(aside.count == 2)
        #expect(try aside.flatMap { try place.lines($0) }.map(Self.id) == (4...9).map { "e/\($0)" })
        #expect(try place.lines().map(Self.id) == ["e/10"])
        place.clock.advance(seconds: 3601)
        try await Self.send(output, 11...11)
        #expect(try place.lines().map(Self.id) == ["e/11"])
        #expect(Set(place.others).isSuperset(of: strangers))
        // One batch over several files, and one line that is larger than a file may be.
        try await Self.send(output, 12...20)
        try await output.send([Self.event(21, String(repeating: "x", count: 10 * line)), Self.event(22)]) { false }
        #expect(try place.lines().map(Self.id) == ["e/22"])
        #expect(place.others.count { !strangers.contains($0) } == 2)
        let facts = try FileManager.default.attributesOfItem(atPath: place.path)
        #expect(facts[.posixPermissions] as? Int == 0o640)
    }

    @Test("a file that somebody put aside or removed is made anew")
    func takenAway() async throws {
        let place = try Place()
        let output = place.output()
        try await Self.send(output, 1...2)
        try Files.rename(place.path, to: place.folder + "/elsewhere")
        try await Self.send(output, 3...3)
        #expect(try place.lines().map(Self.id) == ["e/3"])
        #expect(try place.lines("elsewhere").map(Self.id) == ["e/1", "e/2"])
        try Files.remove(place.path)
        try await Self.send(output, 4...4)
        #expect(try place.lines().map(Self.id) == ["e/4"])
    }

    private static func code(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "ok"
        } catch {
            return (error as? LastwordError)?.code ?? "\(error)"
        }
    }

    @Test("a link, a device, a pipe, a file that another process writes and a missing directory are refused")
    func refused() async throws {
        let place = try Place()
        #expect(await Self.code { try await place.output().check() } == "ok")
        #expect(!Files.exists(place.path), "looking makes nothing")
        try Files.write("precious", to: place.scratch.file("target"))
        symlink(place.scratch.file("target"), place.path)
        #expect(await Self.code { try await Self.send(place.output(), 1...1) } == "output.file")
        #expect(await Self.code { try await place.output().check() } == "output.file")
        #expect(try Files.text(place.scratch.file("target")) == "precious")
        try Files.remove(place.path)
        mkfifo(place.path, 0o600)
        #expect(await Self.code { try await Self.send(place.output(), 1...1) } == "output.file")
        try Files.remove(place.path)
        let first = place.output()
        try await Self.send(first, 1...1)
        #expect(await Self.code { try await Self.send(place.output(), 2...2) } == "output.file")
        await first.abandon()
        #expect(await Self.code { try await Self.send(place.output(), 3...3) } == "ok")
        Files.removeTree(place.folder)
        #expect(await Self.code { try await Self.send(place.output(), 4...4) } == "output.file")
        #expect(await Self.code { try await place.output().check() } == "output.file")
    }

    @Test("what is stale is not written")
    func stale() async throws {
        let place = try Place()
        let output = place.output()
        #expect(await Self.code { try await output.send([Self.event(1)]) { true } } == "output.stale")
        #expect(!Files.exists(place.path))
    }

    @Test(
        "a full disk takes no half of a line: what was written of a batch is taken back, and it goes when there is room",
        .enabled(if: geteuid() == 0, "mounting needs root"))
    func fullDisk() async throws {
        let place = try Place()
        let mounted = try await ChildProcess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place.folder])
        try #require(mounted.succeeded)
        defer { _ = umount2(place.folder, Int32(MNT_DETACH)) }
        try await Self.send(place.output(), 1...1)
        try Files.write(String(repeating: "x", count: 40_000), to: place.folder + "/filling")
        let output = place.output()
        let many = (Int64(2)...100).map { Self.event($0, String(repeating: "w", count: 500)) }
        #expect(await Self.code { try await output.send(many) { false } } == "output.file")
        #expect(try place.lines().map(Self.id) == ["e/1"])
        try Files.remove(place.folder + "/filling")
        try await Self.send(output, 2...2)
        #expect(try place.lines().map(Self.id) == ["e/1", "e/2"])
        await output.abandon()
    }
}
