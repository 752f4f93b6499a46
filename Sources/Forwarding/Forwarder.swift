// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Delivery
package import Logging
package import OTLPCoding
import SessionRecords
import Synchronization
import Telemetry

/// Delivers the ledger's entries in their order, one request at a time, until it is stopped.
///
/// It only ever reads what is durable, and keeps one batch in memory: a receiver that is away costs nothing but the backlog
/// in the store. Decisions are `DeliveryMachine`'s.
package final class Forwarder: Sendable {
    /// How it does, for `/readyz`.
    package struct Status: Sendable, Hashable {
        /// Nothing moves, and why; nil while entries are taken, or nothing has been tried yet.
        package var trouble: String?
        /// A receiver has taken something in this life of the agent.
        package var hasDelivered = false
    }

    let configuration: ForwardingConfiguration
    let encoder: OTLPEncoder
    let outbox: OutboxAccess
    let clock: ForwarderClock
    let logger: Logger
    let metrics = ForwardingMetrics()
    let wakeUp = WakeUp()
    private let state = Mutex(Status())

    package init(
        configuration: ForwardingConfiguration, sender: OTLPEncoder.Sender, outbox: OutboxAccess, clock: ForwarderClock,
        logger: Logger
    ) {
        self.configuration = configuration
        encoder = OTLPEncoder(sender: sender, policy: configuration.policy)
        self.outbox = outbox
        self.clock = clock
        self.logger = logger
    }

    package var status: Status { state.withLock { $0 } }

    /// There may be new entries. Never waits.
    package func wake() {
        wakeUp.signal(.entries)
    }

    /// Sends once more what the receiver refused.
    package func sendRefusedAgain() {
        wakeUp.signal(.again)
    }

    /// What is there is still delivered as long as it moves, for `drainTime` at most; then `run` returns.
    package func finish() {
        wakeUp.signal(.stop)
    }

    /// Until `finish`, or the task is cancelled. Trouble of any kind is waited out.
    package func run() async {
        let client = OTLPHTTPClient(configuration, now: clock.now)
        await withTaskGroup { group in
            group.addTask {
                var loop = ForwarderLoop(self, client)
                await loop.run()
            }
            group.addTask {
                // What has not been answered by then is asked again at the next start. In real time, whatever the clock is:
                // the process is to end.
                await self.wakeUp.wait(for: [.stop])
                do { try await Task.sleep(for: self.configuration.drainTime) } catch { return }
            }
            await group.next()
            group.cancelAll()
        }
        client.shutdown()
    }

    /// Reads off what waits, for the metrics.
    package func measure() async {
        do {
            let backlog = try await outbox.backlog()
            let age = backlog.since.map { clock.now().nanoseconds(since: $0) / 1_000_000_000 } ?? 0
            metrics.measured(backlog, ageSeconds: max(0, age))
        } catch {
            logger.debug("the backlog cannot be measured", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }

    func update(_ change: (inout Status) -> Void) {
        let status = state.withLock { status in
            change(&status)
            return status
        }
        metrics.state(up: status.trouble == nil && status.hasDelivered)
    }
}
