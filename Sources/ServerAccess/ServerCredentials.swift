// SPDX-License-Identifier: Apache-2.0
package import NIOSSL
import SessionRecords

/// Everything that was read to reach one server: where it is, whom to trust, who we are. Bytes, not yet parsed.
package struct ServerCredentials: Hashable, Sendable {
    /// `https://host:port`, without a slash at its end.
    package var server: String
    package var token: String?
    /// PEM. Nil: the system's CAs.
    package var authority: [UInt8]?
    /// PEM; both or neither.
    package var clientCertificate: [UInt8]?
    package var clientKey: [UInt8]?

    package init(
        server: String, token: String? = nil, authority: [UInt8]? = nil, clientCertificate: [UInt8]? = nil,
        clientKey: [UInt8]? = nil
    ) {
        self.server = server
        self.token = token
        self.authority = authority
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
    }

    /// The TLS settings made of it. The certificate is always checked, host name included.
    /// - Parameter reader: names the errors.
    package func tlsConfiguration(_ reader: CredentialReader) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.applicationProtocols = ["http/1.1"]
        if let authority {
            tls.trustRoots = .certificates(try reader.certificates(authority, what: "certificate authority"))
        }
        if let clientCertificate, let clientKey {
            tls.certificateChain = try reader.certificates(clientCertificate, what: "client certificate")
                .map { .certificate($0) }
            do {
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: clientKey, format: .pem))
            } catch {
                throw reader.failure(
                    "the client key is not a PEM private key", "give an unencrypted private key in PEM form", error)
            }
        }
        return tls
    }
}
