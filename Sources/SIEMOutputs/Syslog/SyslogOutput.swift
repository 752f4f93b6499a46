// SPDX-License-Identifier: Apache-2.0
package import SIEMFormats
import SessionRecords
import Synchronization

/// Sends events to a syslog receiver over TCP (RFC 6587, octet counting) or TLS (RFC 5425).
///
/// Syslog has no acknowledgement. What TCP acknowledged lies in the receiver's kernel, and dies there with the receiver. So we
/// ask by closing: our side ends the stream, and the receiver, once it has read all of it, ends its own. A receiver that
/// dies with something unread resets the connection instead. Then a new connection begins.
package struct SyslogOutput: EventOutput {
    private struct State {
        var connection: SyslogConnection?
        /// Counts the messages of this run.
        var sequence: Int64 = 0
    }

    private final class Box: Sendable {
        let state = Mutex(State())
    }

    /// Receivers look at our certificate behind the handshake, and end the connection without a word.
    private static let refusalGrace = Duration.seconds(1)

    private let settings: SyslogSettings
    private let box = Box()

    package init(_ settings: SyslogSettings) {
        self.settings = settings
    }

    package func send(_ events: [SecurityEvent], unless isStale: @escaping @Sendable () -> Bool) async throws {
        let connection = try await connection()
        var bytes: [UInt8] = []
        for event in events {
            let sequence = box.state.withLock { state in
                state.sequence += 1
                return state.sequence
            }
            bytes += settings.format.frame(event, sequence: sequence)
        }
        try await connection.write(bytes, unless: isStale)
    }

    package func confirm(unless isStale: @escaping @Sendable () -> Bool) async throws {
        guard let connection = box.state.withLock({ $0.connection }) else {
            throw SyslogFault.dropped("there is no connection any more", settings)
        }
        try await connection.finish(unless: isStale)
        box.state.withLock { $0.connection = nil }
    }

    package func look() async throws {
        let current = box.state.withLock { $0.connection }
        if let current, let fault = current.fault { throw fault }
        if current == nil { _ = try await connection() }
    }

    package func abandon() async {
        let connection = box.state.withLock { state in
            defer { state.connection = nil }
            return state.connection
        }
        await connection?.abort()
    }

    package func check() async throws {
        let connection = try await SyslogConnection.open(settings)
        do {
            if settings.tls != nil {
                let end = ContinuousClock.now + Self.refusalGrace
                while ContinuousClock.now < end, connection.fault == nil {
                    try await Task.sleep(for: .milliseconds(20))
                }
                if let fault = connection.fault { throw fault }
            }
            try await connection.finish { false }
        } catch {
            await connection.abort()
            throw error
        }
    }

    /// The one that stands, or a new one. Never a new one for one that has ended: what was sent through that one and not
    /// confirmed would count as confirmed with what goes through the next.
    private func connection() async throws -> SyslogConnection {
        if let current = box.state.withLock({ $0.connection }) {
            if let fault = current.fault { throw fault }
            return current
        }
        let connection = try await SyslogConnection.open(settings)
        box.state.withLock { $0.connection = connection }
        return connection
    }
}

/// What can go wrong with a receiver, in words for an operator.
enum SyslogFault {
    static func unreachable(_ words: String, _ settings: SyslogSettings) -> LastwordError {
        LastwordError(
            code: "output.unreachable", message: "cannot reach the syslog receiver \(place(settings)): \(words)",
            remedy: "see that it listens there and that nothing on the way refuses connections")
    }

    static func certificate(_ words: String, _ settings: SyslogSettings) -> LastwordError {
        LastwordError(
            code: "output.certificate", message: "no TLS with the syslog receiver \(place(settings)): \(words)",
            remedy: "caFile must hold the authority of its certificate, serverName a name that it is for; where it asks"
                + " for one, certificateFile and keyFile must name a certificate that it accepts")
    }

    static func hung(_ what: String, _ settings: SyslogSettings) -> LastwordError {
        LastwordError(
            code: "output.hung",
            message: "the syslog receiver \(place(settings)) did not \(what) within \(settings.timeout)",
            remedy: "see whether it is overloaded or stopped")
    }

    static func dropped(_ words: String, _ settings: SyslogSettings) -> LastwordError {
        LastwordError(
            code: "output.dropped", message: "the syslog receiver \(place(settings)) ended the connection: \(words)",
            remedy: "see its log")
    }

    private static func place(_ settings: SyslogSettings) -> String {
        settings.host.contains(":") ? "[\(settings.host)]:\(settings.port)" : "\(settings.host):\(settings.port)"
    }
}
