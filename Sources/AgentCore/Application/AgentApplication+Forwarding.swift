// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Forwarding
import Logging
import OTLPCoding
import ServiceLifecycle
import SessionRecords
import SessionTracking
import Synchronization
import Telemetry
import UnixSignals

extension AgentApplication {
    /// The forwarder on the current store; nil, and the store says so, where nothing is to be forwarded.
    static func forwarder(
        _ configuration: AgentConfiguration, _ stores: CurrentStore, _ writer: StoreWriter, clock: AgentClock,
        logger: Logger
    ) throws -> Forwarder? {
        guard let forwarding = configuration.forwarding else {
            try stores.perform { try $0.noteDelivery(to: nil) }
            return nil
        }
        try forwarding.validate()
        let outbox = OutboxAccess(
            directory: configuration.store.directory, destination: forwarding.endpoint.url
        ) { work in
            try await writer.perform { try stores.perform(work) }
        }
        let sender = OTLPEncoder.Sender(
            version: version, node: configuration.node.name, cluster: configuration.cluster.name,
            clusterUID: configuration.cluster.uid)
        return Forwarder(
            configuration: forwarding, sender: sender, outbox: outbox, clock: ForwarderClock(clock), logger: logger)
    }
}

/// Tells the forwarder of new entries. Made before it, since the writer that rings is.
final class DeliveryBell: Sendable {
    private let forwarder = Mutex<Forwarder?>(nil)

    func hang(_ forwarder: Forwarder?) {
        self.forwarder.withLock { $0 = forwarder }
    }

    /// Never waits.
    func ring() {
        forwarder.withLock { $0 }?.wake()
    }
}

/// Stopped last, behind the writer: then it delivers what the others have just written, as long as there is time.
struct ForwarderService: Service {
    let forwarder: Forwarder

    func run() async throws {
        await withGracefulShutdownHandler {
            await forwarder.run()
        } onGracefulShutdown: {
            forwarder.finish()
        }
    }
}

/// SIGUSR1: what the receiver refused is sent once more.
struct RefusedAgainService: Service {
    let forwarder: Forwarder?
    let logger: Logger

    func run() async throws {
        await runUntilStopped {
            for await _ in await UnixSignalsSequence(trapping: .sigusr1) {
                guard let forwarder else {
                    logger.notice("SIGUSR1 without a receiver: there is nothing to send again")
                    continue
                }
                logger.notice("what was refused is sent again")
                forwarder.sendRefusedAgain()
            }
        }
    }
}
