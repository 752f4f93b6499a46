// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// The body of one watch: what happened since `position`, then what happens, until the deadline or a switch ends it.
struct WatchStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let server: APIServerStandIn
    /// Only this node's pods; nil: all.
    let node: String?
    /// Nil: the client wants no bookmarks.
    let bookmarkInterval: Duration?
    let deadline: ContinuousClock.Instant
    /// The epoch in which the watch began; it ends when that has passed.
    let epoch: Int
    let position: Int

    static let expiredLine =
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
        + "\"message\":\"too old resource version\",\"reason\":\"Expired\",\"code\":410}}\n"

    func makeAsyncIterator() -> Iterator {
        Iterator(self)
    }

    struct Iterator: AsyncIteratorProtocol {
        private let watch: WatchStream
        private var position: Int
        private var bookmarks: Int
        private var injected: Int
        private var nextBookmark: ContinuousClock.Instant?
        private var pieces: [ByteBuffer]
        private var hasEnded = false

        init(_ watch: WatchStream) {
            self.watch = watch
            position = watch.position
            (bookmarks, injected) = watch.server.state.withLock { ($0.bookmarks, $0.injected.count) }
            nextBookmark = watch.bookmarkInterval.map { ContinuousClock.now + $0 }
            // An empty piece: the head goes out at once, as a real server's does.
            pieces = [ByteBuffer()]
        }

        /// Looks at the history every 10 ms.
        mutating func next() async throws -> ByteBuffer? {
            while pieces.isEmpty {
                guard !hasEnded, ContinuousClock.now < watch.deadline else { return nil }
                for line in due() { pieces += split(line) }
                if pieces.isEmpty, !hasEnded { try await Task.sleep(for: .milliseconds(10)) }
            }
            return pieces.removeFirst()
        }

        private mutating func due() -> [String] {
            var lines: [String] = []
            watch.server.state.withLock { state in
                guard !state.isHanging else { return }
                for event in state.history where event.revision > position {
                    position = event.revision
                    guard watch.node == nil || event.node == watch.node else { continue }
                    lines.append("{\"type\":\"\(event.type)\",\"object\":\(event.json)}\n")
                }
                if state.injected.count > injected {
                    lines += state.injected[injected...].map { $0 + "\n" }
                    injected = state.injected.count
                }
                let isDue = nextBookmark.map { ContinuousClock.now >= $0 } ?? false
                if state.bookmarks > bookmarks || isDue {
                    bookmarks = state.bookmarks
                    nextBookmark = watch.bookmarkInterval.map { ContinuousClock.now + $0 }
                    position = state.revision
                    lines.append(
                        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
                            + "{\"resourceVersion\":\"\(state.revision)\"}}}\n")
                }
                if state.watchEpoch > watch.epoch {
                    hasEnded = true
                    if state.endedByExpiry, state.expiryForm == .event { lines.append(WatchStream.expiredLine) }
                }
            }
            return lines
        }

        private func split(_ line: String) -> [ByteBuffer] {
            guard let size = watch.server.state.withLock({ $0.pieceSize }), size > 0 else {
                return [ByteBuffer(string: line)]
            }
            var rest = Array(line.utf8)[...]
            var result: [ByteBuffer] = []
            while !rest.isEmpty {
                result.append(ByteBuffer(bytes: rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            return result
        }
    }
}
