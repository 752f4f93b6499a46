// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import NIOSSL
import SessionRecords
import SwiftASN1
import X509

/// What a client certificate allows, which `tls.clientCaFile` has verified.
///
/// URIs among its subject alternative names say so: `lastword:node:NAME` (an agent, for that node), `lastword:reader`,
/// `lastword:reader:NAMESPACE` (any number of them), `lastword:admin`. A certificate without a `lastword:` URI is an
/// agent's, for the node that is its common name; `system:node:NAME`, as the kubelet's own certificates have it, is NAME.
enum CertificateIdentity {
    private static let scheme = "lastword:"

    static func principal(of certificate: NIOSSLCertificate) throws(LastwordError) -> Principal {
        let (uris, commonName) = try names(certificate)
        let ours = uris.filter { $0.hasPrefix(scheme) }.map { String($0.dropFirst(scheme.utf8.count)) }
        guard !ours.isEmpty else {
            guard let name = commonName.map(node), isNodeName(name) else {
                throw refusal("names no node: its common name is not a node's, and it has no URI lastword:node:NAME")
            }
            return agent(name)
        }
        var nodes: [String] = []
        var namespaces: Set<String> = []
        var readsAll = false
        var isAdmin = false
        for uri in ours {
            let parts = uri.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch (parts[0], parts.count > 1 ? parts[1] : nil) {
            case ("node", let name?) where isNodeName(name): nodes.append(name)
            case ("reader", nil): readsAll = true
            case ("reader", let name?) where isNodeName(name): namespaces.insert(name)
            case ("admin", nil): isAdmin = true
            default: throw refusal("has a URI of ours that means nothing")
            }
        }
        guard nodes.count <= 1 else { throw refusal("names several nodes") }
        if nodes.count == 1, !readsAll, namespaces.isEmpty, !isAdmin { return agent(nodes[0]) }
        let reads: ReadScope? =
            readsAll || isAdmin ? .all : namespaces.isEmpty ? nil : .namespaces(namespaces)
        let name = "certificate " + (commonName ?? ours[0])
        return Principal(
            name: name, sender: nodes.first.map { sender($0) }, reads: reads, isAdmin: isAdmin)
    }

    private static func agent(_ node: String) -> Principal {
        Principal(name: "certificate \(node)", sender: sender(node))
    }

    private static func sender(_ node: String) -> Sender {
        Sender(node: node, kind: .certificate, name: "certificate \(node)")
    }

    private static func node(_ commonName: String) -> String {
        let prefix = "system:node:"
        return commonName.hasPrefix(prefix) ? String(commonName.dropFirst(prefix.utf8.count)) : commonName
    }

    /// An RFC 1123 subdomain, as node names and namespaces are.
    static func isNodeName(_ name: String) -> Bool {
        (1...253).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }

    private static func names(
        _ certificate: NIOSSLCertificate
    ) throws(LastwordError) -> (uris: [String], commonName: String?) {
        do {
            let parsed = try Certificate(derEncoded: try certificate.toDERBytes())
            var uris: [String] = []
            for name in try parsed.extensions.subjectAlternativeNames ?? SubjectAlternativeNames() {
                if case .uniformResourceIdentifier(let uri) = name { uris.append(uri) }
            }
            let commonName = parsed.subject.flatMap { Array($0) }.first { $0.type == .RDNAttributeType.commonName }
            return (uris, commonName.flatMap { String($0.value) })
        } catch {
            throw LastwordError(
                code: "auth.certificate", message: "the client certificate cannot be read", cause: error)
        }
    }

    private static func refusal(_ why: String) -> LastwordError {
        LastwordError(code: "auth.certificate", message: "the client certificate \(why)")
    }
}
