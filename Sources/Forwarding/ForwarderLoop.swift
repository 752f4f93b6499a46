// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Delivery
import Logging
import OTLPCoding
import SessionRecords
import Telemetry

/// One life of the forwarder: loads, sends, settles, waits, as the machine says.
struct ForwarderLoop {
    private let forwarder: Forwarder
    private let client: OTLPHTTPClient
    private var machine: DeliveryMachine
    private var random = SystemRandomNumberGenerator()
    /// The entries of the batch that is loaded.
    private var loaded: [Int64: OutboxEntry] = [:]
    private var ledger = ""
    /// Behind which number the refused ones are still to be sent again; nil: nobody asked.
    private var againAfter: Int64?
    /// What the store has last been told: a state is written once.
    private var noted: Noted?
    /// The trouble that was last logged; nil while there is none.
    private var told: TroubleKind?

    private enum Noted: Hashable {
        case fine
        case trouble(TroubleKind)
    }

    init(_ forwarder: Forwarder, _ client: OTLPHTTPClient) {
        self.forwarder = forwarder
        self.client = client
        machine = DeliveryMachine(schedule: forwarder.configuration.schedule, limits: forwarder.configuration.limits)
    }

    mutating func run() async {
        await note(nil)
        while !Task.isCancelled {
            switch machine.step {
            case .load:
                guard await load() else { return }
            case .wait(let pause):
                // While it stops there is no time to wait for a receiver.
                guard !isStopping else { return }
                await wait(pause)
                guard !isStopping else { return }
                machine.resume()
            case .send(let parcel):
                guard await send(parcel) else { return }
            }
        }
    }

    private var isStopping: Bool { forwarder.wakeUp.isPending(.stop) }

    // MARK: Loading

    /// False where there is nothing more to be done.
    private mutating func load() async -> Bool {
        // Taken before reading: what is committed meanwhile wakes again.
        _ = forwarder.wakeUp.take(.entries)
        if forwarder.wakeUp.take(.again) { againAfter = 0 }
        do {
            if let after = againAfter, try await loadRefused(after) { return true }
            let batch = try await forwarder.outbox.next(machine.limits)
            if !batch.entries.isEmpty {
                take(batch)
                machine.load(batch.entries.map(DeliveryItem.init))
                return true
            }
        } catch {
            forwarder.logger.warning(
                "what is to be delivered cannot be read", metadata: [LogKey.errorMessage: "\(error)"])
            guard !isStopping else { return false }
            await wait(.seconds(1))
            return true
        }
        guard !isStopping else { return false }
        await forwarder.wakeUp.wait(for: [.entries, .again, .stop])
        return true
    }

    private mutating func loadRefused(_ after: Int64) async throws -> Bool {
        let batch = try await forwarder.outbox.refused(after, machine.limits)
        againAfter = batch.entries.last?.number
        guard !batch.entries.isEmpty else { return false }
        take(batch)
        machine.loadAgain(batch.entries.map(DeliveryItem.init))
        return true
    }

    private mutating func take(_ batch: OutboxBatch) {
        ledger = batch.ledger
        loaded = Dictionary(batch.entries.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Sending

    /// False where there is nothing more to be done.
    private mutating func send(_ parcel: DeliveryMachine.Parcel) async -> Bool {
        let outcome: DeliveryOutcome
        do {
            let body = try forwarder.encoder.body(parcel.items.compactMap { entry($0, parcel) })
            let began = ContinuousClock.now
            outcome = await client.send(body)
            guard !Task.isCancelled else { return false }
            forwarder.metrics.sent(bytes: body.count, took: began.duration(to: .now), outcome: outcome)
        } catch {
            // As a receiver's refusal, so that the one entry is found that cannot be encoded.
            outcome = .refused(status: 422, retryAfter: nil, words: "\(error)")
        }
        let settlement = machine.handle(outcome, using: &random)
        await tell(outcome)
        guard let settlement else { return true }
        return await settle(settlement, parcel)
    }

    private func entry(_ item: DeliveryItem, _ parcel: DeliveryMachine.Parcel) -> OutgoingEntry? {
        guard let entry = loaded[item.number] else { return nil }
        let form: OutgoingEntry.Form =
            switch parcel.form {
            case .whole: .whole
            case .withoutOutput: .withoutOutput
            case .stub: .stub(reason: "refused with \(parcel.refusedWith.map { "\($0)" } ?? "no status")")
            }
        return OutgoingEntry(
            ledger: ledger, number: entry.number, type: entry.type, at: entry.at, previousHash: entry.previousHash,
            hash: entry.hash, bytes: entry.bytes,
            output: entry.output.map { OutgoingEntry.Output(bytes: $0.bytes, frames: $0.frames) },
            outputAbsence: entry.outputAbsence, form: form)
    }

    /// Not given up: an answer that was not noted would be asked for again. False if it was dropped because of the stop: a
    /// later one would move the mark past it.
    private mutating func settle(
        _ settlement: DeliveryMachine.Settlement, _ parcel: DeliveryMachine.Parcel
    ) async -> Bool {
        while !Task.isCancelled {
            do {
                if try await forwarder.outbox.settle(ledger, settlement) {
                    forwarder.metrics.settled(settlement, delivered: parcel.isAgain ? 0 : parcel.items.count)
                    report(settlement)
                } else {
                    // Another ledger: what is loaded is of one that is gone, and the new store knows nothing of delivery.
                    machine.unload()
                    noted = nil
                    await note(machine.trouble)
                }
                return true
            } catch {
                forwarder.logger.warning(
                    "the delivery mark cannot be moved", metadata: [LogKey.errorMessage: "\(error)"])
                guard !isStopping else { return false }
                await wait(.seconds(1))
            }
        }
        return false
    }

    // MARK: Telling

    private func report(_ settlement: DeliveryMachine.Settlement) {
        for refusal in settlement.refusals {
            forwarder.logger.error(
                "the receiver refused an entry, in part or as a whole",
                metadata: [
                    LogKey.ledgerID: "\(ledger)", LogKey.entryNumber: "\(refusal.number)",
                    LogKey.part: "\(refusal.part.rawValue)", LogKey.httpStatus: "\(refusal.status)",
                    LogKey.reason: "\(refusal.words)",
                ])
        }
    }

    private mutating func tell(_ outcome: DeliveryOutcome) async {
        let url = forwarder.configuration.endpoint.url
        if let trouble = machine.trouble {
            let words = Self.words(trouble)
            if told != trouble.kind {
                told = trouble.kind
                forwarder.logger.warning(
                    "nothing is delivered", metadata: [LogKey.url: "\(url)", LogKey.reason: "\(words)"])
            }
            forwarder.update { $0.trouble = words }
            await note(trouble)
        } else if case .accepted = outcome {
            if told != nil {
                told = nil
                forwarder.logger.notice("entries are delivered again", metadata: [LogKey.url: "\(url)"])
            }
            forwarder.update { status in
                status.trouble = nil
                status.hasDelivered = true
            }
            await note(nil)
        }
    }

    private static func words(_ trouble: DeliveryMachine.Trouble) -> String {
        let words = Bounds.clip(trouble.words, to: Bounds.nameBytes)
        guard let status = trouble.status else { return words }
        return words.isEmpty ? "answered \(status)" : "answered \(status): \(words)"
    }

    /// Writes a change of state into the store, for `status`.
    private mutating func note(_ trouble: DeliveryMachine.Trouble?) async {
        let state = trouble.map { Noted.trouble($0.kind) } ?? .fine
        guard noted != state else { return }
        do {
            try await forwarder.outbox.note(trouble.map(Self.words))
            noted = state
        } catch {
            forwarder.logger.debug(
                "the state of delivery cannot be noted", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }

    /// As long as it says, or until the stop.
    private func wait(_ pause: Duration) async {
        await withTaskGroup { [forwarder] group in
            group.addTask {
                // Cancelled by the stop, which is then seen.
                try? await forwarder.clock.sleep(pause)
            }
            group.addTask { await forwarder.wakeUp.wait(for: [.stop]) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// An answer of one status, no answer, or nothing sent: other words alone make no other trouble.
private struct TroubleKind: Hashable {
    let status: Int?
    let isLasting: Bool
}

extension DeliveryMachine.Trouble {
    fileprivate var kind: TroubleKind { TroubleKind(status: status, isLasting: isLasting) }
}

extension DeliveryItem {
    fileprivate init(_ entry: OutboxEntry) {
        self.init(number: entry.number, bytes: entry.size, hasOutput: entry.output != nil)
    }
}
