// SPDX-License-Identifier: Apache-2.0
package import Logging
import ServerAccess
import SessionRecords
package import SessionTracking

/// The node's pods by list and watch at the API server.
///
/// Lists once, watches from the list's version, resumes from the last version seen after a clean end or a broken
/// connection, and lists again after a 410. A connection that comes back at the first try is no gap, because the server
/// replays what happened in between; a gap is told where that is not certain any more.
package final class KubernetesPodSource: PodSource {
    package let queue: ObservationQueue
    private let access: APIServerAccess
    private let configuration: PodSourceConfiguration
    private let logger: Logger
    private let clock: AgentClock
    private let health = PodSourceHealth()

    package var status: PodSourceStatus { health.status }

    package init(
        access: APIServerAccess, configuration: PodSourceConfiguration, logger: Logger, clock: AgentClock
    ) {
        self.access = access
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        queue = ObservationQueue(capacity: configuration.queueCapacity)
    }

    package func run() async throws {
        let client = APIServerClient(nodeName: configuration.nodeName, timings: configuration.timings)
        var loop = ListWatchLoop(
            client: client, access: access, timings: configuration.timings,
            reporter: PodReporter(queue: queue, health: health, logger: logger, clock: clock))
        await loop.run()
        queue.finish()
        // Not waited for: it waits for connections that are being made, and a stop has no time for a server that hangs.
        Task { await client.shutdown() }
    }

    /// Lists one pod and begins a watch, so that both verbs are proved.
    package func trialAccess() async throws {
        let client = APIServerClient(nodeName: configuration.nodeName, timings: configuration.timings)
        var place = "the API server"
        do throws(PodSourceFailure) {
            var keeper = CredentialKeeper(lifetime: .zero) { [access] in try access.read() }
            let (credentials, tls) = try keeper.credentials()
            place += " " + credentials.server
            let page = try await client.page(limit: 1, next: nil, credentials: credentials, tls: tls)
            _ = try await client.watch(
                from: page.resourceVersion, seconds: 1, credentials: credentials, tls: tls)
        } catch {
            await client.shutdown()
            var needs = "grant get, list and watch on pods (a ClusterRole: the agent reads its own node's pods)"
            if case .forbidden(let verb, _) = error { needs = "the verb \(verb) on pods is missing: " + needs }
            throw error.error(trying: "list and watch pods at \(place)", needs: needs)
        }
        await client.shutdown()
    }
}
