// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOSSL

/// The other side of a connection.
struct Peer: Sendable {
    /// The IP address as text; `-` where it is not known any more, as of a connection that has ended.
    let address: String
    /// Verified against `tls.clientCaFile`; nil without one.
    let certificate: NIOSSLCertificate?
    let isLoopback: Bool

    /// - Parameter channel: that of a request: the connection itself, or a stream of HTTP/2 in it.
    init(of channel: any Channel) async {
        address = channel.remoteAddress?.ipAddress ?? channel.parent?.remoteAddress?.ipAddress ?? "-"
        isLoopback = address == "::1" || address.hasPrefix("127.") || address == "::ffff:127.0.0.1"
        certificate = await Self.certificate(of: channel)
    }

    private static func certificate(of channel: any Channel) async -> NIOSSLCertificate? {
        // Over HTTP/1 the parent is the listening socket, which has no TLS of its own.
        for candidate in [channel, channel.parent].compactMap(\.self) {
            let found = candidate.pipeline.containsHandler(type: NIOSSLServerHandler.self)
                .flatMap { candidate.nioSSL_peerCertificate() }
            do {
                return try await found.get()
            } catch {
                continue
            }
        }
        return nil
    }
}
