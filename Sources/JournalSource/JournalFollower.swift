// SPDX-License-Identifier: Apache-2.0
import Logging
import SessionRecords
import SessionTracking
import SystemJournal

/// The loop of the source, with its reader, on a thread of its own: libsystemd allows one thread, and blocks it.
actor JournalFollower {
    private let thread = SerialThread(label: "lastword.journal")
    let configuration: JournalSourceConfiguration
    let units: JournalUnits
    let queue: ObservationQueue
    let health: JournalHealth
    let clock: AgentClock
    let logger: Logger
    let metrics = JournalSourceMetrics()

    var translator: JournalTranslator
    /// Behind what was told last.
    var position: JournalPosition?
    /// The last time the source lost its journal, or never had it, has been told.
    private var isLost = false
    private var saidAbsent = false
    private var wasLive = false
    /// In a row, with nothing read in between.
    private var failures = 0
    /// What the next reading is to throw.
    private var postponed: LastwordError?
    /// By the present reader.
    private var entriesRead = 0
    var lookedBack: ContinuousClock.Instant?
    var movedOn = ContinuousClock.now
    private var stored = ContinuousClock.now
    /// A cursor was given that is not one of ours.
    var cursorIsUnreadable: Bool

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(
        configuration: JournalSourceConfiguration, cursor: String?, queue: ObservationQueue, health: JournalHealth,
        clock: AgentClock, logger: Logger
    ) {
        self.configuration = configuration
        self.queue = queue
        self.health = health
        self.clock = clock
        self.logger = logger
        units = JournalUnits(configuration.units)
        translator = JournalTranslator(units: units)
        let position = cursor.flatMap { JournalPosition($0) }
        self.position = position
        cursorIsUnreadable = cursor != nil && position == nil
    }

    /// Until the task is cancelled.
    func run() async {
        metrics.state(up: false)
        defer { metrics.state(up: false) }
        while !Task.isCancelled {
            do {
                try await follow()
            } catch is CancellationError {
                return
            } catch let error as LastwordError {
                // A file may have gone from under the reader: the next reader finds its way, or there is none.
                metrics.failure(error.code)
                logger.warning("the journal could not be read on", metadata: ["error": "\(error)"])
                failures += 1
                if let failure = reopenFailure() ?? (failures > 5 ? error.message : nil) {
                    lose(failure)
                    guard await pause(configuration.retryInterval) else { return }
                } else {
                    // Something in it cannot be read and nothing is missing: not at full speed for ever.
                    guard await pause(.seconds(1)) else { return }
                }
            } catch {
                // Nothing else is thrown.
                return
            }
        }
    }

    /// False if the task was cancelled meanwhile.
    private func pause(_ duration: Duration) async -> Bool {
        do {
            try await Task.sleep(for: duration)
            return true
        } catch {
            return false
        }
    }

    // MARK: Reading

    /// One reader's life; returns if there is nothing to read, or when another one is to go on.
    private func follow() async throws {
        let inventory = JournalInventory(of: configuration.place)
        guard inventory.isReadable else {
            absent(inventory)
            try await Task.sleep(for: configuration.retryInterval)
            return
        }
        let reader = try JournalReader(
            configuration.place, namespaces: configuration.namespaces, longest: JournalEntry.longestMessage)
        health.update {
            $0.state = wasLive ? $0.state : .catchingUp
            $0.trouble = inventory.trouble
        }
        if let trouble = inventory.trouble {
            logger.warning("part of the journal is out of sight", metadata: ["reason": "\(trouble)"])
        }
        try takePosition(reader)
        try await readOn(reader)
    }

    /// Returns when another reader is to go on from `position`.
    private func readOn(_ reader: JournalReader) async throws {
        entriesRead = 0
        while true {
            if try await tellNext(reader) {
                guard entriesRead < configuration.entriesOfReader else { return }
                // Lets go of files that were deleted meanwhile.
                _ = try reader.wait(upTo: .zero)
            } else {
                live()
                guard entriesRead < configuration.entriesOfReaderAtEnd else { return }
                if ContinuousClock.now - movedOn >= configuration.idleInterval {
                    try await moveOn(reader)
                } else {
                    try await waitForNews(reader)
                }
            }
            // Nothing here need ever suspend, and others may want this actor.
            await Task.yield()
        }
    }

    /// Returns when there may be something to read. Looking costs something for each file and each match, so that it is not
    /// done where nothing changed, but for a look now and then in case a change was not noticed.
    private func waitForNews(_ reader: JournalReader) async throws {
        for _ in 0..<10 {
            try Task.checkCancellation()
            guard case .nothing = try reader.wait(upTo: .seconds(1)) else { return }
            await Task.yield()
        }
    }

    /// Reads the next entries and tells what they say.
    /// - Returns: false if the end was reached.
    func tellNext(_ reader: JournalReader) async throws -> Bool {
        try Task.checkCancellation()
        let batch = try readBatch(reader)
        var facts = batch.facts
        if !translator.wanted.isEmpty, mayLookBack {
            do throws(LastwordError) {
                facts = try lookBack() + facts
            } catch {
                // Names alone are missing then; what was read must be told all the same.
                logger.warning(
                    "cannot look back through the journal for names",
                    metadata: ["error": "\(Bounds.clip(error.message, to: Bounds.messageBytes))"])
            }
        }
        try await tell(facts, readAny: batch.count > 0, reader)
        return !batch.isAtEnd
    }

    private struct Batch {
        var facts: [Fact] = []
        var count = 0
        var isAtEnd = false
    }

    /// At most so many entries before they are told and their cursor is stored.
    private static let batchEntries = 256

    private func readBatch(_ reader: JournalReader) throws(LastwordError) -> Batch {
        var batch = Batch()
        var kinds: [String: Int] = [:]
        if let fault = postponed {
            postponed = nil
            throw fault
        }
        while batch.count < Self.batchEntries {
            let entry: JournalEntry?
            do throws(LastwordError) {
                guard try reader.next() else {
                    batch.isAtEnd = true
                    break
                }
                entry = try JournalEntry(reader, units: units)
            } catch {
                guard batch.count > 0 else { throw error }
                // What was read before is told first.
                postponed = error
                break
            }
            batch.count += 1
            guard let entry else { continue }
            let reading = translator.take(entry)
            kinds[reading.kind, default: 0] += 1
            if reading.kind == "unit" { heard(entry) }
            if reading.kind == "loss", !reading.facts.isEmpty { metrics.missed("dropped") }
            batch.facts += reading.facts
        }
        entriesRead += batch.count
        // Not behind an entry that could not be read: those before it are read again, and telling them twice changes nothing.
        if postponed == nil {
            if batch.count > 0 { position = try JournalPosition(reader) }
            failures = 0
        }
        metrics.lines(kinds)
        return batch
    }

    /// systemd about one of the units: no fact about a container, and worth a line when one asks what happened that night.
    private func heard(_ entry: JournalEntry) {
        guard case .manager(let unit) = entry.origin else { return }
        logger.debug(
            "a service changed its state",
            metadata: [
                "lastword.unit": "\(unit)", "lastword.at": "\(entry.received)",
                "lastword.message": "\(String(decoding: entry.message.prefix(200), as: UTF8.self))",
            ])
    }

    /// Waits until there is room for the facts and puts them in, with the cursor behind them.
    private func tell(_ facts: [Fact], readAny: Bool, _ reader: JournalReader) async throws {
        // Lines that say nothing do not move the stored cursor each time: each move is a write to the disk.
        let isDue = ContinuousClock.now - stored >= .seconds(10)
        guard !facts.isEmpty || (readAny && isDue) else { return }
        while queue.count >= queue.capacity / 2 {
            try await Task.sleep(for: .milliseconds(50))
            do throws(LastwordError) {
                _ = try reader.wait(upTo: .zero)
            } catch {
                // It lets go of deleted files, no more: the next reading says what is wrong, and the facts are kept till then.
            }
        }
        let receipt = clock.now()
        for fact in facts { queue.force(Observation(fact, receipt: receipt)) }
        store()
    }

    func store() {
        guard let position else { return }
        stored = .now
        queue.force(Observation(.readUpTo(.journal, cursor: position.text), receipt: clock.now()))
        health.update { $0.readUpTo = position.received }
    }

    // MARK: How it stands

    /// The end was reached: all that was written before is told.
    private func live() {
        guard health.status.state != .live || isLost || !wasLive else { return }
        logger.info("reading the journal as it is written")
        metrics.state(up: true)
        health.update { $0.state = .live }
        if !wasLive { remark() }
        (isLost, wasLive, saidAbsent) = (false, true, false)
        store()
        queue.force(Observation(.sourceRestored(.journal), receipt: clock.now()))
    }

    /// What a person should know of a journal that is there and does not have what is looked for.
    private func remark() {
        // Only a remark: whether it can be read is known already.
        guard let remark = try? JournalSource.trialAccess(configuration).remark else { return }
        logger.notice("the journal is of little use here", metadata: ["reason": "\(remark)"])
    }

    /// There is nothing to read. Said once; a gap only if there was something before.
    private func absent(_ inventory: JournalInventory) {
        let reason = inventory.trouble ?? "there is no journal"
        if position != nil || wasLive {
            lose(reason)
            return
        }
        metrics.state(up: false)
        health.update {
            $0.state = .absent
            $0.trouble = reason
        }
        guard !saidAbsent else { return }
        saidAbsent = true
        logger.notice(
            "no journal to read: what ends while the agent is down cannot be recovered from it",
            metadata: ["reason": "\(reason)", "lastword.journal": "\(configuration.place)"])
        queue.force(Observation(.sourceAbsent(.journal), receipt: clock.now()))
    }

    /// What was read before cannot be read any more; told once until it can.
    private func lose(_ reason: String) {
        metrics.state(up: false)
        health.update {
            $0.state = .lost
            $0.trouble = reason
        }
        guard !isLost else { return }
        isLost = true
        logger.warning("the journal is out of sight", metadata: ["reason": "\(reason)"])
        queue.force(Observation(.sourceLost(.journal, reason: reason), receipt: clock.now()))
    }

    /// Why no reader can be made now; nil if one can.
    private func reopenFailure() -> String? {
        let inventory = JournalInventory(of: configuration.place)
        guard inventory.isReadable else { return inventory.trouble }
        do {
            _ = try JournalReader(configuration.place, namespaces: configuration.namespaces)
            return nil
        } catch {
            return error.message
        }
    }

    func missed(from: Timestamp, to: Timestamp, _ kind: String, _ reason: String) {
        metrics.missed(kind)
        logger.warning(
            "part of the journal cannot be read any more",
            metadata: ["reason": "\(reason)", "lastword.from": "\(from)", "lastword.to": "\(to)"])
        queue.force(
            Observation(
                .intervalMissed(.journal, from: from, to: to, reason: reason, dropped: nil), receipt: clock.now()))
    }
}
