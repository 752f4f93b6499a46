// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SessionRecords

/// Where a collector is, and who asks it. Paths, not contents: `CollectorClient` reads the files.
package struct CollectorAccess: Hashable, Sendable {
    package enum Token: Hashable, Sendable, CustomStringConvertible {
        case text(String)
        /// Read before each request: whoever rotates it replaces the file.
        case file(String)

        /// The secret is in no description.
        package var description: String {
            switch self {
            case .text: "a token"
            case .file(let path): "the token in \(path)"
            }
        }
    }

    /// Its base: `https://host:port`, perhaps with a path.
    package var url: String
    package var token: Token?
    /// PEM. Nil: the system's CAs.
    package var authorityFile: String?
    /// PEM; both or neither.
    package var certificateFile: String?
    package var keyFile: String?
    package var connectTimeout: Duration = .seconds(10)
    /// Between two bytes of an answer.
    package var idleTimeout: Duration = .seconds(30)
    /// From the request to the last byte of its answer.
    package var answerTimeout: Duration = .seconds(120)

    package init(url: String) {
        self.url = url
    }

    var hasCredentials: Bool { token != nil || certificateFile != nil }

    /// The base without slashes at its end.
    /// - Throws: `collector.address`, also where credentials would go over plain HTTP to another host.
    func checkedURL() throws -> String {
        func failure(_ why: String, _ remedy: String) -> LastwordError {
            LastwordError(
                code: "collector.address", message: "collector \(Bounds.name(url)): \(why)", remedy: remedy)
        }
        // No sign in it may end a header or a line.
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let parsed = URL(string: url),
            let scheme = parsed.scheme, let host = parsed.host(), !host.isEmpty, parsed.query() == nil,
            parsed.fragment() == nil, parsed.user() == nil, scheme == "https" || scheme == "http",
            (1...65_535).contains(parsed.port ?? 443)
        else { throw failure("not a URL of a server", "write it as https://host:port") }
        if scheme == "http" {
            if certificateFile != nil || authorityFile != nil {
                throw failure("certificates need TLS", "use https")
            }
            guard token == nil || Self.isThisHost(host) else {
                throw failure("a token is not sent over http to another host", "use https")
            }
        }
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        return base
    }

    /// Names and addresses of loopback; a name that merely resolves to it does not count.
    static func isThisHost(_ host: String) -> Bool {
        if ["localhost", "::1", "[::1]"].contains(host) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
