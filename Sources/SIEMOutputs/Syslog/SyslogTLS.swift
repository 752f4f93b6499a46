// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOSSL
import SessionRecords

extension SyslogSettings.TLS {
    /// Made anew for every connection, so that renewed files are used. The certificate is always checked, name included.
    func context() throws(LastwordError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let caFile {
            configuration.trustRoots = .certificates(
                try Self.read("authorities", caFile) { try NIOSSLCertificate.fromPEMFile($0) })
        }
        if let certificateFile, let keyFile {
            configuration.certificateChain = try Self.read("client certificate", certificateFile) {
                try NIOSSLCertificate.fromPEMFile($0).map { .certificate($0) }
            }
            configuration.privateKey = .privateKey(
                try Self.read("client key", keyFile) { try NIOSSLPrivateKey(file: $0, format: .pem) })
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw LastwordError(
                code: "output.credentials", message: "cannot use the certificate files of the output",
                remedy: "make sure that keyFile is the key of certificateFile", cause: error)
        }
    }

    private static func read<Value>(
        _ what: String, _ path: String, _ body: (String) throws -> Value
    ) throws(LastwordError) -> Value {
        do {
            return try body(path)
        } catch {
            throw LastwordError(
                code: "output.credentials", message: "cannot read the \(what) in \(path)",
                remedy: "it must be a PEM file that the collector's user may read", cause: error)
        }
    }

    /// The name for the handshake; nil for an address, which the certificate must then be for.
    func name(of host: String) -> String? {
        if let serverName { return serverName }
        do {
            _ = try SocketAddress(ipAddress: host, port: 0)
            return nil
        } catch {
            return host
        }
    }
}
