// SPDX-License-Identifier: Apache-2.0
package import Delivery
package import OTLPCoding
import SessionRecords

/// Where entries go, as whom, and how much of them.
package struct ForwardingConfiguration: Sendable {
    /// An HTTP proxy that tunnels to the endpoint.
    package struct Proxy: Sendable, Hashable {
        package let host: String
        package let port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// The files are read again whenever they change.
    package struct Files: Sendable {
        /// A bearer token.
        package var token: String?
        /// Further headers, one `Name: value` a line.
        package var headers: String?
        /// Nil: the system's CAs.
        package var authority: String?
        package var certificate: String?
        package var key: String?

        package init() {}

        var all: [String] { [token, headers, authority, certificate, key].compactMap { $0 } }
        var hasIdentity: Bool { token != nil || headers != nil || certificate != nil }
    }

    package var endpoint: ForwardingEndpoint
    package var files = Files()
    package var proxy: Proxy?
    package var connectTimeout: Duration = .seconds(10)
    /// For a request and its answer.
    package var requestTimeout: Duration = .seconds(30)
    /// How long a stop may go on delivering.
    package var drainTime: Duration = .seconds(5)
    package var limits = BatchLimits()
    package var schedule = RetrySchedule()
    package var policy = SendingPolicy()

    package init(endpoint: ForwardingEndpoint) {
        self.endpoint = endpoint
    }

    /// Throws what would carry a credential in the clear, and half a client certificate.
    package func validate() throws {
        guard (files.certificate == nil) == (files.key == nil) else {
            throw LastwordError(
                code: "forward.credentials", message: "a client certificate needs its key, and a key its certificate",
                remedy: "set both forward.certificateFile and forward.keyFile")
        }
        // A loopback address behind a proxy is the proxy's own host, or whatever it takes it for.
        if files.hasIdentity, !endpoint.isEncrypted, !endpoint.isLoopback || proxy != nil {
            throw LastwordError(
                code: "forward.credentials", message: "credentials are not sent over plain HTTP to \(endpoint.url)",
                remedy: "use https, or leave the token, the headers and the client certificate out")
        }
    }
}

/// The URL of an OTLP/HTTP receiver.
package struct ForwardingEndpoint: Sendable, Hashable {
    /// Where logs are posted: what was given, with `/v1/logs` where it had no path.
    package let url: String
    package let isEncrypted: Bool
    /// The host is this one.
    package let isLoopback: Bool

    /// Nil if the text is no `http` or `https` URL of a host, or has a user, a query or a fragment.
    package init?(_ text: String) {
        guard let address = ServerAddress(text) else { return nil }
        isEncrypted = address.isEncrypted
        isLoopback = address.isThisHost
        url = address.hasPath ? text : address.url + "/v1/logs"
    }
}
