// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import SessionRecords
import Synchronization

@testable import Commands

/// A collector's query API over real HTTP on loopback, with made-up contents, for as long as a test's body runs.
struct CollectorStandIn: Sendable {
    struct Options: Sendable {
        /// The token to be shown; nil: nobody is asked.
        var token: String? = "lwt_1_secret"
        var tls: StandInCertificates?
        /// Ask for a client certificate of the stand-in's CA.
        var clientCertificates = false
    }

    struct Seen: Sendable, Equatable {
        let path: String
        let query: [String: String]
        let authorization: String?
    }

    final class Log: Sendable {
        private let requests = Mutex<[Seen]>([])

        var seen: [Seen] { requests.withLock { $0 } }

        func add(_ request: Seen) {
            requests.withLock { $0.append(request) }
        }
    }

    let url: String
    let log: Log

    /// What was asked, in order.
    var seen: [Seen] { log.seen }

    /// A command line that asks this collector with its token.
    var cli: CommandHarness {
        var cli = CommandHarness(MemorySource())
        cli.environment = ["LASTWORD_COLLECTOR": url, "LASTWORD_COLLECTOR_TOKEN": "lwt_1_secret"]
        return cli
    }

    static func serve(
        _ contents: CollectorContents = CollectorContents(), _ options: Options = Options(),
        _ body: (CollectorStandIn) async throws -> Void
    ) async throws {
        let log = Log()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "collector-stand-in")
        logger.logLevel = .critical
        let app = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                let query = Dictionary(
                    request.uri.queryParameters.map { (String($0.key), String($0.value)) }, uniquingKeysWith: { $1 })
                let authorization = request.headers[.authorization]
                log.add(Seen(path: request.uri.path, query: query, authorization: authorization))
                if let token = options.token, authorization != "Bearer " + token {
                    return CollectorAnswer.refusal(401, "auth.unknown", "no valid token").response
                }
                return try await contents.answer(request.uri.path, query).response
            },
            server: try server(options), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in found.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            defer { group.cancelAll() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            try await body(
                CollectorStandIn(url: "\(options.tls == nil ? "http" : "https")://127.0.0.1:\(port)", log: log))
        }
    }

    private static func server(_ options: Options) throws -> HTTPServerBuilder {
        guard let certificates = options.tls else { return .http1() }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificates.server.utf8))
                .map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(certificates.serverKey.utf8), format: .pem)))
        if options.clientCertificates {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(certificates.authority.utf8)))
        }
        return try .tls(.http1(), tlsConfiguration: tls)
    }
}

/// A status, a body and perhaps a header.
struct CollectorAnswer: Sendable {
    var status: Int
    var body: String
    var headers: [String: String] = [:]

    static func good(_ body: String) -> CollectorAnswer {
        CollectorAnswer(status: 200, body: body)
    }

    static func refusal(_ status: Int, _ code: String, _ message: String) -> CollectorAnswer {
        let content = JSONValue.object(JSONObject([("code", .string(code)), ("message", .string(message))]))
        return CollectorAnswer(status: status, body: JSONValue.object(JSONObject([("error", content)])).compact)
    }

    var response: Response {
        var response = Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
        for (name, value) in headers {
            if let field = HTTPField.Name(name) { response.headers[field] = value }
        }
        return response
    }
}
