// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import SessionRecords

/// What went wrong between a client and its server before there was an answer.
package enum TransportFault: Error, Sendable, Hashable {
    /// No connection: refused, no route, no such name, connect timeout.
    case unreachable(String)
    /// The server's certificate was not accepted, or the server did not accept ours.
    case certificate(String)
    /// Connected, and then nothing for too long.
    case hung
    /// The connection broke in the middle.
    case dropped(String)

    /// What a thrown error of the HTTP client or of NIO means.
    package init(_ error: any Error) {
        switch error {
        case let fault as TransportFault:
            self = fault
        case let error as HTTPClientError:
            switch error {
            case .readTimeout, .deadlineExceeded: self = .hung
            case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
                self = .unreachable("no connection in time")
            default: self = .dropped("\(error)")
            }
        case let error as NIOSSLError:
            self = .certificate(Self.tlsWords(error))
        case let error as NIOSSLExtraError:
            self = .certificate("\(error)")
        case let error as BoringSSLError:
            self = .certificate("\(error)")
        case let error as NIOConnectionError:
            let causes = error.connectionErrors.map { "\($0.target): \($0.error)" }.joined(separator: "; ")
            let names = [error.dnsAError, error.dnsAAAAError].compactMap { $0.map { "\($0)" } }.joined(separator: "; ")
            self = .unreachable(Bounds.name(causes.isEmpty ? "\(error.host): \(names)" : causes))
        case let error as ChannelError:
            if case .connectTimeout = error {
                self = .unreachable("no connection in time")
            } else {
                self = .dropped("\(error)")
            }
        case let error as IOError:
            self = .unreachable(Bounds.name("\(error)"))
        case is TimedOut:
            self = .hung
        default:
            self = .dropped(Bounds.name("\(error)"))
        }
    }

    private static func tlsWords(_ error: NIOSSLError) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return "not issued by a CA that is trusted" }
        return Bounds.name(text)
    }

    package var words: String {
        switch self {
        case .unreachable(let why): "unreachable: " + why
        case .certificate(let why): "certificate not accepted: " + why
        case .hung: "connected, but silent for too long"
        case .dropped(let why): "the connection broke: " + why
        }
    }
}

package struct TimedOut: Error {
    package init() {}
}

/// The result of `body`, or `TimedOut` after `limit`; `body` is cancelled then.
package func withTimeLimit<Value: Sendable>(
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
