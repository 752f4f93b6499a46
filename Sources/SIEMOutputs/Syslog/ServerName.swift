// SPDX-License-Identifier: Apache-2.0
import NIOSSL
import SwiftASN1
import X509

/// Whether a certificate is for a name (RFC 6125, section 6.4).
///
/// NIOSSL lets a certificate pass, too, that is for the address that was reached: whoever can make our names lead to an address
/// of theirs has such a one.
enum ServerName {
    static func isName(_ name: String, of certificate: NIOSSLCertificate) -> Bool {
        do {
            let parsed = try Certificate(derEncoded: try certificate.toDERBytes())
            let names = try parsed.extensions.subjectAlternativeNames ?? SubjectAlternativeNames()
            return names.contains {
                if case .dnsName(let pattern) = $0 { return matches(name, pattern) }
                return false
            }
        } catch {
            // What cannot be read is for nobody.
            return false
        }
    }

    /// A `*` stands for the whole first label, and for nothing else.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let wanted = labels(name)
        let offered = labels(pattern)
        guard wanted.count == offered.count, !wanted.isEmpty, !wanted.contains("") else { return false }
        if offered[0] == "*", offered.count > 2 { return wanted.dropFirst() == offered.dropFirst() }
        return wanted == offered
    }

    private static func labels(_ name: String) -> [Substring] {
        let name = name.lowercased()
        return (name.hasSuffix(".") ? name.dropLast() : name[...]).split(
            separator: ".", omittingEmptySubsequences: false)
    }
}
