// SPDX-License-Identifier: Apache-2.0
import ServerAccess
import SessionRecords

extension APIServerAccess {
    /// Reads all files anew. Blocking, but only for small local files.
    /// - Throws: `LastwordError` with code `pods.credentials` or `pods.kubeconfig`.
    func read() throws -> ServerCredentials {
        switch self {
        case .inCluster(let directory, let environment):
            guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
                let port = environment["KUBERNETES_SERVICE_PORT"], let number = Int(port), (1...65_535).contains(number)
            else {
                throw LastwordError(
                    code: "pods.credentials",
                    message: "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
                    remedy: "outside a pod give a kubeconfig, or a server with token and CA files")
            }
            let token = try CredentialReader.pods.read(directory + "/token", what: "service account token")
            return ServerCredentials(
                server: try Self.checked(
                    "https://\(host.contains(":") ? "[\(host)]" : host):\(number)", hasToken: true),
                token: try CredentialReader.pods.token(token, from: directory + "/token"),
                authority: try CredentialReader.pods.read(directory + "/ca.crt", what: "cluster CA"))
        case .kubeconfig(let path, let context):
            return try Kubeconfig.read(path: path, context: context)
        case .server(let url, let tokenFile, let caFile):
            let token = try tokenFile.map {
                try CredentialReader.pods.token(try CredentialReader.pods.read($0, what: "token file"), from: $0)
            }
            return ServerCredentials(
                server: try Self.checked(url, hasToken: token != nil), token: token,
                authority: try caFile.map { try CredentialReader.pods.read($0, what: "CA file") })
        }
    }

    /// The server's URL without a slash at its end. Plain HTTP is let through to this host only: elsewhere it would
    /// carry a token for everyone to read.
    static func checked(_ text: String, hasToken: Bool) throws -> String {
        func failure(_ why: String, _ remedy: String) -> LastwordError {
            LastwordError(code: "pods.credentials", message: "server \(Bounds.name(text)): \(why)", remedy: remedy)
        }
        guard let address = ServerAddress(text) else {
            throw failure("not a URL of a server", "write it as https://host:port")
        }
        guard address.isEncrypted || address.isThisHost || !hasToken else {
            throw failure("a token is not sent over http", "use https")
        }
        return address.url
    }
}
