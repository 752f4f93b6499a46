// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore

/// A request's body, read piece by piece and never beyond a limit.
final class RequestBodyReader {
    private let channel: any Channel
    private let timeout: TimeAmount
    private let body: RequestBody
    private var iterator: RequestBody.AsyncIterator?
    private var isAtEnd = false

    /// - Parameter timeout: how long all of it may take; then the connection is closed.
    init(_ request: Request, channel: any Channel, timeout: Duration) {
        body = request.body
        self.channel = channel
        self.timeout = TimeAmount(timeout)
    }

    /// All of it; throws 413 as soon as there is more than `limit`, and what `reserve` throws for the bytes of a piece.
    func collect(upTo limit: Int, reserve: (Int) throws -> Void = { _ in }) async throws -> [UInt8] {
        let deadline = scheduleClose()
        defer { deadline.cancel() }
        var bytes: [UInt8] = []
        while let piece = try await next() {
            guard bytes.count + piece.readableBytes <= limit else { throw Self.tooLarge(limit) }
            try reserve(piece.readableBytes)
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }

    static func tooLarge(_ limit: Int) -> APIError {
        APIError(
            .contentTooLarge, "request.too-large", "the body is larger than \(limit) bytes",
            remedy: "send less at once")
    }

    /// Takes in what is still to come, but only a little of it, and says whether the body is at its end: a client that
    /// is still sending when the connection is closed may lose the answer.
    func finish(bytes limit: Int, within time: Duration) async -> Bool {
        guard !isAtEnd else { return true }
        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(time)) { [channel] in channel.close(promise: nil) }
        defer { deadline.cancel() }
        var left = limit
        do {
            while left >= 0, let piece = try await next() { left -= piece.readableBytes }
        } catch {
            // The client is gone: nobody is left to be answered.
            return false
        }
        return isAtEnd
    }

    private func next() async throws -> ByteBuffer? {
        guard !isAtEnd else { return nil }
        var iterator = self.iterator ?? body.makeAsyncIterator()
        let piece = try await iterator.next(isolation: #isolation)
        self.iterator = iterator
        if piece == nil { isAtEnd = true }
        return piece
    }

    private func scheduleClose() -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: timeout) { [channel] in channel.close(promise: nil) }
    }
}
