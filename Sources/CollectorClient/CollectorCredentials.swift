// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOSSL
import SessionRecords

extension CollectorAccess {
    private static let maximumFileBytes = 1 << 20

    /// The TLS settings; the server's certificate is always checked, its name included.
    /// - Throws: `collector.credentials`, naming the file.
    func tlsConfiguration() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["http/1.1"]
        if let authorityFile {
            tls.trustRoots = .certificates(try Self.certificates(in: authorityFile, "CA file"))
        }
        guard (certificateFile == nil) == (keyFile == nil) else {
            throw LastwordError(
                code: "collector.credentials", message: "a client certificate needs its key, and a key its certificate",
                remedy: "give both files")
        }
        if let certificateFile, let keyFile {
            tls.certificateChain = try Self.certificates(in: certificateFile, "client certificate")
                .map { .certificate($0) }
            do {
                let key = try Self.read(keyFile, "client key")
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
            } catch let error as LastwordError {
                throw error
            } catch {
                throw LastwordError(
                    code: "collector.credentials", message: "\(Bounds.name(keyFile)) holds no PEM private key",
                    remedy: "give an unencrypted private key in PEM form")
            }
        }
        return tls
    }

    /// What stands behind `Bearer`: one word of visible ASCII, so that it cannot break out of its header.
    /// - Throws: `collector.credentials`; the message never has the token in it.
    func bearer() throws -> String? {
        let bytes: [UInt8]
        let place: String
        switch token {
        case nil: return nil
        case .text(let text)?: (bytes, place) = (Array(text.utf8), "the token given")
        case .file(let path)?: (bytes, place) = (try Self.read(path, "token file"), Bounds.name(path))
        }
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        var word = bytes.drop(while: isSpace)
        while let last = word.last, isSpace(last) { word = word.dropLast() }
        guard !word.isEmpty, word.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw LastwordError(
                code: "collector.credentials", message: "\(place) is no bearer token",
                remedy: "put the token alone on one line")
        }
        return String(decoding: word, as: UTF8.self)
    }

    private static func certificates(in path: String, _ what: String) throws -> [NIOSSLCertificate] {
        let pem = try read(path, what)
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(pem)
            if !certificates.isEmpty { return certificates }
        } catch {
            // Said below in words that help more.
        }
        throw LastwordError(
            code: "collector.credentials", message: "the \(what) \(Bounds.name(path)) holds no PEM certificate",
            remedy: "give a file with BEGIN CERTIFICATE blocks")
    }

    private static func read(_ path: String, _ what: String) throws -> [UInt8] {
        func failure(_ reason: String) -> LastwordError {
            LastwordError(
                code: "collector.credentials", message: "cannot read the \(what) \(Bounds.name(path)): \(reason)",
                remedy: "check the path, and that you may read it")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(String(cString: strerror(errno))) }
            guard count > 0 else { return content }
            content.append(contentsOf: buffer[..<count])
            guard content.count <= maximumFileBytes else { throw failure("larger than 1 MiB") }
        }
    }
}
