// SPDX-License-Identifier: Apache-2.0
package import ConfigurationReading
package import SIEMOutputs

/// Everything the collector can be told, read once at start and checked. `CollectorConfigurationKeys` says what each key
/// means; the properties have the keys' names.
package struct CollectorConfiguration: Sendable {
    package static let defaultFile = "/etc/lastword/collector.yaml"
    package static let naming = ConfigurationNaming(
        prefix: "LASTWORD_COLLECTOR_", foreign: ConfigurationNaming.commandLine)

    package struct Server: Sendable {
        package var listen: ListenAddress
        package var maxConnections: Int
    }

    package struct TLS: Sendable, Hashable {
        package var certificateFile: String
        package var keyFile: String
        /// Nil: no client certificates are asked for.
        package var clientCAFile: String?
    }

    package struct Auth: Sendable {
        package var isRequired: Bool
        /// Failed logins of one address within `window`, after which it has to wait.
        package var failureLimit: Int
        package var failureWindow: Duration
    }

    /// Projected ServiceAccount tokens of one cluster.
    package struct ServiceAccounts: Sendable {
        package enum Keys: Sendable, Hashable {
            case file(String)
            case url(String, caFile: String?, tokenFile: String?)
        }

        package var issuer: String
        package var audience: String
        package var keys: Keys
        package var refresh: Duration
        /// `namespace/name` of the accounts that may write.
        package var allow: [String]
    }

    package struct Limits: Sendable {
        package var requestBytes: ByteCount
        package var unpackedBytes: ByteCount
        package var records: Int
        /// What all requests that are being taken in may hold together.
        package var memory: ByteCount
        package var requestTimeout: Duration
    }

    package struct Store: Sendable {
        package var directory: String
        package var lockTimeout: Duration
        package var maxBytes: ByteCount
        package var maxAge: Duration
    }

    package struct Pages: Sendable {
        package var isEnabled: Bool
        /// How long somebody stays signed in, at most.
        package var sessionLifetime: Duration
    }

    package struct HTTP: Sendable {
        /// Nil: no endpoint.
        package var listen: ListenAddress?
    }

    package var server: Server
    /// Nil: plain HTTP, which goes with a loopback address alone.
    package var tls: TLS?
    package var auth: Auth
    /// Nil: no such token is accepted.
    package var serviceAccounts: ServiceAccounts?
    package var limits: Limits
    package var store: Store
    package var pages: Pages
    package var http: HTTP
    /// Where events are sent, in the order of the file.
    package var outputs: [OutputSettings]
    package var log: LogSettings
    /// Every key with its effective value and source, in the table's order.
    package let settings: [ConfigurationSetting]

    /// Holds the socket alone, and is the owner's alone: whoever can reach it is an administrator.
    package var controlDirectory: String { store.directory + "/control" }

    /// The socket on which the program's own commands reach the running server.
    package var controlSocket: String { controlDirectory + "/socket" }
}
