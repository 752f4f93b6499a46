// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading

/// The table of the collector's keys. Flags, environment variables, `--help` and `docs/collector-configuration.md` come
/// from it.
enum CollectorConfigurationKeys {
    typealias Key = ConfigurationKey

    // MARK: server, tls

    static let serverListen = Key(
        "server.listen", .address, default: ListenAddress(host: "127.0.0.1", port: 4318),
        "Where agents deliver and readers ask. Beyond loopback only with TLS and `auth.required`.")
    static let serverMaxConnections = Key(
        "server.maxConnections", .integer(8...65_536), default: 1024,
        "Connections at a time; those beyond it wait to be accepted.")
    static let certificateFile = Key(
        "tls.certificateFile", .optional(.path), default: nil,
        "A PEM file with the server's certificate, and behind it the authorities between it and the root. This and the "
            + "other files of `tls` are read again when they change.")
    static let keyFile = Key("tls.keyFile", .optional(.path), default: nil, "A PEM file with the certificate's key.")
    static let clientCAFile = Key(
        "tls.clientCaFile", .optional(.path), default: nil,
        "A PEM file with the authorities that sign client certificates. Whoever presents none may log in by a token.")

    // MARK: auth, serviceAccounts

    static let authRequired = Key(
        "auth.required", .truth, default: true,
        "Whether a login is asked for. Without, on loopback alone, everybody may write for any node and read everything."
    )
    static let failureLimit = Key(
        "auth.failureLimit", .integer(1...10_000), default: 10,
        "Failed logins from one address within `auth.failureWindow`, after which it is answered with 429.")
    static let failureWindow = Key(
        "auth.failureWindow", .duration(.seconds(1) ... .seconds(86_400)), default: .seconds(60),
        "How long a failed login counts.")
    static let issuer = Key(
        "serviceAccounts.issuer", .optional(.text(limit: 2048)), default: nil,
        "The cluster's token issuer (`iss`), as in its `/.well-known/openid-configuration`. With it agents may log in by "
            + "projected ServiceAccount tokens.")
    static let audience = Key(
        "serviceAccounts.audience", .text(limit: 255), default: "lastword", "The audience that a token must be for.")
    static let jwksFile = Key(
        "serviceAccounts.jwksFile", .optional(.path), default: nil,
        "A file with the issuer's keys (JWKS), as `kubectl get --raw /openid/v1/jwks` prints them.")
    static let jwksURL = Key(
        "serviceAccounts.jwksUrl", .optional(.apiURL), default: nil, "Where the issuer's keys are fetched, instead.")
    static let jwksCAFile = Key(
        "serviceAccounts.jwksCaFile", .optional(.path), default: nil,
        "A PEM file with the authorities to trust for `serviceAccounts.jwksUrl`.")
    static let jwksTokenFile = Key(
        "serviceAccounts.jwksTokenFile", .optional(.path), default: nil,
        "A file with a bearer token for `serviceAccounts.jwksUrl`; read for every request.")
    static let refresh = Key(
        "serviceAccounts.refresh", .duration(.seconds(10) ... .seconds(86_400)), default: .seconds(600),
        "How often the keys are read again; also when a token names an unknown one, but no more than twice a minute.")
    static let allow = Key(
        "serviceAccounts.allow", .serviceAccounts, default: ["lastword/lastword-agent"],
        "The ServiceAccounts that may write, each for the node its token names. Any pod can ask for a token of any "
            + "audience: without this list each would be an agent.")

    // MARK: limits

    static let requestBytes = Key(
        "limits.requestBytes", .bytes(.kibibytes(64) ... .mebibytes(256)), default: .mebibytes(8),
        "The size of a delivery as it comes; over it 413.")
    static let unpackedBytes = Key(
        "limits.unpackedBytes", .bytes(.kibibytes(64) ... .gibibytes(1)), default: .mebibytes(64),
        "The size of a delivery when unpacked; over it 413.")
    static let records = Key(
        "limits.records", .integer(1...1_000_000), default: 10_000, "Records in a delivery; over it 413.")
    static let memory = Key(
        "limits.memory", .bytes(.mebibytes(16) ... .gibibytes(64)), default: .mebibytes(512),
        "Bytes of deliveries that are held at a time, as they come and unpacked; over it 429. Decoding takes about as much again."
    )
    static let requestTimeout = Key(
        "limits.requestTimeout", .duration(.seconds(1) ... .seconds(3600)), default: .seconds(60),
        "How long a request's body may take to come, and how long a connection may stand idle.")

    // MARK: pages, store, http, log

    static let pagesEnabled = Key(
        "pages.enabled", .truth, default: true,
        "Whether people can read in a browser, at `server.listen`: `/sessions`, `/nodes`, `/statistics`.")
    static let pagesSessionLifetime = Key(
        "pages.sessionLifetime", .duration(.seconds(60) ... .seconds(30 * 86_400)), default: .seconds(12 * 3600),
        "How long somebody who signs in to the pages stays so; it ends earlier with the token, and when the collector "
            + "restarts.")

    static let storeDirectory = Key(
        "store.directory", .path, default: "/var/lib/lastword-collector",
        "Where everything is kept, with the socket for the collector's own commands.")
    static let storeLockTimeout = Key(
        "store.lockTimeout", .duration(.zero ... .seconds(600)), default: .seconds(30),
        "How long a starting collector waits for the one before it to let go of the store.")
    static let storeMaxBytes = Key(
        "store.maxBytes", .bytes(.mebibytes(16) ... .gibibytes(65_536)), default: .gibibytes(50),
        "Size of the store, over which the oldest go, held sessions excepted.")
    static let storeMaxAge = Key(
        "store.maxAge", .duration(.seconds(3600) ... .seconds(36_500 * 86_400)), default: .seconds(365 * 86_400),
        "Age after which what was received goes, held sessions excepted.")
    static let httpListen = Key(
        "http.listen", .listenAddress, default: ListenAddress(host: "127.0.0.1", port: 9465),
        "Where `/healthz`, `/readyz` and `/metrics` are served without encryption or login; `off` for nowhere.")
    static let logLevel = Key(
        "log.level", .choice(), default: LogSettings.Level.info, "The least severe level that is logged.")
    static let logFormat = Key(
        "log.format", .choice(), default: LogSettings.Format.text, "Log lines as text or as JSON.")

    static let all: [any AnyConfigurationKey] = [
        serverListen, serverMaxConnections, certificateFile, keyFile, clientCAFile,
        authRequired, failureLimit, failureWindow,
        issuer, audience, jwksFile, jwksURL, jwksCAFile, jwksTokenFile, refresh, allow,
        requestBytes, unpackedBytes, records, memory, requestTimeout,
        pagesEnabled, pagesSessionLifetime,
        storeDirectory, storeLockTimeout, storeMaxBytes, storeMaxAge,
        httpListen, logLevel, logFormat,
    ]
}

extension ConfigurationType<[String]> {
    /// `namespace/name`, both RFC 1123.
    fileprivate static let serviceAccounts = list(of: "ServiceAccount", example: "[lastword/lastword-agent]") { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                (1...253).contains(part.utf8.count)
                    && part.utf8.allSatisfy {
                        (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46
                    }
            }
    }
}
