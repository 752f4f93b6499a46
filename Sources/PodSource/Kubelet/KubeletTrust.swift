// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOSSL
import ServerAccess
import SessionRecords
import Synchronization

/// How the kubelet's certificate is checked; there is no way to skip it.
///
/// A kubelet's certificate is often self-signed, so no CA leads to it. Then the certificate itself is named by its
/// SHA-256 fingerprint. BoringSSL takes no bare leaf as a trust root, and the HTTP client lets nobody look at the
/// certificate, so the kubelet is spoken to through NIO, whose handshake asks a callback of ours.
struct KubeletTrust: Sendable {
    let context: NIOSSLContext
    /// Nil: the CA's chain and the host's name are checked.
    let fingerprint: Digest?
    /// The fingerprint that was met and is not the pinned one, for the error's words.
    let met = MetFingerprint()

    final class MetFingerprint: Sendable {
        private let value = Mutex<Digest?>(nil)

        var digest: Digest? {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }
    }

    init(_ trust: KubeletAccess.Trust) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.applicationProtocols = ["http/1.1"]
        switch trust {
        case .authority(let file):
            let bytes = try CredentialReader.pods.read(file, what: "kubelet CA")
            tls.trustRoots = .certificates(try CredentialReader.pods.certificates(bytes, what: "kubelet CA"))
            fingerprint = nil
        case .fingerprint(let text):
            fingerprint = try Self.digest(text)
        }
        context = try NIOSSLContext(configuration: tls)
    }

    static func digest(_ text: String) throws -> Digest {
        var hex = text.lowercased()
        if hex.hasPrefix("sha256:") { hex.removeFirst("sha256:".count) }
        hex.removeAll { $0 == ":" }
        guard let digest = Hex.decode(hex).flatMap({ Digest(bytes: $0) }) else {
            throw LastwordError(
                code: "pods.credentials", message: "the kubelet's fingerprint is not a SHA-256 digest",
                remedy: "openssl x509 -in /var/lib/kubelet/pki/kubelet.crt -noout -fingerprint -sha256 prints it")
        }
        return digest
    }

    /// The TLS handler of one connection.
    func handler(host: String) throws -> NIOSSLClientHandler {
        // An address is checked against the certificate's addresses, and must not be sent as a name.
        let name = Self.isAddress(host) ? nil : host
        guard let fingerprint else { return try NIOSSLClientHandler(context: context, serverHostname: name) }
        return try NIOSSLClientHandler(context: context, serverHostname: name) { [met] certificates, promise in
            do {
                guard let leaf = certificates.first else { return promise.succeed(.failed) }
                let digest = Digest(of: try leaf.toDERBytes())
                if digest != fingerprint { met.digest = digest }
                promise.succeed(digest == fingerprint ? .certificateVerified : .failed)
            } catch {
                promise.succeed(.failed)
            }
        }
    }

    private static func isAddress(_ host: String) -> Bool {
        do {
            _ = try SocketAddress(ipAddress: host, port: 0)
            return true
        } catch {
            return false
        }
    }
}
