// SPDX-License-Identifier: Apache-2.0
import Glibc
package import NIOSSL
import SessionRecords

/// Reads the small files that hold credentials. Always by path, because the kubelet replaces them through a symlink.
package struct CredentialReader: Sendable {
    private static let maximumBytes = 1 << 20

    /// Of the errors: says whose credentials they are.
    private let code: String

    package init(code: String) {
        self.code = code
    }

    /// - Throws: `LastwordError`, naming `what` and the path.
    package func read(_ path: String, what: String) throws -> [UInt8] {
        func failure(_ reason: String) -> LastwordError {
            LastwordError(
                code: code, message: "cannot read the \(what) \(path): \(reason)",
                remedy: "check the path, and that the agent's user may read it")
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
            guard count > 0 else { break }
            content.append(contentsOf: buffer[..<count])
            guard content.count <= Self.maximumBytes else { throw failure("larger than 1 MiB") }
        }
        return content
    }

    /// A bearer token: one line of visible ASCII, so that it cannot break out of its header.
    package func token(_ bytes: [UInt8], from place: String) throws -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        var token = bytes[...]
        while let last = token.last, isSpace(last) { token = token.dropLast() }
        token = token.drop(while: isSpace)
        guard !token.isEmpty, token.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw LastwordError(
                code: code, message: "\(place) holds no bearer token",
                remedy: "put the token alone on one line")
        }
        return String(decoding: token, as: UTF8.self)
    }

    /// At least one, or an error that names `what`.
    package func certificates(_ pem: [UInt8], what: String) throws -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(pem)
            if !certificates.isEmpty { return certificates }
        } catch {
            throw LastwordError(
                code: code, message: "the \(what) is not a PEM certificate",
                remedy: "give a file with BEGIN CERTIFICATE blocks", cause: error)
        }
        throw LastwordError(
            code: code, message: "the \(what) holds no certificate",
            remedy: "give a file with BEGIN CERTIFICATE blocks")
    }

    func failure(_ message: String, _ remedy: String, _ cause: (any Error)? = nil) -> LastwordError {
        LastwordError(code: code, message: message, remedy: remedy, cause: cause)
    }
}
