// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOSSL
import SessionRecords

/// The files of `tls.*`: what they hold now, and whether they have changed.
struct TLSFiles: Sendable {
    private let settings: CollectorConfiguration.TLS

    init(_ settings: CollectorConfiguration.TLS) {
        self.settings = settings
    }

    /// Tells two states of the files apart, without reading them. A link is followed: Kubernetes swaps the link of a mounted
    /// Secret.
    struct Mark: Hashable, Sendable {
        fileprivate var files: [[Int64]] = []
    }

    var mark: Mark {
        var mark = Mark()
        for path in [settings.certificateFile, settings.keyFile, settings.clientCAFile].compactMap(\.self) {
            var status = stat()
            guard stat(path, &status) == 0 else {
                mark.files.append([])
                continue
            }
            mark.files.append([
                Int64(status.st_dev), Int64(bitPattern: UInt64(status.st_ino)), Int64(status.st_size),
                Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
            ])
        }
        return mark
    }

    /// Reads and checks everything: certificate and key belong together, and there are authorities where they are named.
    func configuration() throws(LastwordError) -> TLSConfiguration {
        let chain = try Self.read("certificate", settings.certificateFile) {
            try NIOSSLCertificate.fromPEMFile($0).map { NIOSSLCertificateSource.certificate($0) }
        }
        guard !chain.isEmpty else { throw Self.failure("certificate", settings.certificateFile, nil) }
        let key = try Self.read("key", settings.keyFile) { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        if let file = settings.clientCAFile {
            let authorities = try Self.read("client authorities", file) { try NIOSSLCertificate.fromPEMFile($0) }
            guard !authorities.isEmpty else { throw Self.failure("client authorities", file, nil) }
            configuration.trustRoots = .certificates(authorities)
            // Whoever presents none may have a token; a certificate that does not verify ends the handshake.
            configuration.certificateVerification = .optionalVerification
        }
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw LastwordError(
                code: "tls.unusable",
                message: "cannot use \(settings.certificateFile) with \(settings.keyFile) for TLS",
                remedy: "make sure that the key is the certificate's", cause: error)
        }
        return configuration
    }

    private static func read<Value>(
        _ what: String, _ path: String, _ body: (String) throws -> Value
    ) throws(LastwordError) -> Value {
        do {
            return try body(path)
        } catch {
            throw failure(what, path, error)
        }
    }

    private static func failure(_ what: String, _ path: String, _ cause: (any Error)?) -> LastwordError {
        LastwordError(
            code: "tls.unreadable", message: "cannot read the \(what) in \(path)",
            remedy: "it must be a PEM file that the collector's user may read", cause: cause)
    }
}
