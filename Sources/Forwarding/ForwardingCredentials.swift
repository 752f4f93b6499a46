// SPDX-License-Identifier: Apache-2.0
import NIOSSL
import ServerAccess
import SessionRecords

/// What was read from the files: headers, and the TLS settings made of CA and client certificate.
struct ForwardingCredentials: Sendable {
    let headers: [(name: String, value: String)]
    /// Nil where the endpoint is not encrypted.
    let tls: TLSConfiguration?

    private static let reader = CredentialReader(code: "forward.credentials")

    /// Reads all files anew. Throws `forward.credentials`.
    static func read(_ configuration: ForwardingConfiguration) throws -> ForwardingCredentials {
        let files = configuration.files
        func content(_ path: String?, _ what: String) throws -> [UInt8]? {
            try path.map { try reader.read($0, what: what) }
        }
        var headers: [(name: String, value: String)] = []
        if let path = files.headers, let bytes = try content(path, "headers file") {
            headers = try parse(headers: bytes, path)
        }
        if let path = files.token, let bytes = try content(path, "token file") {
            headers.append(("Authorization", "Bearer " + (try reader.token(bytes, from: path))))
        }
        let credentials = ServerCredentials(
            server: configuration.endpoint.url, authority: try content(files.authority, "CA file"),
            clientCertificate: try content(files.certificate, "client certificate"),
            clientKey: try content(files.key, "client key"))
        return ForwardingCredentials(
            headers: headers, tls: configuration.endpoint.isEncrypted ? try credentials.tlsConfiguration(reader) : nil)
    }

    /// One `Name: value` a line; empty lines and those that begin with `#` are looked over.
    static func parse(headers bytes: [UInt8], _ path: String) throws -> [(name: String, value: String)] {
        try String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
            let text = line.drop { $0 == " " || $0 == "\t" }
            guard !text.isEmpty, !text.hasPrefix("#") else { return nil }
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0]
            let value = parts.count == 2 ? parts[1].drop { $0 == " " } : ""
            let isName =
                !name.isEmpty
                && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"()<>@,;\\\"/[]?={}".utf8.contains($0) }
            guard isName, !value.isEmpty, value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
                // The line is not repeated: its value is a secret.
                throw LastwordError(
                    code: "forward.credentials", message: "a line of \(path) is not a header",
                    remedy: "write one ‘Name: value’ a line, in ASCII")
            }
            guard
                !["content-type", "content-encoding", "content-length", "host", "transfer-encoding"]
                    .contains(name.lowercased())
            else {
                throw LastwordError(
                    code: "forward.credentials", message: "\(path) sets the header \(name), which is the agent's own",
                    remedy: "take it out")
            }
            return (String(name), String(value))
        }
    }
}
