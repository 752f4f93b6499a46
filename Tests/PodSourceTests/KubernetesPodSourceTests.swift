// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import Logging
import PodSource
import SessionRecords
import SessionTracking
import TestSupport
import Testing

@Suite("API server watch", .timeLimit(.minutes(2)))
struct KubernetesPodSourceTests {
    /// A stand-in and a source's configuration for it, with waits short enough for a test.
    private func with(
        options: APIServerStandIn.Options = .init(), timings change: (inout PodSourceTimings) -> Void = { _ in },
        _ body: (APIServerStandIn, PodSourceConfiguration) async throws -> Void
    ) async throws {
        let server = try APIServerStandIn(options: options)
        try await server.start()
        var timings = PodSourceTimings()
        timings.backoffBase = .milliseconds(20)
        timings.backoffCap = .milliseconds(200)
        timings.forbiddenDelay = .milliseconds(100)
        timings.credentialLifetime = .seconds(60)
        change(&timings)
        let access = APIServerAccess.server(
            url: server.url, tokenFile: server.tokenPath, caFile: options.tls ? server.caPath : nil)
        do {
            try await body(
                server, PodSourceConfiguration(origin: .api(access), nodeName: "node-1", timings: timings))
        } catch {
            await server.close()
            throw error
        }
        await server.close()
    }

    private func pod(_ name: String, node: String = "node-1", phase: String = "Running") -> String {
        RecordedPods.pod(name, uid: "uid-" + name, node: node, status: #""phase":"\#(phase)""#)
    }

    private func uid(_ name: String) throws -> PodUID {
        try #require(PodUID("uid-" + name))
    }

    @Test("lists, watches, and tells a deletion after the pod's last content", arguments: [true, false])
    func life(tls: Bool) async throws {
        var options = APIServerStandIn.Options()
        options.tls = tls
        try await with(options: options) { server, configuration in
            try server.put(podJSON: try RecordedPods.text("1-attach__pod-0-before.managed"))
            try server.put(podJSON: pod("elsewhere", node: "node-2"))
            try await SourceRun.with(configuration) { run in
                try await run.until("listing") { run.restorations == 1 && server.openWatches == 1 }
                #expect(run.source.isAvailable)
                #expect(Array(run.pods.keys) == ["debug-target"])
                #expect(run.facts.last == .sourceRestored(.pods))

                try server.put(podJSON: try RecordedPods.text("1-attach__pod-1-during-notty.managed"))
                try await run.until("session") { run.pods["debug-target"]?.containers.count == 2 }
                // The same content again under a new version is no news.
                try server.put(podJSON: try RecordedPods.text("1-attach__pod-1-during-notty.managed"))
                try server.put(podJSON: try RecordedPods.text("1-attach__pod-2-after-notty.managed"))
                try server.delete(namespace: "default", name: "debug-target")
                try await run.until("deletion") { run.deletions.count == 1 }
                #expect(run.count { if case .pod = $0 { true } else { false } } == 3)
                guard case .terminated(let end) = run.pods["debug-target"]?.containers.last?.status?.state else {
                    Issue.record("the ending was not told before the deletion")
                    return
                }
                #expect(end.exitCode == 42)
                #expect(run.losses.isEmpty)
            }
            #expect(server.count("list") == 1)
            #expect(server.requests.allSatisfy { $0.query["fieldSelector"] == "spec.nodeName=node-1" })
            #expect(server.requests.last?.query["allowWatchBookmarks"] == "true")
        }
    }

    @Test("a long list comes in pages and is one listing")
    func pages() async throws {
        try await with(timings: { $0.pageSize = 3 }) { server, configuration in
            for index in 0..<8 { try server.put(podJSON: pod("p\(index)")) }
            try await SourceRun.with(configuration) { run in
                try await run.until("listing") { run.restorations == 1 }
                #expect(run.pods.count == 8)
                #expect(run.listings.map(\.count) == [8])
                #expect(server.count("list") == 3)
            }
        }
    }

    @Test("events survive chunks that cut lines anywhere")
    func pieces() async throws {
        try await with { server, configuration in
            server.split(pieces: 7)
            try await SourceRun.with(configuration) { run in
                try await run.until("watch") { server.openWatches == 1 }
                for index in 0..<5 { try server.put(podJSON: pod("p\(index)")) }
                try await run.until("all pods") { run.pods.count == 5 }
            }
        }
    }

    @Test("a clean end resumes at the last version, also at that of a bookmark, without a list")
    func cleanEnd() async throws {
        try await with { server, configuration in
            try await SourceRun.with(configuration) { run in
                try await run.until("watch") { server.openWatches == 1 }
                try server.put(podJSON: pod("a"))
                try await run.until("a") { run.pods["a"] != nil }
                for _ in 0..<5 { server.advance() }
                server.sendBookmarks()
                try server.put(podJSON: pod("b"))
                try await run.until("b") { run.pods["b"] != nil }
                for _ in 0..<5 { server.advance() }
                server.sendBookmarks()
                // The end comes behind the bookmark on the same stream.
                server.endWatches()
                try await run.until("second watch") { server.count("watch") == 2 }
                let versions = server.requests.filter { $0.verb == "watch" }.map { $0.query["resourceVersion"] }
                #expect(versions == ["1000", "1012"])
                try server.put(podJSON: pod("c"))
                try await run.until("c") { run.pods["c"] != nil }
                server.endWatches()
                try await run.until("third watch") { server.count("watch") == 3 }
                // Without a bookmark the version of the last event is the point to resume from.
                #expect(server.requests.last { $0.verb == "watch" }?.query["resourceVersion"] == "1013")
                #expect(server.count("list") == 1)
                #expect(run.losses.isEmpty)
            }
        }
    }

    @Test("a dropped connection resumes without a gap, and what happened meanwhile is told")
    func droppedWatch() async throws {
        try await with { server, configuration in
            try await SourceRun.with(configuration) { run in
                for index in 0..<5 {
                    try await run.until("watch") { server.openWatches == 1 }
                    server.dropWatches()
                    try server.put(podJSON: pod("p\(index)"))
                    try await run.until("p\(index)") { run.pods["p\(index)"] != nil }
                }
                #expect(server.count("list") == 1)
                #expect(run.losses.isEmpty)
            }
        }
    }

    @Test("410 lists again, and a pod deleted meanwhile is missing in the listing", arguments: [true, false])
    func expiry(asEvent: Bool) async throws {
        try await with { server, configuration in
            try server.put(podJSON: pod("stays"))
            try server.put(podJSON: pod("goes"))
            try await SourceRun.with(configuration) { run in
                try await run.until("watch") { server.openWatches == 1 }
                server.hang()
                try server.delete(uid: "uid-goes")
                try server.put(podJSON: pod("comes"))
                server.expire(asEvent ? .event : .status)
                server.hang(false)
                try await run.until("second listing") { run.listings.count == 2 && run.restorations == 2 }
                let expected: Set<PodUID> = [try uid("stays"), try uid("comes")]
                #expect(run.listings.last == expected)
                #expect(run.pods["comes"] != nil)
                #expect(run.losses.count == 1 && run.losses.first?.contains("410") == true)
                #expect(run.deletions.isEmpty)
                // A pod that did not change is not told again.
                #expect(run.count { if case .pod(let pod) = $0 { pod.name == "stays" } else { false } } == 1)
                try server.put(podJSON: pod("later"))
                try await run.until("later") { run.pods["later"] != nil }
            }
        }
    }

    @Test("a 401 reads the token again from its path and goes on without a gap")
    func rotatedToken() async throws {
        try await with { server, configuration in
            try await SourceRun.with(configuration) { run in
                try await run.until("watch") { server.openWatches == 1 }
                try server.rotateToken("second-token", inFile: true)
                server.endWatches()
                try await run.until("refused once") { server.count("watch", status: 401) == 1 }
                try server.put(podJSON: pod("a"))
                try await run.until("a") { run.pods["a"] != nil }
                #expect(server.count("watch", status: 401) == 1)
                #expect(run.losses.isEmpty)
            }
        }
    }

    @Test("the token is read again once it is old, before anybody refuses it")
    func oldToken() async throws {
        try await with(timings: { $0.credentialLifetime = .milliseconds(1) }) { server, configuration in
            try await SourceRun.with(configuration) { run in
                try await run.until("watch") { server.openWatches == 1 }
                try server.rotateToken("second-token", inFile: true)
                server.endWatches()
                try await run.until("second watch") { server.count("watch", status: 200) == 2 }
                #expect(server.count("watch", status: 401) == 0)
            }
        }
    }

    @Test("a token that stays refused is a loss, and its replacement ends it")
    func wrongToken() async throws {
        try await with { server, configuration in
            try server.rotateToken("unknown-to-the-agent", inFile: false)
            try await SourceRun.with(configuration) { run in
                try await run.until("loss") { run.losses.count == 1 }
                #expect(run.losses.first?.contains("401") == true)
                #expect(!run.source.isAvailable && run.source.status.trouble?.contains("401") == true)
                try server.rotateToken("known", inFile: true)
                try await run.until("recovery") { run.restorations == 1 }
                #expect(run.source.isAvailable && run.source.status.trouble == nil)
            }
        }
    }

    @Test("403 is said once, tried slowly, and recovered from")
    func forbidden() async throws {
        try await with { server, configuration in
            server.forbid(["list"])
            try await SourceRun.with(configuration) { run in
                try await run.until("three tries") { server.count("list", status: 403) >= 3 }
                #expect(run.losses.count == 1)
                #expect(run.losses.first?.contains("list is not allowed") == true)
                server.forbid([])
                try await run.until("recovery") { run.restorations == 1 }
            }
        }
    }

    @Test("Retry-After is waited for", arguments: [429, 503])
    func retryAfter(status: Int) async throws {
        try await with { server, configuration in
            server.throttle(retryAfter: 3, 1, status: status)
            try await SourceRun.with(configuration) { run in
                let begun = ContinuousClock.now
                try await run.until("listing") { run.restorations == 1 }
                #expect(ContinuousClock.now - begun >= .seconds(3))
                #expect(server.count("list") == 2)
            }
        }
    }

    @Test("a watch that hangs is left, and resumed without a list")
    func hang() async throws {
        try await with(timings: {
            $0.idleTimeout = .milliseconds(600)
        }) { server, configuration in
            try await SourceRun.with(configuration) { run in
                try await run.until("watch") { server.openWatches == 1 }
                let lists = server.count("list")
                server.hang()
                try server.put(podJSON: pod("a"))
                try await run.until("loss") { run.losses.count == 1 }
                #expect(run.losses.first?.contains("silent") == true)
                server.hang(false)
                try await run.until("a") { run.pods["a"] != nil }
                try await run.until("recovery") { run.restorations == 2 }
                #expect(server.count("list") == lists)
            }
        }
    }

    @Test("a list that hangs is left")
    func hangingList() async throws {
        try await with(timings: { $0.listTimeout = .milliseconds(300) }) { server, configuration in
            server.hang()
            try await SourceRun.with(configuration) { run in
                try await run.until("two tries") { server.count("list") >= 2 }
                #expect(run.losses.count == 1)
                #expect(run.losses.first?.contains("silent") == true)
            }
        }
    }

    @Test("a server that stops and comes back on its port closes the gap it opened")
    func restart() async throws {
        try await with { server, configuration in
            try server.put(podJSON: pod("a"))
            try await SourceRun.with(configuration) { run in
                try await run.until("watch") { server.openWatches == 1 }
                await server.stop()
                try await run.until("loss") { run.losses.count == 1 }
                #expect(!run.source.isAvailable)
                try server.put(podJSON: pod("b"))
                try await server.start()
                try await run.until("recovery") { run.restorations == 2 && run.pods["b"] != nil }
                #expect(run.losses.count == 1)
            }
        }
    }

    @Test("an oversize or broken event costs itself and nothing else")
    func badLines() async throws {
        try await with { server, configuration in
            try server.put(
                podJSON: RecordedPods.pod(
                    "big", uid: "uid-big", metadata: #""labels":{"a":"\#(String(repeating: "x", count: 10 << 20))"}"#))
            try await SourceRun.with(configuration) { run in
                try await run.until("watch") { server.openWatches == 1 }
                // Not read, but there: not missing in the listing.
                let expected = [Set([try uid("big")])]
                #expect(run.listings == expected)
                try server.put(
                    podJSON: RecordedPods.pod(
                        "big", uid: "uid-big", metadata: #""labels":{"a":"\#(String(repeating: "y", count: 9 << 20))"}"#
                    ))
                server.inject(line: "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{}}}")
                server.inject(line: "no json")
                server.inject(line: "{\"type\":\"NEWS\",\"object\":{}}")
                try server.put(podJSON: pod("small"))
                try await run.until("small") { run.pods["small"] != nil }
                #expect(run.pods["big"] == nil)
                #expect(server.count("watch") == 1)
            }
        }
    }

    @Test("a full queue drops, says how much, and tells everything again once there is room")
    func overflow() async throws {
        try await with { server, configuration in
            var configuration = configuration
            configuration.queueCapacity = 8
            for index in 0..<6 { try server.put(podJSON: pod("p\(index)")) }
            try await SourceRun.with(configuration, taking: false) { run in
                try await run.until("watch") { server.openWatches == 1 && run.source.queue.count == 8 }
                for index in 6..<12 { try server.put(podJSON: pod("p\(index)")) }
                try await run.until("watch given up") { server.openWatches == 0 }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await run.take() }
                    try await run.until("all pods") { run.pods.count == 12 && run.listings.last?.count == 12 }
                    group.cancelAll()
                }
                let drops = run.facts.compactMap { if case .sourceOverflowed(.pods, let n) = $0 { n } else { nil } }
                #expect(drops.reduce(0, +) >= 1)
                #expect(server.count("list") >= 2)
            }
        }
    }

    // MARK: Trial access

    private func trial(_ configuration: PodSourceConfiguration) async throws -> LastwordError? {
        let source = try #require(configuration.makeSource(logger: .init(label: "test")))
        do {
            try await source.trialAccess()
            return nil
        } catch let error as LastwordError {
            return error
        }
    }

    @Test("a trial passes, or says what is wrong and what to do")
    func trialAccess() async throws {
        try await with { server, configuration in
            #expect(try await trial(configuration) == nil)

            server.forbid(["watch"])
            let forbidden = try #require(try await trial(configuration))
            #expect(forbidden.code == "pods.forbidden")
            #expect(forbidden.remedy?.contains("the verb watch on pods is missing") == true)
            server.forbid([])

            server.unauthorized(1)
            #expect(try await trial(configuration)?.code == "pods.unauthorized")

            let other = try APIServerStandIn()
            var wrongCA = configuration
            wrongCA.origin = .api(
                .server(url: server.url, tokenFile: server.tokenPath, caFile: other.caPath))
            let certificate = try #require(try await trial(wrongCA))
            #expect(certificate.code == "pods.certificate", "\(certificate)")
            await other.close()

            var noToken = configuration
            noToken.origin = .api(
                .server(url: server.url, tokenFile: server.directory + "/absent", caFile: server.caPath))
            #expect(try await trial(noToken)?.code == "pods.credentials")

            await server.stop()
            let unreachable = try #require(try await trial(configuration))
            #expect(unreachable.code == "pods.unreachable", "\(unreachable)")
            #expect(unreachable.remedy != nil)
        }
    }
}
