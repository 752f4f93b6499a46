// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import NIOSSL
import SessionRecords
import SwiftASN1
import X509

/// A CA of the test's own, with one server certificate and one client certificate, as PEM texts.
package struct StandInCertificates: Sendable {
    package let authority: String
    package let server: String
    package let serverKey: String
    package let client: String
    package let clientKey: String
    /// SHA-256 of the server certificate's DER form, lower-case hex.
    package let serverFingerprint: String

    /// - Parameters:
    ///   - names: DNS names the server certificate is for.
    ///   - hasAddress: whether it is for 127.0.0.1, too.
    package init(names: [String] = ["localhost"], hasAddress: Bool = true) throws {
        let authorityKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let authorityName = try DistinguishedName { CommonName("stand-in CA") }
        let authority = try Self.issue(
            subject: authorityName, key: authorityKey, issuer: authorityName, issuerKey: authorityKey,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            })
        let serverKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let server = try Self.issue(
            subject: try DistinguishedName { CommonName("stand-in server") }, key: serverKey, issuer: authorityName,
            issuerKey: authorityKey,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(
                    names.map { GeneralName.dnsName($0) }
                        + (hasAddress ? [.ipAddress(.init(contentBytes: [127, 0, 0, 1]))] : []))
            })
        let clientKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let client = try Self.issue(
            subject: try DistinguishedName { CommonName("agent") }, key: clientKey, issuer: authorityName,
            issuerKey: authorityKey,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.clientAuth])
            })
        self.authority = try authority.serializeAsPEM().pemString
        self.server = try server.serializeAsPEM().pemString
        self.serverKey = try serverKey.serializeAsPEM().pemString
        self.client = try client.serializeAsPEM().pemString
        self.clientKey = try clientKey.serializeAsPEM().pemString
        let leaf = try NIOSSLCertificate.fromPEMBytes(Array(self.server.utf8))
        serverFingerprint = try leaf.first.map { Digest(of: try $0.toDERBytes()).description } ?? ""
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
