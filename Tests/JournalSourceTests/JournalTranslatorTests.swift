// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@testable import JournalSource

@Suite("Translation of lines to facts")
struct JournalTranslatorTests {
    private typealias Samples = LineSamples
    private let id = LineSamples.id
    private let sandbox = LineSamples.sandbox

    private func entry(_ message: String, unit: String = "containerd.service", at seconds: Int64 = 7) -> JournalEntry {
        let line = unit == "kubelet.service" ? message : Samples.logrus(message)
        return JournalEntry(
            origin: .unit(unit), message: Array(line.utf8),
            received: Timestamp(nanoseconds: seconds * 1_000_000_000))
    }

    private var sandboxLine: String {
        #"RunPodSandbox for name:"web" uid:"\#(Samples.uid)" namespace:"default" returns sandbox id "\#(sandbox)""#
    }

    private var createLine: String {
        #"CreateContainer within sandbox "\#(sandbox)" for name:"debugger-x" returns container id "\#(id)""#
    }

    private var startLine: String { #"StartContainer for "\#(id)" returns successfully"# }

    private func translator(sandboxes: Int = 10, containers: Int = 10) -> JournalTranslator {
        JournalTranslator(
            units: JournalUnits(JournalSourceConfiguration.standardUnits), sandboxes: sandboxes, containers: containers)
    }

    private func whole() throws -> ContainerDescription {
        var expected = try ContainerDescription(id: Samples.container(), isSandbox: false, witness: .journal)
        expected.container = "debugger-x"
        expected.attempt = 0
        expected.sandboxID = sandbox
        expected.namespace = "default"
        expected.pod = "web"
        expected.podUID = PodUID(Samples.uid)
        expected.createdAt = Timestamp(rfc3339: "2026-11-21T08:19:28.212921405Z")
        return expected
    }

    @Test("a container is described when it is made, by its pod's sandbox, and not again")
    func described() throws {
        var translator = translator()
        #expect(translator.take(entry(sandboxLine)).facts.isEmpty)
        #expect(try translator.take(entry(createLine)).facts == [.container(whole())])
        let facts = translator.take(entry(startLine)).facts
        #expect(facts.count == 1)
        #expect(translator.wanted.isEmpty)
    }

    @Test("a container of before the cursor is asked for, and described from older lines in any order")
    func lookBack() throws {
        var translator = translator()
        let id = try Samples.container()
        #expect(translator.take(entry(startLine)).facts.count == 1)
        #expect(translator.wanted == [id])
        for line in [createLine, sandboxLine] { translator.learn(entry(line)) }
        #expect(try translator.describeWanted() == [.container(whole())])
        #expect(translator.wanted.isEmpty)
        // Looked for in vain: not looked for again.
        let other = Samples.other
        _ = translator.take(entry(#"StartContainer for "\#(other)" returns successfully"#))
        #expect(translator.describeWanted().isEmpty)
        translator.giveUpWanted()
        _ = translator.take(entry(#"RemoveContainer for "\#(other)" returns successfully"#))
        #expect(translator.wanted.isEmpty)
    }

    @Test("what turns out to be a sandbox is said to be one, and spoken of no more")
    func lateSandbox() throws {
        var translator = translator()
        let exit =
            "received exit event &TaskExit{ContainerID:\(sandbox),ID:\(sandbox),Pid:1,ExitStatus:137,"
            + "ExitedAt:2026-11-21 08:19:28 +0000 UTC,XXX_unrecognized:[],}"
        // Nobody can tell yet.
        #expect(translator.take(entry(exit)).facts.count == 1)
        var expected = try ContainerDescription(id: Samples.container(sandbox), isSandbox: true, witness: .journal)
        expected.namespace = "default"
        expected.pod = "web"
        expected.podUID = PodUID(Samples.uid)
        translator.learn(entry(sandboxLine))
        #expect(translator.describeWanted() == [.container(expected)])
        #expect(translator.take(entry(exit)).facts.isEmpty)
        #expect(translator.take(entry(#"RemovePodSandbox "\#(sandbox)" returns successfully"#)).facts.isEmpty)
    }

    @Test("what is kept is bounded, the oldest goes")
    func bounds() throws {
        var translator = translator(sandboxes: 2, containers: 2)
        _ = translator.take(entry(sandboxLine))
        for number in 0..<50 {
            _ = translator.take(entry(#"RunPodSandbox for name:"p" returns sandbox id "s\#(number)""#))
            _ = translator.take(entry(#"StartContainer for "c\#(number)" returns successfully"#))
        }
        // The sandbox is forgotten, so the container has no pod.
        guard case .container(let description)? = translator.take(entry(createLine)).facts.first else {
            Issue.record("no description")
            return
        }
        #expect(description.pod == nil)
        #expect(description.container == "debugger-x")

        var map = BoundedMap<Int, Int>(capacity: 3)
        for number in 0..<10_000 {
            map.set(number, for: number)
            #expect(map.count <= 3)
        }
        #expect(map[9_999] == 9_999)
        #expect(map[9_996] == nil)
    }

    @Test("lines that journald dropped are a missed interval since the last line of that service, if it is ours")
    func losses() throws {
        var translator = translator()
        func loss(_ text: String, unit: String? = nil, id: String = JournalMessage.dropped) -> [Fact] {
            translator.take(
                JournalEntry(
                    origin: .loss(messageID: id, unit: unit, count: 41), message: Array(text.utf8),
                    received: Timestamp(nanoseconds: 60_000_000_000))
            ).facts
        }
        func missed(from seconds: Int64, _ reason: String) -> [Fact] {
            [
                .intervalMissed(
                    .journal, from: Timestamp(nanoseconds: seconds * 1_000_000_000),
                    to: Timestamp(nanoseconds: 60_000_000_000), reason: reason, dropped: 41)
            ]
        }
        #expect(loss("Suppressed 41 messages from ssh.service").isEmpty)
        #expect(loss("Suppressed 41 messages from ssh.service", unit: "ssh.service").isEmpty)
        let reason = "journald dropped lines of containerd.service at its rate limit"
        #expect(loss("Suppressed 41 messages from containerd.service") == missed(from: 30, reason))
        _ = translator.take(entry(startLine, at: 50))
        #expect(loss("Suppressed 41 messages from /system.slice/containerd.service") == missed(from: 50, reason))
        #expect(loss("", unit: "containerd.service") == missed(from: 50, reason))
        #expect(
            loss("Missed 41 kernel messages", id: JournalMessage.missed)
                == missed(from: 30, "journald missed lines of the kernel"))
    }

    @Test("a position survives its way to text and back; what is not one is refused")
    func positions() throws {
        let text = "1 1795228810523438 50e0952fdadf462ca07b14601eade161 2454809937 s=246e;i=246;b=50e0;m=9;t=66;x=5b"
        let position = try #require(JournalPosition(text))
        #expect(position.text == text)
        #expect(position.received == Timestamp(rfc3339: "2026-11-21T02:40:10.523438Z"))
        for bad in [
            "", "1", "s=246e;i=246", text.replacing("1 179", with: "2 179"), text + "\u{7}",
            text.replacing("50e0952f", with: "50e0952x"), text.replacing("1795228810523438", with: "-1"),
            text.replacing("1795228810523438", with: "9999999999999999999"),
            text.replacing("2454809937", with: "9223372036854775807"), "1 1 \(FixedBoot.text) 1 ",
            text + String(repeating: "x", count: 2048),
        ] {
            #expect(JournalPosition(bad) == nil, "\(bad.prefix(100))")
        }
        var later = position
        later.sinceBoot += 1
        later.received = Timestamp(nanoseconds: 0)
        // Within a boot the clock that no one sets decides.
        #expect(position.isBefore(later) && !later.isBefore(position) && !position.isBefore(position))
        later.boot = FixedBoot.text
        #expect(later.isBefore(position))
    }
}

enum FixedBoot {
    static let text = "00000000000000000000000000000001"
}

extension String {
    fileprivate func replacing(_ old: String, with new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
