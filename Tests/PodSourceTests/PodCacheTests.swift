// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@testable import PodSource

@Suite("Pod cache and request times")
struct PodCacheTests {
    private func time(_ text: String) throws -> Timestamp {
        try #require(Timestamp(rfc3339: text))
    }

    private func recorded(_ name: String) throws -> TranslatedPod {
        try PodTranslator().translate(try RecordedPods.bytes(name))
    }

    private func requests(_ facts: [Fact]) -> [String: String] {
        var requests: [String: String] = [:]
        for case .pod(let pod) in facts {
            for container in pod.containers {
                if let at = container.requestedAt { requests[container.name] = "\(at) \(container.requestedBy ?? "")" }
            }
        }
        return requests
    }

    @Test("the same facts are told once, a change is told again")
    func changes() throws {
        var cache = PodCache()
        let now = try time("2026-11-21T03:40:00Z")
        let first = try recorded("1-attach__pod-1-during-notty.managed")
        #expect(cache.saw(first, now: now).count == 1)
        #expect(cache.saw(first, now: now).isEmpty)
        #expect(cache.saw(try recorded("1-attach__pod-2-after-notty.managed"), now: now).count == 1)
        cache.retellAll()
        #expect(cache.saw(try recorded("1-attach__pod-2-after-notty.managed"), now: now).count == 1)
    }

    @Test("a deletion tells the last content first, and once")
    func deletion() throws {
        var cache = PodCache()
        let now = try time("2026-11-21T03:40:00Z")
        let running = try recorded("1-attach__pod-1-during-notty.managed")
        let finished = try recorded("1-attach__pod-2-after-notty.managed")
        _ = cache.saw(running, now: now)
        let told = cache.deleted(finished, now: now)
        #expect(told == [.pod(finished.facts), .podDeleted(finished.facts.uid, at: now)])
        #expect(cache.deleted(finished, now: now).isEmpty)
        #expect(cache.live.isEmpty)
    }

    @Test("a listing makes what is not in it gone, and old deletions are forgotten")
    func listing() throws {
        var cache = PodCache()
        let now = try time("2026-11-21T03:40:00Z")
        let pod = try recorded("1-attach__pod-1-during-notty.managed")
        _ = cache.saw(pod, now: now)
        #expect(cache.listed([], now: now) == [.podListing([])])
        #expect(cache.live.isEmpty)
        #expect(cache.vanished(pod.facts.uid, now: now).isEmpty)
        cache.expire(now: now.advanced(byNanoseconds: PodCache.keptAfterDeletion))
        // Forgotten: it would be told as a new one.
        #expect(cache.saw(pod, now: now).count == 1)
    }

    @Test("the cache is bounded and says what it refused")
    func bounded() throws {
        var cache = PodCache()
        let now = try time("2026-11-21T03:40:00Z")
        for index in 0...PodCache.maximumPods {
            let uid = try #require(PodUID("u\(index)"))
            let pod = TranslatedPod(facts: PodFacts(uid: uid, namespace: "n", name: "p"), requests: [:])
            #expect(cache.saw(pod, now: now).count == (index < PodCache.maximumPods ? 1 : 0))
        }
        #expect(cache.refused == 1)
    }

    // MARK: Request times

    @Test("the second session's request leaves the first one's time alone")
    func secondSession() throws {
        var cache = PodCache()
        let first = cache.saw(
            try recorded("1-attach__pod-1-during-notty.managed"), now: try time("2026-11-21T02:40:01Z"))
        #expect(requests(first) == ["debugger-wbcnr": "2026-11-21T02:40:00Z kubectl"])
        let third = cache.saw(try recorded("1-attach__pod-3-after-tty.managed"), now: try time("2026-11-21T02:40:14Z"))
        #expect(
            requests(third) == [
                "debugger-wbcnr": "2026-11-21T02:40:00Z kubectl", "debugger-ckfhs": "2026-11-21T02:40:13Z kubectl",
            ])
    }

    @Test("a name first seen more than 60 s after the entry never gets a time")
    func lateSight() throws {
        var cache = PodCache()
        let late = cache.saw(
            try recorded("1-attach__pod-1-during-notty.managed"), now: try time("2026-11-21T02:41:01Z"))
        #expect(requests(late).isEmpty)
        cache.retellAll()
        let again = cache.saw(
            try recorded("1-attach__pod-1-during-notty.managed"), now: try time("2026-11-21T02:40:10Z"))
        #expect(requests(again).isEmpty)
    }

    @Test("of several sessions first seen at once only the last can be the entry's")
    func sharedEntry() throws {
        var cache = PodCache()
        let both = cache.saw(try recorded("1-attach__pod-3-after-tty.managed"), now: try time("2026-11-21T02:40:30Z"))
        #expect(requests(both) == ["debugger-ckfhs": "2026-11-21T02:40:13Z kubectl"])
    }

    @Test("a container that had started before the entry was asked for by somebody earlier")
    func startedBefore() throws {
        var cache = PodCache()
        var pod = try recorded("1-attach__pod-1-during-notty.managed")
        let later = try time("2026-11-21T02:40:30Z")
        pod.requests = pod.requests.mapValues { RequestEntry(at: later, manager: $0.manager) }
        #expect(requests(cache.saw(pod, now: later)).isEmpty)
    }

    @Test("a node pod's request is its creation, unless the entry has moved since")
    func nodePod() throws {
        func pod(_ time: String) throws -> TranslatedPod {
            let json = RecordedPods.pod(
                metadata: """
                    "labels":{"app.kubernetes.io/managed-by":"kubectl-debug"},"creationTimestamp":"2026-11-21T02:00:00Z",
                    "managedFields":[{"manager":"kubectl","operation":"Update","time":"\(time)","fieldsV1":{"f:spec":\
                    {"f:containers":{"k:{\\"name\\":\\"debugger\\"}":{}}}}}]
                    """, spec: #""containers":[{"name":"debugger"}]"#)
            return try PodTranslator().translate(Array(json.utf8))
        }
        let now = try time("2026-11-21T02:00:20Z")
        var cache = PodCache()
        #expect(
            requests(cache.saw(try pod("2026-11-21T02:00:00Z"), now: now))
                == ["debugger": "2026-11-21T02:00:00Z kubectl"])
        var other = PodCache()
        #expect(requests(other.saw(try pod("2026-11-21T02:00:10Z"), now: now)).isEmpty)
    }
}
