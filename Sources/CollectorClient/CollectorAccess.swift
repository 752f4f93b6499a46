// SPDX-License-Identifier: Apache-2.0
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
        guard let address = ServerAddress(url) else {
            throw failure("not a URL of a server", "write it as https://host:port")
        }
        if !address.isEncrypted {
            if certificateFile != nil || authorityFile != nil {
                throw failure("certificates need TLS", "use https")
            }
            guard token == nil || address.isThisHost else {
                throw failure("a token is not sent over http to another host", "use https")
            }
        }
        return address.url
    }
}
