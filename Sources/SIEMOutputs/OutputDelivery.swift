// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Logging
import SIEMFormats
import SessionRecords
import Telemetry

/// One output's delivery in progress: reads, sends, asks, and moves the mark.
struct OutputDelivery {
    private let runner: OutputRunner
    let metrics: OutputMetrics
    private var progress: OutputProgress?
    /// Lines that retention had emptied, behind the mark.
    private var gone: Set<Int64> = []
    private var saved: OutputMark?
    private var savedAt: ContinuousClock.Instant?
    /// Erasures that had been made when what is under way was read; nil where no output is in it.
    private var generation: Int?

    init(_ runner: OutputRunner) {
        self.runner = runner
        metrics = OutputMetrics(runner.settings.name)
    }

    private var store: CollectorStore { runner.store }
    private var settings: OutputSettings { runner.settings }

    /// Everything behind the settled mark goes again.
    mutating func lost() {
        progress?.noteLost()
        generation = nil
        metrics.note(isUp: false)
    }

    /// One batch, or a pause where there is nothing to do.
    mutating func step() async throws {
        var progress = try await begin()
        if progress.isUnsettled { try await runner.output.look() }
        if isStale() { throw OutputFault.stale }
        let generation = store.counters.erasures
        let page = try await store.feed(after: progress.sent, kinds: settings.kinds, limit: OutputRunner.batch)
        let (events, through, isLast) = try await events(of: page)
        if !events.isEmpty {
            if !progress.isUnsettled { await renew() }
            if events.contains(where: { $0.output != nil }) { self.generation = self.generation ?? generation }
            try await runner.output.send(events, unless: staleness(since: self.generation))
            metrics.note(sent: events.count)
        }
        progress.noteSent(through: through, events: events.count, at: .now)
        if isTimeToAsk(progress) {
            try await runner.output.confirm(unless: staleness(since: self.generation))
            progress.noteConfirmed(at: .now)
            self.generation = nil
        }
        progress.settle(at: .now)
        self.progress = progress
        // At once: a receiver that is killed and back again before the next connection stands would not be missed.
        if progress.isUnsettled { try await runner.output.look() }
        metrics.note(isUp: true)
        if savedAt.map({ ContinuousClock.now - $0 >= runner.saveInterval }) ?? true { await save() }
        if isLast { try await Task.sleep(for: runner.interval) }
    }

    private mutating func begin() async throws -> OutputProgress {
        if let progress { return progress }
        let mark = try await store.outputMark(
            settings.name, kinds: settings.kinds, fromBeginning: settings.fromBeginning)
        note(mark)
        let progress = OutputProgress(mark: mark.number, window: settings.window)
        self.progress = progress
        return progress
    }

    /// Nothing has to be sent again: a receiver that ended an idle connection is no trouble.
    private func renew() async {
        do {
            try await runner.output.look()
        } catch {
            // Sending finds out whether it is there.
            await runner.output.abandon()
        }
    }

    /// What is to be sent of a piece of the feed, up to which line, and whether nothing is behind that. Outputs count as the
    /// entries do: a batch ends behind the one whose bytes fill it.
    private mutating func events(
        of page: FeedPage
    ) async throws -> (events: [SecurityEvent], through: Int64, isLast: Bool) {
        var events: [SecurityEvent] = []
        var left = CollectorStore.maxFeedBytes
        for line in page.events {
            guard var event = SecurityEvent(line) else {
                gone.insert(line.number)
                continue
            }
            if let limit = settings.outputBytes, event.type != "session.started", let session = event.session,
                let output = session.output, output.bytes > 0,
                let bytes = try await store.feedOutput(session: session.id, sha256: output.sha256, limit: limit)
            {
                event.output = OutputText(end: bytes, of: output.bytes)
                left -= min(left, bytes.count)
            }
            events.append(event)
            if left == 0, line.number < page.events.last?.number ?? 0 { return (events, line.number, false) }
        }
        return (events, page.through, page.isLast)
    }

    private func isTimeToAsk(_ progress: OutputProgress) -> Bool {
        guard let since = progress.firstUnconfirmedAt else { return false }
        return ContinuousClock.now - since >= settings.confirmAfter
            || progress.unconfirmed >= OutputRunner.maxUnconfirmed
    }

    // MARK: Erasure

    private func isStale() -> Bool { staleness(since: generation)() }

    private func staleness(since generation: Int?) -> @Sendable () -> Bool {
        guard let generation else { return { false } }
        return { [store] in store.counters.erasures != generation }
    }

    // MARK: The mark

    /// Writes the mark. A store that cannot be written is told by its own part; the events go again.
    mutating func save() async {
        guard let progress else { return }
        do {
            if progress.settled > saved?.number ?? -1 || !gone.isEmpty {
                note(try await store.moveOutputMark(settings.name, to: progress.settled, gone: gone))
                gone = gone.filter { $0 > progress.settled }
            } else if let mark = try await store.outputMark(settings.name) {
                note(mark)
            }
            savedAt = .now
            metrics.note(
                try await store.feedBacklog(after: progress.settled, kinds: settings.kinds), at: runner.now())
        } catch {
            runner.logger.warning(
                "the output's mark could not be written",
                metadata: [LogKey.output: "\(settings.name)", LogKey.errorMessage: "\(error)"])
        }
    }

    /// Once more, although the task is being cancelled.
    mutating func saveAtEnd() async {
        let delivery = self
        // A task of its own: the store's calls throw at once in one that is cancelled.
        await Task {
            var last = delivery
            await last.save()
        }.value
    }

    /// Tells of events that retention removed before they were sent.
    private mutating func note(_ mark: OutputMark) {
        let new = mark.skipped - (saved?.skipped ?? 0)
        if saved != nil, new > 0 {
            runner.logger.error(
                "retention removed events that the output had not sent",
                metadata: [LogKey.output: "\(settings.name)", LogKey.count: "\(new)"])
        }
        if new > 0 { metrics.note(skipped: new) }
        saved = mark
    }
}
