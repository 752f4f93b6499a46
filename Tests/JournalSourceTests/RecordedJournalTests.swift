// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import SessionTracking
import Testing

@testable import JournalSource

@Suite("Journals of a real cluster")
struct RecordedJournalTests {
    @Test("every recorded journal tells what it told before", arguments: RecordedJournals.scenarios)
    func golden(scenario: String) async throws {
        var translator = JournalTranslator(units: JournalUnits(JournalSourceConfiguration.standardUnits))
        var text = ""
        for entry in try await RecordedJournals.entries(scenario) {
            for fact in translator.take(entry).facts { text += RecordedJournals.render(fact) + "\n" }
        }
        #expect(try RecordedJournals.difference(text, from: scenario + ".txt") == nil)
    }

    @Test("a debug session is told with its name, its code and its times to the nanosecond")
    func oneSession() async throws {
        var translator = JournalTranslator(units: JournalUnits(JournalSourceConfiguration.standardUnits))
        var facts: [Fact] = []
        for entry in try await RecordedJournals.entries("1-attach") { facts += translator.take(entry).facts }
        let id = try #require(ContainerID("bc0f04c558d2ec4085623dc00aa46f25f19c943b7f9fb252184a2697752d8c44"))
        func at(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: "2026-11-21T02:40:\(text)Z")) }
        let statements = facts.compactMap { fact -> JournalStatement? in
            if case .journal(let statement) = fact, statement.container == id { statement } else { nil }
        }
        #expect(
            try statements == [
                JournalStatement(container: id, event: .started, at: at("13.903000014")),
                JournalStatement(container: id, event: .attachClosed(stream: "stdout"), at: at("23.915454013")),
                JournalStatement(container: id, event: .attachClosed(stream: "stdin"), at: at("23.915482889")),
                JournalStatement(
                    container: id, event: .exited(code: 42, finishedAt: at("23.914991735")), at: at("23.915860171")),
                // The kubelet's, with the time at which the journal had it.
                JournalStatement(container: id, event: .exited(code: 42, finishedAt: nil), at: at("24.905059")),
            ])
        let description = facts.compactMap { fact -> ContainerDescription? in
            if case .container(let it) = fact, it.id == id { it } else { nil }
        }.last
        #expect(description?.container == "debugger-ckfhs")
        // The pod's sandbox was made before the excerpt; the kubelet says whose it is.
        #expect(description?.podUID == PodUID("f17d02b7-e656-47a7-99a0-09b68d082924"))
        #expect(description?.pod == "debug-target")
        #expect(description?.namespace == "default")
        #expect(description?.witness == .journal)
        #expect(try description?.createdAt == at("13.827647716"))
    }

    @Test("no pause container passes for a container of a pod")
    func sandboxes() async throws {
        for scenario in RecordedJournals.scenarios {
            var translator = JournalTranslator(units: JournalUnits(JournalSourceConfiguration.standardUnits))
            var sandboxes: Set<ContainerID> = []
            var told: Set<ContainerID> = []
            for entry in try await RecordedJournals.entries(scenario) {
                for line in JournalTranslator.lines(of: entry).0 {
                    if case .sandbox(let id, _) = line { sandboxes.insert(id) }
                }
                for fact in translator.take(entry).facts {
                    switch fact {
                    case .journal(let statement): told.insert(statement.container)
                    case .container(let description) where !description.isSandbox: told.insert(description.id)
                    default: break
                    }
                }
            }
            #expect(told.isDisjoint(with: sandboxes), "\(scenario)")
            #expect(!told.isEmpty, "\(scenario)")
        }
    }

    @Test("entries as journalctl prints them in JSON hold what the reader looks at")
    func samples() throws {
        for (name, unit) in [("containerd", "containerd.service"), ("kubelet", "kubelet.service")] {
            let data = try RecordedJournals.fixture("journal-json-sample-\(name).json")
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
            #expect(object["_SYSTEMD_UNIT"] == unit)
            #expect(object["_TRANSPORT"] == "stdout")
            let message = try #require(object["MESSAGE"])
            let entry = JournalEntry(
                origin: .unit(unit), message: Array(message.utf8), received: Timestamp(nanoseconds: 0))
            #expect(JournalTranslator.lines(of: entry).0.count == 1)
        }
    }
}
