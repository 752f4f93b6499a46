// SPDX-License-Identifier: Apache-2.0
import NIOSSL
import SessionRecords

/// Everything that was read to reach one server: where it is, whom to trust, who we are. Bytes, not yet parsed.
struct ServerCredentials: Hashable, Sendable {
    /// `https://host:port`, without a slash at its end.
    var server: String
    var token: String?
    /// PEM. Nil: the system's CAs.
    var authority: [UInt8]?
    /// PEM; both or neither.
    var clientCertificate: [UInt8]?
    var clientKey: [UInt8]?

    /// The TLS settings made of it. The certificate is always checked, host name included.
    func tlsConfiguration() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.applicationProtocols = ["http/1.1"]
        if let authority {
            tls.trustRoots = .certificates(try Self.certificates(authority, what: "certificate authority"))
        }
        if let clientCertificate, let clientKey {
            tls.certificateChain = try Self.certificates(clientCertificate, what: "client certificate")
                .map { .certificate($0) }
            do {
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: clientKey, format: .pem))
            } catch {
                throw LastwordError(
                    code: "pods.credentials", message: "the client key is not a PEM private key",
                    remedy: "give an unencrypted private key in PEM form", cause: error)
            }
        }
        return tls
    }

    static func certificates(_ pem: [UInt8], what: String) throws -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(pem)
            if !certificates.isEmpty { return certificates }
        } catch {
            throw LastwordError(
                code: "pods.credentials", message: "the \(what) is not a PEM certificate",
                remedy: "give a file with BEGIN CERTIFICATE blocks", cause: error)
        }
        throw LastwordError(
            code: "pods.credentials", message: "the \(what) holds no certificate",
            remedy: "give a file with BEGIN CERTIFICATE blocks")
    }
}
