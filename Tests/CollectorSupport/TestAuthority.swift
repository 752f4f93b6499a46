// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import TestSupport
import X509

/// An authority of a test's own, and what it issues.
struct TestAuthority: Sendable {
    /// A certificate and its key, in PEM.
    struct Identity: Sendable {
        let certificate: String
        let key: String
    }

    let certificate: String
    private let key: Certificate.PrivateKey
    private let name: DistinguishedName

    init() throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        name = try DistinguishedName { CommonName("test CA \(UInt32.random(in: 0 ... .max))") }
        certificate = try Self.issue(
            subject: name, key: key, issuer: name, issuerKey: key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }
        ).serializeAsPEM().pemString
    }

    func server(_ commonName: String = "collector") throws -> Identity {
        try identity(
            commonName,
            Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([.dnsName("localhost"), .ipAddress(.init(contentBytes: [127, 0, 0, 1]))])
            })
    }

    func client(_ commonName: String, uris: [String] = []) throws -> Identity {
        try identity(
            commonName,
            Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.clientAuth])
                if !uris.isEmpty { SubjectAlternativeNames(uris.map { .uniformResourceIdentifier($0) }) }
            })
    }

    private func identity(_ commonName: String, _ extensions: Certificate.Extensions) throws -> Identity {
        let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let issued = try Self.issue(
            subject: try DistinguishedName { CommonName(commonName) }, key: own, issuer: name, issuerKey: key,
            extensions: extensions)
        return Identity(
            certificate: try issued.serializeAsPEM().pemString, key: try own.serializeAsPEM().pemString)
    }

    /// Writes a server's files, and names them in flags.
    func serverFlags(in scratch: ScratchDirectory) throws -> [String] {
        let server = try self.server()
        return [
            "--tls-certificate-file", try scratch.write(server.certificate, to: "server.crt"),
            "--tls-key-file", try scratch.write(server.key, to: "server.key"),
            "--tls-client-ca-file", try scratch.write(certificate, to: "client-ca.crt"),
        ]
    }

    func clientConfiguration(_ identity: Identity?) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)))
        if let identity {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8)).map {
                .certificate($0)
            }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem))
        }
        return tls
    }

    private static func issue(
        subject: DistinguishedName, key: Certificate.PrivateKey, issuer: DistinguishedName,
        issuerKey: Certificate.PrivateKey, extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -3600), notValidAfter: Date(timeIntervalSinceNow: 86_400 * 30),
            issuer: issuer, subject: subject, extensions: extensions, issuerPrivateKey: issuerKey)
    }
}
