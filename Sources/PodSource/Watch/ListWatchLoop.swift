// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Logging
import NIOCore
import SessionRecords
import SessionTracking

/// The life of a list and watch: what to do next, and how long to wait before it. Owned by one task.
struct ListWatchLoop: ~Copyable {
    private let client: APIServerClient
    private let timings: PodSourceTimings
    private var credentials: CredentialKeeper
    private var reporter: PodReporter
    private var backoff: Backoff
    /// Where a watch can resume; nil: a list is needed.
    private var resourceVersion: String?
    private var relistReason = "start"
    /// A 401 came, and no request has succeeded since.
    private var isRefused = false

    /// A line of the watch: one object with its envelope.
    private static let maximumLine = PodTranslator.maximumBytes + 4096
    /// A watch that lived for so long did work, even if it told nothing.
    private static let standing: Duration = .milliseconds(500)

    init(
        client: APIServerClient, access: APIServerAccess, timings: PodSourceTimings, reporter: consuming PodReporter
    ) {
        self.client = client
        self.timings = timings
        self.reporter = reporter
        credentials = CredentialKeeper(lifetime: timings.credentialLifetime) { try access.read() }
        backoff = Backoff(base: timings.backoffBase, cap: timings.backoffCap)
    }

    /// Until the task is cancelled.
    mutating func run() async {
        while !Task.isCancelled {
            do throws(PodSourceFailure) {
                if resourceVersion == nil { try await list() }
                try await watch()
            } catch {
                guard !Task.isCancelled else { return }
                let delay = await recover(from: error)
                do {
                    try await Task.sleep(for: delay)
                } catch {
                    // Cancelled: the loop's condition ends it.
                }
            }
        }
    }

    // MARK: List

    private mutating func list() async throws(PodSourceFailure) {
        reporter.metrics.relist(relistReason)
        var uids: Set<PodUID> = []
        var version: String?
        var next: String?
        repeat {
            let (credentials, tls) = try self.credentials.credentials()
            let page = try await client.page(
                limit: timings.pageSize, next: next, credentials: credentials, tls: tls)
            // All pages are of the first one's version; to watch from an older one than that would only repeat.
            version = version ?? page.resourceVersion
            next = page.next
            isRefused = false
            for item in page.items {
                if let pod = reporter.translate(item) {
                    uids.insert(pod.facts.uid)
                    try reporter.saw(pod)
                } else if let uid = Self.uid(of: item) {
                    // It could not be read, but it is there: it must not count as gone.
                    uids.insert(uid)
                }
            }
            reporter.metrics.event("listed", count: page.items.count)
        } while next != nil
        try reporter.listed(uids)
        resourceVersion = version
        relistReason = "lost"
    }

    static func uid(of item: ArraySlice<UInt8>) -> PodUID? {
        let metadata = JSONSlicer.members(["metadata"], of: item)?["metadata"]
        let uid = metadata.flatMap { JSONSlicer.members(["uid"], of: $0)?["uid"] }
        return JSONSlicer.plainString(uid).flatMap { PodUID($0) }
    }

    // MARK: Watch

    /// Returns at a clean end of the stream.
    private mutating func watch() async throws(PodSourceFailure) {
        guard let version = resourceVersion else { return }
        let (credentials, tls) = try self.credentials.credentials()
        let begun = ContinuousClock.now
        let body = try await client.watch(from: version, credentials: credentials, tls: tls)
        isRefused = false
        try reporter.restored()
        var splitter = LineSplitter(limit: Self.maximumLine)
        var lines = 0
        var chunks = body.makeAsyncIterator()
        while true {
            let chunk: ByteBuffer?
            do {
                chunk = try await chunks.next()
            } catch {
                let failure = PodSourceFailure(mapping: error)
                // A quiet watch that stood for a while and is cut, as load balancers do, is no failure in a row. One
                // that was silent for too long may be: there should have been a bookmark.
                if case .hung = failure {} else if ContinuousClock.now - begun > Self.standing { backoff.succeeded() }
                throw failure
            }
            guard let chunk else { break }
            for line in splitter.append(chunk.readableBytesView) {
                lines += 1
                switch line {
                case .oversize(let bytes): reporter.skipped("oversize", bytes: bytes)
                case .line(let bytes): try handle(bytes)
                }
                backoff.succeeded()
            }
        }
        // A server that ends every watch at once must not be asked in a tight loop.
        guard lines > 0 || ContinuousClock.now - begun > Self.standing else {
            throw .dropped("the watch ended at once")
        }
        backoff.succeeded()
    }

    private mutating func handle(_ line: [UInt8]) throws(PodSourceFailure) {
        guard let event = WatchEvent(line: line) else {
            reporter.skipped("malformed", bytes: line.count)
            return
        }
        switch event {
        case .added(let object):
            try saw(object, "added")
        case .modified(let object):
            try saw(object, "modified")
        case .deleted(let object):
            if let pod = reporter.translate(object) {
                reporter.metrics.event("deleted")
                try reporter.deleted(pod)
                advance(pod)
            } else if let uid = Self.uid(of: object) {
                try reporter.vanished(uid)
            }
        case .bookmark(let version):
            reporter.metrics.event("bookmark")
            resourceVersion = version
        case .error(let code, let message):
            if code == 410 { throw .expired }
            throw .refused(status: code ?? 0, words: Bounds.name(message))
        }
    }

    private mutating func saw(_ object: ArraySlice<UInt8>, _ kind: String) throws(PodSourceFailure) {
        guard let pod = reporter.translate(object) else { return }
        reporter.metrics.event(kind)
        try reporter.saw(pod)
        advance(pod)
    }

    private mutating func advance(_ pod: TranslatedPod) {
        if let version = pod.resourceVersion { resourceVersion = version }
    }

    // MARK: Trouble

    /// What follows from a failure, and how long to wait.
    private mutating func recover(from failure: PodSourceFailure) async -> Duration {
        if case .overflowed = failure {
            await reporter.recoverFromOverflow()
            relist("overflow")
            return .zero
        }
        reporter.metrics.failure(failure.reason)
        reporter.logger.debug(
            "pod source failed and will try again",
            metadata: ["pods.reason": "\(failure.reason)", "error": "\(failure.words)"])
        let isFirst = backoff.failures == 0
        let delay = backoff.failed()
        switch failure {
        case .expired:
            relist("expired")
            reporter.lost(failure)
            return isFirst ? .zero : delay
        case .unauthorized:
            // The first one may only mean that the token was replaced: read it again and try at once.
            credentials.invalidate()
            let wasRefused = isRefused
            isRefused = true
            if wasRefused || resourceVersion == nil { reporter.lost(failure) }
            return wasRefused ? delay : .zero
        case .forbidden:
            reporter.lost(failure)
            return timings.forbiddenDelay
        case .throttled(_, let retryAfter):
            reporter.lost(failure)
            // Jitter on top: all who were told the same time would come back at the same time.
            return min(retryAfter ?? .zero, timings.retryAfterCap) + delay
        default:
            // The first try to resume may succeed at once, and then nothing was missed.
            if !isFirst || resourceVersion == nil { reporter.lost(failure) }
            return isFirst ? min(delay, .milliseconds(100)) : delay
        }
    }

    private mutating func relist(_ reason: String) {
        resourceVersion = nil
        relistReason = reason
    }
}
