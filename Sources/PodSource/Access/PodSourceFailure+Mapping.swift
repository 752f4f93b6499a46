// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import SessionRecords

extension PodSourceFailure {
    /// What a thrown error of the HTTP client or of NIO means here.
    init(mapping error: any Error) {
        switch error {
        case let failure as PodSourceFailure:
            self = failure
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

    static func asError(_ error: any Error) -> LastwordError {
        error as? LastwordError
            ?? LastwordError(
                code: "pods.credentials", message: "cannot read the credentials", remedy: nil, cause: error)
    }
}

struct TimedOut: Error {}

/// The result of `body`, or `TimedOut` after `limit`; `body` is cancelled then.
func withTimeLimit<Value: Sendable>(
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
