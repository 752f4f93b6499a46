// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import SessionRecords
import SessionTracking
import SwiftProtobuf

/// One connection's life with containerd: subscribe, prove the subscription live, list, let go what was held back, and
/// then watch until something fails.
struct ContainerdSession: Sendable {
    let parts: SourceParts
    let version: RuntimeVersion
    let roster: SharedRoster
    let unary: UnaryConnection
    let logger: Logger
    /// Told when all that could be asked has been asked.
    let onLive: @Sendable () -> Void

    private let marker = SubscriptionMarker()
    private let records: ContainerRecordReader
    private let lookups: RecordLookups
    private let cri: CRICalls

    init(
        parts: SourceParts, version: RuntimeVersion, roster: SharedRoster, unary: UnaryConnection, logger: Logger,
        onLive: @escaping @Sendable () -> Void
    ) {
        self.parts = parts
        self.version = version
        self.roster = roster
        self.unary = unary
        self.logger = logger
        self.onLive = onLive
        cri = CRICalls(unary: unary, timeout: parts.configuration.callTimeout)
        records = ContainerRecordReader(unary: unary, timeout: parts.configuration.callTimeout)
        lookups = RecordLookups(parts: parts, records: records, cri: cri, version: version, roster: roster)
    }

    /// Adds the session's work to the group; whichever part ends first, by an error, ends the session.
    func start(in group: inout ThrowingTaskGroup<Void, any Error>) throws {
        let stream = try RuntimeClient(socketPath: parts.configuration.socketPath)
        parts.queue.hold()
        group.addTask { try await stream.runUntilCancelled() }
        group.addTask { try await read(stream) }
        group.addTask { try await supervise() }
        group.addTask { try await lookups.run() }
        group.addTask { try await StatusLookups(parts: parts, cri: cri).run() }
    }

    // MARK: The event stream

    private func read(_ client: RuntimeClient) async throws {
        let request = Containerd_Services_Events_V1_SubscribeRequest.with { $0.filters = TaskEventTranslator.filters }
        try await Containerd_Services_Events_V1_Events.Client(wrapping: client).subscribe(
            request, options: .patient(timeout: nil)
        ) { response in
            for try await envelope in response.messages { accept(envelope) }
        }
        throw LastwordError(code: "runtime.stream-ended", message: "the runtime ended the event stream")
    }

    /// Never waits: the wire is drained whatever the consumer does.
    private func accept(_ envelope: Containerd_Services_Events_V1_Envelope) {
        let receipt = parts.clock.now()
        let translation = TaskEventTranslator.translate(envelope, received: receipt.wall)
        if case .marker(let value) = translation { return marker.receive(value) }
        parts.metrics.received(topic: envelope.topic)
        switch translation {
        case .fact(let fact):
            // Under the roster's lock, so that a listing is put into the queue wholly before or wholly after this event.
            let accepted = roster.with { roster in
                roster.note(fact)
                return parts.queue.offer(Observation(fact, receipt: receipt))
            }
            if !accepted { parts.metrics.add(.eventsDropped) }
        case .recordWritten(let id):
            roster.with { $0.recordWritten(id) }
            parts.descriptions.ask(id, wanted: false)
        case .exec: parts.metrics.add(.execsIgnored)
        case .malformed: parts.metrics.add(.malformed)
        case .irrelevant, .marker: break
        }
    }

    // MARK: Going live, and staying so

    private func supervise() async throws {
        try await takeOverflow()
        if parts.configuration.marker {
            try await proveLive()
        } else {
            try await Task.sleep(for: parts.configuration.settleTime)
        }
        try await list(thorough: true)
        if !parts.configuration.marker {
            // Whatever happened before the subscription took hold is in the second one.
            try await Task.sleep(for: parts.configuration.settleTime)
            try await list(thorough: true)
        }
        parts.queue.release()
        try await parts.answer(.sourceRestored(.runtime))
        onLive()
        try await withThrowingTaskGroup { group in
            group.addTask { try await beat() }
            group.addTask { try await relist() }
            // Both go on until one throws.
            try await group.next()
            group.cancelAll()
        }
    }

    /// Publishes our marker until the subscription brings it back.
    private func proveLive() async throws {
        let request = Containerd_Services_Events_V1_PublishRequest.with {
            $0.topic = TaskEventTranslator.markerTopic
            $0.event.typeURL = TaskEventTranslator.markerType
            $0.event.value = .init(marker.value)
        }
        let end = ContinuousClock.now + parts.configuration.callTimeout
        repeat {
            _ = try await unary.call(timeout: parts.configuration.callTimeout) { client, options in
                try await Containerd_Services_Events_V1_Events.Client(wrapping: client).publish(
                    request, metadata: ContainerdNamespace.metadata(ContainerdNamespace.lastword), options: options)
            }
            try await Task.sleep(for: .milliseconds(20))
            if marker.isSeen { return }
        } while ContinuousClock.now < end
        throw LastwordError(
            code: "runtime.marker-lost",
            message: "the event subscription did not bring back the marker published on it",
            remedy: "set runtime.marker to false if something filters containerd's events")
    }

    /// A stopped runtime breaks no connection: only silence tells.
    private func beat() async throws {
        let calls = CRICalls(unary: unary, timeout: parts.configuration.heartbeatTimeout)
        while true {
            try await Task.sleep(for: parts.configuration.heartbeatInterval)
            let now = try await calls.version()
            guard now == version else {
                throw LastwordError(code: "runtime.changed", message: "the runtime was replaced by another version")
            }
            parts.metrics.setDepth(parts.queue.count)
        }
    }

    // MARK: Listings

    /// Lists on the slow timer, and as soon as there is room again after a loss at our own limit.
    private func relist() async throws {
        let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup { group in
            group.addTask {
                while true {
                    try await Task.sleep(for: parts.configuration.relistInterval)
                    bell.yield()
                }
            }
            group.addTask {
                while true {
                    try await parts.queue.waitForRelief()
                    bell.yield()
                }
            }
            for await _ in bells {
                let overflowed = try await takeOverflow()
                try await list(thorough: overflowed)
                if overflowed { try await parts.answer(.sourceRestored(.runtime)) }
            }
            group.cancelAll()
        }
        throw CancellationError()
    }

    /// Tells of what was dropped at the queue's limit since the last time.
    @discardableResult
    private func takeOverflow() async throws -> Bool {
        let dropped = parts.queue.takeDropped()
        guard dropped > 0 else { return false }
        logger.warning("runtime events dropped", metadata: ["lastword.dropped": "\(dropped)"])
        try await parts.answer(.sourceOverflowed(.runtime, dropped: dropped))
        return true
    }

    /// Lists, describes what was not described before, and tells the listing.
    /// - Parameter thorough: events may have been lost.
    private func list(thorough: Bool) async throws {
        let wasListed = roster.with { roster in
            roster.beginListing()
            return roster.wasListed
        }
        let (states, malformed) = try await cri.states()
        parts.metrics.add(.malformed, malformed)
        let recorded =
            wasListed
            ? try await recordsInDoubt(states, thorough: thorough)
            : try await allRecords()
        for id in roster.with({ $0.undescribed(states.keys) }) where recorded[id] == nil {
            parts.descriptions.ask(id)
        }
        try await parts.queue.reserve()
        roster.with { roster in
            let listing = roster.finishListing(listed: states, recorded: recorded, thorough: thorough)
            for (id, isSandbox) in recorded { roster.described(id, isSandbox: isSandbox) }
            parts.queue.fill(Observation(.runtimeListing(listing), receipt: parts.clock.now()))
        }
        parts.metrics.add(.listings)
    }

    /// Describes every container that has a record, as the records come in: memory does not grow with their number.
    private func allRecords() async throws -> [ContainerID: Bool] {
        let found = FoundRecords()
        _ = try await records.readAll { record in
            if let (id, isSandbox) = try await lookups.describe(record) { found.add(id, isSandbox: isSandbox) }
        }
        return found.all
    }

    /// Describes those that CRI does not list and that may nevertheless be there.
    private func recordsInDoubt(
        _ states: [ContainerID: RuntimeStatus.State], thorough: Bool
    ) async throws -> [ContainerID: Bool] {
        let doubtful = roster.with { $0.doubtful(listed: states, thorough: thorough) }
        // Past a few batches, one pass over all records is cheaper for the runtime than a filter for each.
        if doubtful.count > 1000 { return try await allRecords() }
        let found = FoundRecords()
        var rest = doubtful[...]
        while !rest.isEmpty {
            let ids = Array(rest.prefix(100))
            rest = rest.dropFirst(100)
            _ = try await records.read(ids) { record in
                if let (id, isSandbox) = try await lookups.describe(record) { found.add(id, isSandbox: isSandbox) }
            }
        }
        return found.all
    }
}
