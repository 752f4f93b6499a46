// SPDX-License-Identifier: Apache-2.0
package import ConfigurationReading
import SessionRecords

extension CollectorConfiguration {
    /// Reads flags, environment, file and defaults, in this order of preference.
    ///
    /// - Parameters:
    ///   - arguments: flags only, without the program's name and a subcommand.
    ///   - defaultFile: read if it is there, unless `--config` or `LASTWORD_COLLECTOR_CONFIG` names another file.
    /// - Throws: `ConfigurationError` with everything that is wrong.
    package static func load(
        arguments: [String], environment: [String: String], defaultFile: String = CollectorConfiguration.defaultFile
    ) throws(ConfigurationError) -> CollectorConfiguration {
        var reader = ConfigurationReader(
            keys: Keys.all, memberKeys: OutputConfigurationKeys.all, arguments: arguments, environment: environment,
            naming: naming, defaultFile: defaultFile,
            hostName: "")
        let configuration = CollectorConfiguration(&reader)
        configuration.contradictions(&reader)
        guard reader.faults.isEmpty else { throw ConfigurationError(faults: reader.faults) }
        return configuration
    }

    private typealias Keys = CollectorConfigurationKeys

    private init(_ reader: inout ConfigurationReader) {
        server = Server(
            listen: reader.read(Keys.serverListen), maxConnections: reader.read(Keys.serverMaxConnections))
        tls = Self.tls(&reader)
        auth = Auth(
            isRequired: reader.read(Keys.authRequired), failureLimit: reader.read(Keys.failureLimit),
            failureWindow: reader.read(Keys.failureWindow))
        serviceAccounts = Self.serviceAccounts(&reader)
        limits = Limits(
            requestBytes: reader.read(Keys.requestBytes), unpackedBytes: reader.read(Keys.unpackedBytes),
            records: reader.read(Keys.records), memory: reader.read(Keys.memory),
            requestTimeout: reader.read(Keys.requestTimeout))
        pages = Pages(
            isEnabled: reader.read(Keys.pagesEnabled), sessionLifetime: reader.read(Keys.pagesSessionLifetime))
        store = Store(
            directory: reader.read(Keys.storeDirectory), lockTimeout: reader.read(Keys.storeLockTimeout),
            maxBytes: reader.read(Keys.storeMaxBytes), maxAge: reader.read(Keys.storeMaxAge))
        http = HTTP(listen: reader.read(Keys.httpListen))
        log = LogSettings(level: reader.read(Keys.logLevel), format: reader.read(Keys.logFormat))
        outputs = Self.outputs(&reader)
        settings = reader.settings
    }

    private static func tls(_ reader: inout ConfigurationReader) -> TLS? {
        let certificate = reader.read(Keys.certificateFile)
        let key = reader.read(Keys.keyFile)
        let authority = reader.read(Keys.clientCAFile)
        if let certificate, let key { return TLS(certificateFile: certificate, keyFile: key, clientCAFile: authority) }
        if certificate != nil {
            reader.contradiction(Keys.certificateFile, "the key is missing", remedy: "set tls.keyFile too")
        }
        if key != nil {
            reader.contradiction(Keys.keyFile, "the certificate is missing", remedy: "set tls.certificateFile too")
        }
        if authority != nil, certificate == nil, key == nil {
            reader.contradiction(
                Keys.clientCAFile, "client certificates need TLS", remedy: "set tls.certificateFile and tls.keyFile")
        }
        return nil
    }

    private static func serviceAccounts(_ reader: inout ConfigurationReader) -> ServiceAccounts? {
        let issuer = reader.read(Keys.issuer)
        let audience = reader.read(Keys.audience)
        let file = reader.read(Keys.jwksFile)
        let url = reader.read(Keys.jwksURL)
        let authority = reader.read(Keys.jwksCAFile)
        let token = reader.read(Keys.jwksTokenFile)
        let refresh = reader.read(Keys.refresh)
        let allow = reader.read(Keys.allow)
        if file != nil, url != nil {
            reader.contradiction(Keys.jwksURL, "the keys are read from a file already", remedy: "keep one of the two")
        }
        guard let issuer else {
            if file != nil || url != nil {
                reader.contradiction(
                    Keys.issuer, "keys without an issuer prove nothing",
                    remedy:
                        "set serviceAccounts.issuer to what `kubectl get --raw /.well-known/openid-configuration` says")
            }
            return nil
        }
        guard !allow.isEmpty else {
            reader.contradiction(
                Keys.allow, "nobody may write",
                remedy: "name the agents' ServiceAccount, such as lastword/lastword-agent")
            return nil
        }
        let keys: ServiceAccounts.Keys
        if let file {
            keys = .file(file)
        } else if let url {
            keys = .url(url, caFile: authority, tokenFile: token)
        } else {
            reader.contradiction(
                Keys.issuer, "nothing says where its keys are",
                remedy: "set serviceAccounts.jwksFile or serviceAccounts.jwksUrl")
            return nil
        }
        return ServiceAccounts(issuer: issuer, audience: audience, keys: keys, refresh: refresh, allow: allow)
    }

    /// Settings that are right each for itself and wrong together.
    private func contradictions(_ reader: inout ConfigurationReader) {
        if !server.listen.isLoopback {
            if tls == nil {
                reader.contradiction(
                    Keys.serverListen, "\(server.listen) can be reached from other machines, and there is no TLS",
                    remedy: "set tls.certificateFile and tls.keyFile, or listen on 127.0.0.1")
            }
            if !auth.isRequired {
                reader.contradiction(
                    Keys.authRequired,
                    "without a login the collector listens on loopback alone, not on \(server.listen)",
                    remedy: "leave auth.required as it is, or listen on 127.0.0.1")
            }
        }
        if let listen = http.listen, listen.port != 0, listen == server.listen {
            reader.contradiction(Keys.httpListen, "server.listen is there already", remedy: "choose another port")
        }
        if limits.unpackedBytes > limits.memory {
            reader.contradiction(
                Keys.memory, "\(limits.memory) is less than limits.unpackedBytes, \(limits.unpackedBytes)",
                remedy: "raise the one or lower the other")
        }
        // `sun_path` of unix(7) holds 108 bytes with its final NUL.
        if controlSocket.utf8.count > 107 {
            reader.contradiction(
                Keys.storeDirectory, "the path is too long for the socket inside it", remedy: "keep it below 94 bytes")
        }
    }
}
