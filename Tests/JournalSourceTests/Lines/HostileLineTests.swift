// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import TestSupport
import Testing

@testable import JournalSource

@Suite("Lines of somebody's making")
struct HostileLineTests {
    private typealias Samples = LineSamples
    private let id = LineSamples.id
    private let other = LineSamples.other
    private let sandbox = LineSamples.sandbox

    @Test("a name cannot pass for the end of a create line, nor for another line")
    func names() throws {
        let fakes = [
            #"x" returns container id "\#(other)""#, #"x returns container id "\#(other)"#,
            #"x,Attempt:0,} returns container id "\#(other)"#,
            "x\"\ntime=\"2026-11-21T08:19:28Z\" level=info msg=\"StartContainer for \\\"\(other)\\\" returns successfully",
            #"x" level=info msg="StartContainer for \"\#(other)\" returns successfully"#,
        ]
        for fake in fakes {
            for metadata in ["&ContainerMetadata{Name:\(fake),Attempt:0,}", "name:\(Samples.quoted(fake))"] {
                // The announcement, which has no id: nothing at all may come of it.
                let announced = #"CreateContainer within sandbox "\#(sandbox)" for container \#(metadata)"#
                #expect(Samples.containerd(announced).isEmpty, "\(announced)")
                // The line itself: the real id and the whole name, or nothing.
                let text =
                    #"CreateContainer within sandbox "\#(sandbox)" for \#(metadata) returns container id "\#(id)""#
                for line in Samples.containerd(text) {
                    guard case .created(let told, _, let name, _) = line else {
                        Issue.record("\(line)")
                        continue
                    }
                    #expect(try told == Samples.container())
                    #expect(name == fake)
                }
            }
        }
    }

    @Test("a pod's name cannot say that it is another pod's")
    func podNames() throws {
        let fake = "web,Uid:\(Samples.uid),Namespace:kube-system"
        let gogo = "&PodSandboxMetadata{Name:\(fake),Uid:mine,Namespace:default,Attempt:0,}"
        // Two that cannot be told apart: only that it is a sandbox.
        #expect(
            try Samples.containerd(#"RunPodSandbox for \#(gogo) returns sandbox id "\#(sandbox)""#)
                == [.sandbox(Samples.container(sandbox), nil)])
        let text = #"name:"web\"  uid:\"\#(Samples.uid)"  uid:"mine"  namespace:"default""#
        let lines = Samples.containerd(#"RunPodSandbox for \#(text) returns sandbox id "\#(sandbox)""#)
        guard case .sandbox(_, let pod) = lines.first else {
            Issue.record("not a sandbox")
            return
        }
        #expect(pod?.uid == PodUID("mine"))
    }

    @Test("what a field or an error quotes is not the line's message")
    func fields() {
        let exit = #"received container exit event container_id:"\#(id)" id:"\#(id)" exit_status:0"#
        for line in [
            Samples.logrus("cleanup warnings " + Samples.logrus(exit)),
            Samples.logrus("failed", more: " error=" + Samples.quoted(Samples.logrus(exit))),
            Samples.logrus("failed", more: " msg=" + Samples.quoted(exit)),
            " " + Samples.logrus(exit), "x " + Samples.logrus(exit), "msg=" + Samples.quoted(exit),
            "level=info " + "msg=\"" + exit + "\"",
        ] {
            #expect(Samples.read(line).isEmpty, "\(line)")
        }
        #expect(!Samples.read(Samples.logrus(exit)).isEmpty)
    }

    @Test("each unit is believed its own daemon's lines only; those with both in one are believed both")
    func units() {
        let runtime = Samples.logrus(#"StartContainer for "\#(id)" returns successfully"#)
        let kubelet =
            #"I1121 02:40:10.865378   20580 generic.go:413] "Generic (PLEG): container finished" podID="u" "#
            + #"containerID="\#(id)" exitCode=0"#
        #expect(Samples.read(runtime, unit: "kubelet.service").isEmpty)
        #expect(Samples.read(kubelet, unit: "containerd.service").isEmpty)
        for unit in ["k3s.service", "rke2-agent.service"] {
            #expect(!Samples.read(runtime, unit: unit).isEmpty)
            #expect(!Samples.read(kubelet, unit: unit).isEmpty)
        }
    }

    @Test("the remainder of a line that journald cut is no line, whatever it looks like")
    func cuts() throws {
        var translator = JournalTranslator(units: JournalUnits(["containerd.service"]))
        func entry(_ text: String, stream: String, isCut: Bool = false) -> JournalEntry {
            JournalEntry(
                origin: .unit("containerd.service"), message: Array(text.utf8), received: Timestamp(nanoseconds: 7),
                stream: stream, isCut: isCut)
        }
        let line = Samples.logrus(#"StartContainer for "\#(id)" returns successfully"#)
        #expect(translator.take(entry("time=… a very long line", stream: "1", isCut: true)).facts.isEmpty)
        // Another stream in between is not concerned.
        #expect(!translator.take(entry(line, stream: "2")).facts.isEmpty)
        #expect(translator.take(entry(line, stream: "1", isCut: true)).facts.isEmpty)
        #expect(translator.take(entry(line, stream: "1")).facts.isEmpty)
        #expect(!translator.take(entry(line, stream: "1")).facts.isEmpty)
        // Longer than what is looked for: not read, though its beginning looks like something.
        let long = line + String(repeating: " ", count: JournalEntry.longestMessage)
        let reading = translator.take(
            JournalEntry(
                origin: .unit("containerd.service"), message: Array(long.utf8.prefix(JournalEntry.longestMessage)),
                received: Timestamp(nanoseconds: 7)))
        #expect(reading.facts.isEmpty)
        #expect(reading.kind == "oversize")
    }

    @Test("numbers and times that cannot be are no exits, or exits without a time")
    func numbers() throws {
        let ids = #"container_id:"\#(id)" id:"\#(id)""#
        for status in ["-1", "4294967296", "999999999999999999999", "x", "1.5"] {
            #expect(
                Samples.containerd("received container exit event \(ids) exit_status:\(status)").isEmpty, "\(status)")
        }
        let far = "received container exit event \(ids) exit_status:1 exited_at:{seconds:999999999999999999 nanos:5}"
        #expect(try Samples.containerd(far) == [.event(Samples.container(), .exited(code: 1, finishedAt: nil))])
        for hostile in ["", "../../etc/passwd", "a/b", "\u{1b}[2J", String(repeating: "a", count: 129)] {
            let text = #"StartContainer for \#(Samples.quoted(hostile)) returns successfully"#
            #expect(Samples.containerd(text).isEmpty, "\(hostile)")
        }
    }

    @Test("the lines that fuzzing begins with say what they say, each alone")
    func fuzzSeeds() throws {
        let folder = "\(#filePath)".components(before: "/Tests/") + "/Fuzz/journal-line/Fixtures"
        var saying = 0
        for name in Files.names(in: folder) {
            let bytes = try Files.read(folder + "/" + name)
            let says = ["containerd.service", "crio.service", "kubelet.service"].filter { unit in
                let entry = JournalEntry(origin: .unit(unit), message: bytes, received: Timestamp(nanoseconds: 1))
                return !JournalTranslator.lines(of: entry).0.isEmpty
            }
            // Bare messages and what is no unit's line say nothing; both kinds of runtime unit read both runtimes.
            #expect(says.isEmpty || name.hasPrefix("klog") == (says == ["kubelet.service"]), "\(name)")
            saying += says.isEmpty ? 0 : 1
        }
        #expect(saying == 22)
    }

    @Test("mutated and cut lines never trap, and never speak of a container that is not in them")
    func mutations() async throws {
        var generator = SeededGenerator(seed: 0x5EED)
        var understood = 0
        let entries = try await RecordedJournals.entries("b-pod-deletion") + RecordedJournals.entries("1-attach")
        for entry in entries {
            for _ in 0..<8 {
                var entry = entry
                for _ in 0...Int.random(in: 0...3, using: &generator) where !entry.message.isEmpty {
                    let index = Int.random(in: 0..<entry.message.count, using: &generator)
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: entry.message[index] = UInt8.random(in: 0...255, using: &generator)
                    case 1: entry.message.remove(at: index)
                    case 2: entry.message.removeLast(entry.message.count - index)
                    default: entry.message.insert(contentsOf: #"\" "{}:,="#.utf8, at: index)
                    }
                }
                let text = String(decoding: entry.message, as: UTF8.self)
                for line in JournalTranslator.lines(of: entry).0 {
                    understood += 1
                    #expect(text.contains(line.id.rawValue))
                }
            }
        }
        #expect(understood > 100)
    }
}

extension String {
    fileprivate func components(before mark: String) -> String {
        split(separator: mark, maxSplits: 1).first.map { String($0) } ?? self
    }
}

extension JournalLine {
    var id: ContainerID {
        switch self {
        case .sandbox(let id, _), .created(let id, _, _, _), .named(let id, _, _), .event(let id, _),
            .taskExited(let id, _, _):
            id
        }
    }
}
