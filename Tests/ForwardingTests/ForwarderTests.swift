// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Delivery
import Foundation
import OTLPCoding
import ReceiverSupport
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import Forwarding

@Suite("Forwarder")
struct ForwarderTests {
    @Test("entries arrive in order with their outputs, packed, and the mark moves with the answer")
    func order() async throws {
        let receiver = OTLPReceiver()
        try await receiver.start()
        let run = try ForwardingRun(receiver.url) { $0.limits = BatchLimits(entries: 10) }
        run.start()
        try await run.record(1...45, output: String(repeating: "finding\n", count: 200))
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == Array(1...46))
        #expect(receiver.entries.allSatisfy { $0.ledger == run.store.ledger && $0.node == "worker-0" })
        #expect(receiver.entries[7].output?.bytes.count == 1600)
        let request = try #require(receiver.requests.last)
        #expect(request.path == "/v1/logs" && request.headers["content-encoding"] == "gzip")
        #expect(request.headers["content-type"] == "application/x-protobuf")
        #expect(request.packedBytes < request.body.count / 2)
        #expect(try run.status().delivery?.acceptedAt != nil)
        try await run.close()
        await receiver.stop()
    }

    @Test("a new entry is sent at once, without waiting for a timer")
    func atOnce() async throws {
        let receiver = OTLPReceiver()
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        run.start()
        try await run.waitUntilDelivered()
        for number in 1...5 {
            try await run.record(number...number)
            try await waitUntil("entry \(number) has arrived") { receiver.entries.count == number + 1 }
        }
        #expect(run.clock.waited.isEmpty)
        try await run.close()
        await receiver.stop()
    }

    @Test("an hour without a collector: nothing is lost, the order stays, and status says since when")
    func anHourAway() async throws {
        let clock = MadeUpClock()
        let back = clock.now.advanced(byNanoseconds: 3_600_000_000_000)
        let receiver = OTLPReceiver { _ in clock.now < back ? .status(503) : .take }
        try await receiver.start()
        // Fewer attempts than by default, so that the hour takes seconds.
        let run = try ForwardingRun(receiver.url, clock: clock) { $0.schedule.cap = .seconds(300) }
        try await run.record(1...20)
        run.start()
        try await waitUntil("it says that nothing moves") { try run.status().delivery?.trouble != nil }
        let note = try #require(try run.status().delivery)
        #expect(note.trouble == "answered 503: as the test wants it" && note.acceptedAt == nil)
        try await run.record(21...30)
        try await run.waitUntilDelivered(.seconds(120))
        #expect(receiver.entries.map(\.number) == Array(1...31))
        #expect(clock.now >= back && receiver.requests.count < 400)
        let after = try #require(try run.status().delivery)
        #expect(after.trouble == nil && after.since >= back && run.forwarder.status.trouble == nil)
        try await run.close()
        await receiver.stop()
    }

    @Test("a receiver that is not there, and comes back on its port, costs nothing but time")
    func refusedConnections() async throws {
        let receiver = OTLPReceiver()
        try await receiver.start()
        await receiver.stop()
        let run = try ForwardingRun(receiver.url)
        try await run.record(1...5)
        run.start()
        try await waitUntil("it has noticed") { run.forwarder.status.trouble != nil }
        try await receiver.start()
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == Array(1...6))
        try await run.close()
        await receiver.stop()
    }

    @Test(
        "while the endpoint is at fault nothing moves and nothing is marked",
        arguments: [401, 403, 404, 405, 415, 429, 500, 503])
    func endpointFaults(_ status: Int) async throws {
        let count = Mutex(0)
        let receiver = OTLPReceiver { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number <= 5 ? .status(status) : .take
        }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        try await run.record(1...10)
        run.start()
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == Array(1...11))
        let refusals = try run.status()
        #expect(refusals.refused == 0 && refusals.refusedOutputs == 0 && run.clock.waited.count == 5)
        #expect(receiver.requests.prefix(5).allSatisfy { $0.batch?.entries.count == 11 })
        try await run.close()
        await receiver.stop()
    }

    @Test("what the receiver asks to wait is waited, in seconds and as a date")
    func retryAfter() async throws {
        let count = Mutex(0)
        let receiver = OTLPReceiver { _ in
            switch count.withLock({ count in
                count += 1
                return count
            }) {
            case 1: .status(429, retryAfter: "120")
            // The clock begins at 02:40:00; it is two minutes later by now.
            case 2: .status(503, retryAfter: "Sat, 21 Nov 2026 02:44:00 GMT")
            default: .take
            }
        }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        run.start()
        try await run.waitUntilDelivered()
        let waited = run.clock.waited
        #expect(waited.count == 2 && waited[0] >= .seconds(120) && waited[0] < .seconds(122))
        #expect(waited[1] > .seconds(115) && waited[1] < .seconds(122))
        try await run.close()
        await receiver.stop()
    }

    @Test("half an answer is no answer: it is sent again, and the repetition is the receiver's to recognise")
    func halfAnAnswer() async throws {
        let first = Mutex(true)
        let receiver = OTLPReceiver { _ in
            first.withLock { first in
                defer { first = false }
                return first ? .half : .take
            }
        }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        try await run.record(1...3)
        run.start()
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == [1, 2, 3, 4, 1, 2, 3, 4])
        try await run.close()
        await receiver.stop()
    }

    @Test("a page that says 200 is no delivery")
    func page() async throws {
        let receiver = OTLPReceiver { _ in .page }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        try await run.record(1...3)
        run.start()
        try await waitUntil("it has noticed") { run.forwarder.status.trouble?.contains("not an OTLP receiver") == true }
        #expect(try run.status().backlog == 4)
        await run.kill()
        try await run.close()
        await receiver.stop()
    }

    @Test(
        "a 200 is a delivery only if it is an OTLP answer",
        arguments: [
            (nil, "", true), ("application/x-protobuf", "", true), ("application/json", "", true),
            ("application/json; charset=utf-8", " {} ", true), ("application/json", "{\"partialSuccess\":{}}", true),
            ("application/json", "{\"partialSuccess\":{\"later\":1},\"later\":2}", true),
            ("text/html", "", false), ("text/plain", "ok", false), ("application/json", "{\"status\":\"ok\"}", false),
            ("application/json", "[]", false), ("application/json", "true", false), (nil, "ok", false),
        ] as [(String?, String, Bool)])
    func answers(_ type: String?, _ text: String, _ isDelivery: Bool) async throws {
        let receiver = OTLPReceiver { _ in .other(type: type, text) }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        run.start()
        try await waitUntil("it has answered") {
            run.forwarder.status.trouble != nil || run.forwarder.status.hasDelivered
        }
        #expect(run.forwarder.status.hasDelivered == isDelivery)
        await run.kill()
        try await run.close()
        await receiver.stop()
    }

    @Test("a poison entry goes as a stub, is kept and counted, and is sent whole once somebody asks for it")
    func poison() async throws {
        let isHealed = Mutex(false)
        let receiver = OTLPReceiver { request in
            let isPoison = request.batch?.entries.contains { $0.number == 17 && $0.bytes != nil } == true
            return isPoison && !isHealed.withLock { $0 } ? .status(400) : .take
        }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        try await run.record(1...50)
        run.start()
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == Array(1...51))
        #expect(receiver.entries[16].bytes == nil && receiver.entries[16].stubReason == "refused with 400")
        #expect(receiver.requests.count <= 20)
        #expect(try run.status().refused == 1)
        run.forwarder.sendRefusedAgain()
        try await waitUntil("it was tried") { receiver.requests.last?.batch?.entries.map(\.number) == [17] }
        #expect(try run.status().refused == 1)
        isHealed.withLock { $0 = true }
        run.forwarder.sendRefusedAgain()
        try await waitUntil("it is taken") { try run.status().refused == 0 }
        #expect(receiver.entries.last?.number == 17 && receiver.entries.last?.bytes != nil)
        try await run.close()
        await receiver.stop()
    }

    @Test("what is refused for its labels goes as number and hashes alone, and delivery goes on behind it")
    func poisonLabel() async throws {
        let label = Array("k8s.pod.label.poison".utf8)
        let receiver = OTLPReceiver { request in
            Data(request.body).range(of: Data(label)) == nil ? .take : .status(400)
        }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        try await run.record(1...3)
        try await run.record(4...4, labels: ["poison": "yes"])
        try await run.record(5...6)
        run.start()
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == Array(1...7))
        #expect(receiver.entries[4].bytes == nil && receiver.entries[4].stubReason == "refused with 400")
        #expect(receiver.entries[4].node == "worker-0" && run.clock.waited.isEmpty)
        #expect(try run.status().refused == 1)
        try await run.close()
        await receiver.stop()
    }

    @Test("an entry that is too large with its output goes without it, and the output is counted as refused")
    func tooLarge() async throws {
        let receiver = OTLPReceiver { $0.body.count > 100_000 ? .status(413) : .take }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url)
        try await run.record(1...3)
        try await run.record(4...4, output: String(repeating: "y", count: 200_000))
        try await run.record(5...6)
        run.start()
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == Array(1...7))
        #expect(receiver.entries[4].bytes != nil && receiver.entries[4].outputOmitted == "refused")
        let status = try run.status()
        #expect(status.refused == 0 && status.refusedOutputs == 1)
        try await run.close()
        await receiver.stop()
    }

    @Test("a partial success is never repeated: its entries are marked, and the next ones go")
    func partialSuccess() async throws {
        let first = Mutex(true)
        let receiver = OTLPReceiver { _ in
            first.withLock { first in
                defer { first = false }
                return first ? .partly(rejected: 1) : .take
            }
        }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url) { $0.limits = BatchLimits(entries: 2) }
        try await run.record(1...5)
        run.start()
        try await run.waitUntilDelivered()
        #expect(receiver.requests.count == 3)
        #expect(try run.status().refused == 2)
        try await run.close()
        await receiver.stop()
    }

    @Test("a new kind of trouble is told in its own words, since the first one")
    func otherTrouble() async throws {
        let clock = MadeUpClock()
        let status = Mutex(503)
        let receiver = OTLPReceiver { _ in
            let status = status.withLock { $0 }
            return status == 200 ? .page : .status(status)
        }
        try await receiver.start()
        let run = try ForwardingRun(receiver.url, clock: clock)
        run.start()
        try await waitUntil("503 is noted") { try run.status().delivery?.trouble?.contains("503") == true }
        let since = try run.status().delivery?.since
        for (next, words) in [(401, "answered 401"), (200, "not an OTLP receiver"), (503, "answered 503")] {
            status.withLock { $0 = next }
            try await waitUntil("\(next) is noted") { try run.status().delivery?.trouble?.contains(words) == true }
            #expect(run.forwarder.status.trouble?.contains(words) == true)
            #expect(try run.status().delivery?.since == since)
        }
        await run.kill()
        try await run.close()
        await receiver.stop()
    }

    @Test("a store that was replaced learns how delivery does")
    func replacedStore() async throws {
        let receiver = OTLPReceiver()
        try await receiver.start()
        let notes = Mutex<[String?]>([])
        let isReplaced = Mutex(false)
        let run = try ForwardingRun(receiver.url) { _ in
        } outbox: { outbox in
            let (settle, note) = (outbox.settle, outbox.note)
            outbox.note = { trouble in
                notes.withLock { $0.append(trouble) }
                try await note(trouble)
            }
            outbox.settle = { ledger, settlement in
                let isFirst = isReplaced.withLock { isReplaced in
                    defer { isReplaced = true }
                    return !isReplaced
                }
                return try await isFirst ? false : settle(ledger, settlement)
            }
        }
        run.start()
        try await run.waitUntilDelivered()
        // At the start, and in the new store.
        #expect(notes.withLock { $0.count } == 2)
        try await run.close()
        await receiver.stop()
    }

    @Test("killed at any moment and started again, everything arrives, in order but for repetitions")
    func killed() async throws {
        let receiver = OTLPReceiver()
        try await receiver.start()
        let run = try ForwardingRun(receiver.url) { $0.limits = BatchLimits(entries: 4) }
        try await run.record(1...60)
        for _ in 0..<6 {
            let before = receiver.requests.count
            run.start()
            try await waitUntil("something was sent") { receiver.requests.count > before }
            await run.kill()
        }
        run.start()
        try await run.waitUntilDelivered()
        var seen: [Int64] = []
        for entry in receiver.entries where !seen.contains(entry.number) { seen.append(entry.number) }
        #expect(seen == Array(1...61))
        try await run.close()
        await receiver.stop()
    }
}
