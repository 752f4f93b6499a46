// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import SessionRecords

/// Asks one collector. Connections are kept between requests; they go with the last reference.
package final class CollectorClient: Sendable {
    /// An answer, or the API's word that there is no such thing (404).
    package enum Found<Value: Sendable>: Sendable {
        case value(Value)
        /// The API's code, such as `output.erased`, and its words for people, both from outside.
        case absent(code: String, message: String?)
    }

    private static let maximumErrorBytes = 64 << 10

    /// The collector's base, without a slash at its end.
    package let address: String
    private let access: CollectorAccess
    private let http: HTTPClient

    /// Reads the files of certificates; connects at the first request.
    /// - Throws: `collector.address`, `collector.credentials`.
    package init(_ access: CollectorAccess) throws {
        address = try access.checkedURL()
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        // A token is for this collector, not for where it points to.
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = TimeAmount(access.connectTimeout)
        configuration.timeout.read = TimeAmount(access.idleTimeout)
        // Trouble is told at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        if address.hasPrefix("https") { configuration.tlsConfiguration = try access.tlsConfiguration() }
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.access = access
    }

    deinit {
        // It keeps itself until its connections are closed; nobody waits for that.
        http.shutdown { _ in }
    }

    /// `GET`s a path below the base; parameters without a value are left out. An answer of more than `limit` bytes is an
    /// error.
    func get<Value: Decodable & Sendable>(
        _ path: String, _ query: [(name: String, value: String?)] = [], limit: Int, as type: Value.Type
    ) async throws -> Found<Value> {
        let parameters = query.compactMap { name, value in value.map { name + "=" + PercentEncoding.encode($0) } }
        var request = HTTPClientRequest(
            url: address + path + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")))
        if let token = try access.bearer() { request.headers.add(name: "Authorization", value: "Bearer " + token) }
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "lastword")
        let answer: Answer
        do {
            answer = try await Self.within(access.answerTimeout) { [http, request] in
                let response = try await http.execute(request, deadline: .distantFuture)
                let status = Int(response.status.code)
                let retryAfter = response.headers.first(name: "Retry-After")
                do {
                    let body = try await response.body.collect(upTo: status == 200 ? limit : Self.maximumErrorBytes)
                    return Answer(status: status, retryAfter: retryAfter, body: Array(buffer: body))
                } catch  where status != 200 {
                    // The status alone says enough; its words were only for the reader.
                    return Answer(status: status, retryAfter: retryAfter, body: [])
                }
            }
        } catch {
            throw CollectorFailure.mapped(error, at: address)
        }
        guard answer.status == 200 else { return try refused(answer) }
        do {
            return .value(try JSONDecoder().decode(type, from: Data(answer.body)))
        } catch {
            throw LastwordError(
                code: "collector.unreadable", message: "cannot read what \(address)\(path) answers",
                remedy: "check that a collector listens there, and use a lastword of its version",
                cause: LastwordError(code: "collector.json", message: Bounds.clip("\(error)", to: 1024)))
        }
    }

    private struct Answer: Sendable {
        let status: Int
        let retryAfter: String?
        let body: [UInt8]
    }

    private func refused<Value>(_ answer: Answer) throws -> Found<Value> {
        let refusal = CollectorFailure.Refusal.read(answer.body)
        if answer.status == 404, let code = refusal?.code, code != Self.unknownRoute {
            return .absent(code: code, message: refusal?.message)
        }
        throw CollectorFailure.status(
            answer.status, refusal, retryAfter: answer.retryAfter, hasCredentials: access.hasCredentials, at: address)
    }

    /// The API's code for a path that it does not have.
    private static let unknownRoute = "route.unknown"

    /// The result of `body`, or `TimedOut` after `limit`; `body` is cancelled then.
    private static func within<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @concurrent @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: limit)
                throw TimedOut()
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw TimedOut() }
            return value
        }
    }
}
