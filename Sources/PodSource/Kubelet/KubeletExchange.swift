// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// One GET at a time over one HTTP/1.1 connection: collects the answer, bounded.
final class KubeletExchange: ChannelDuplexHandler {
    struct Request: Sendable {
        var head: HTTPRequestHead
        var answer: EventLoopPromise<Answer>
    }

    struct Answer: Sendable {
        var status: Int
        var retryAfter: String?
        var body: [UInt8]
        /// The connection may carry another request.
        var isReusable: Bool
    }

    struct TooLarge: Error {}
    struct Busy: Error {}

    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = Never
    typealias OutboundIn = Request
    typealias OutboundOut = HTTPClientRequestPart

    private let maximumBody: Int
    private var waiting: EventLoopPromise<Answer>?
    private var answer = Answer(status: 0, retryAfter: nil, body: [], isReusable: false)

    init(maximumBody: Int) {
        self.maximumBody = maximumBody
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = unwrapOutboundIn(data)
        guard waiting == nil else {
            request.answer.fail(Busy())
            promise?.fail(Busy())
            return
        }
        guard context.channel.isActive else {
            request.answer.fail(ChannelError.ioOnClosedChannel)
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        waiting = request.answer
        answer = Answer(status: 0, retryAfter: nil, body: [], isReusable: false)
        context.write(wrapOutboundOut(.head(request.head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer.status = Int(head.status.code)
            answer.retryAfter = head.headers.first(name: "Retry-After")
            answer.isReusable = head.isKeepAlive
        case .body(let part):
            guard answer.body.count + part.readableBytes <= maximumBody else {
                fail(TooLarge())
                context.close(promise: nil)
                return
            }
            answer.body.append(contentsOf: part.readableBytesView)
        case .end:
            // An interim answer (1xx) is not the one that was asked for.
            guard answer.status >= 200 else { return }
            let promise = waiting
            waiting = nil
            promise?.succeed(answer)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    private func fail(_ error: any Error) {
        let promise = waiting
        waiting = nil
        promise?.fail(error)
    }
}
