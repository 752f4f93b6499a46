// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import ServerAccess
import SessionRecords
import Yams

/// Reads the part of a kubeconfig that an agent can use: server, CA, and a token or client certificate, inline or in
/// files. What would need a program to run, or would switch off the certificate check, is refused by name.
enum Kubeconfig {
    static func read(path: String, context: String?) throws -> ServerCredentials {
        let bytes = try CredentialReader.pods.read(path, what: "kubeconfig")
        let root: Node
        do {
            guard let node = try compose(yaml: String(decoding: bytes, as: UTF8.self)) else {
                throw failure(path, "is empty")
            }
            root = node
        } catch let error as LastwordError {
            throw error
        } catch {
            throw LastwordError(
                code: "pods.kubeconfig", message: "kubeconfig \(path) is not YAML",
                remedy: "check the file with kubectl --kubeconfig", cause: error)
        }
        guard let name = context ?? root["current-context"]?.string, !name.isEmpty else {
            throw failure(path, "names no current-context")
        }
        let chosen = try entry(named: name, in: root["contexts"], body: "context", path: path)
        let cluster = try entry(
            named: chosen["cluster"]?.string ?? "", in: root["clusters"], body: "cluster", path: path)
        let user = try entry(named: chosen["user"]?.string ?? "", in: root["users"], body: "user", path: path)
        try refuseUnsupported(cluster: cluster, user: user, path: path)

        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let file = { (relative: String) in
            relative.hasPrefix("/") || folder.isEmpty ? relative : folder + "/" + relative
        }
        func material(_ node: Node, _ key: String) throws -> [UInt8]? {
            if let text = node[key + "-data"]?.string, !text.isEmpty {
                guard let data = Data(base64Encoded: text) else { throw failure(path, "\(key)-data is not base64") }
                return Array(data)
            }
            guard let name = node[key]?.string, !name.isEmpty else { return nil }
            return try CredentialReader.pods.read(file(name), what: key)
        }

        var token: String?
        if let tokenFile = user["tokenFile"]?.string, !tokenFile.isEmpty {
            // Where both are given the file wins: it is the one that rotates.
            token = try CredentialReader.pods.token(
                try CredentialReader.pods.read(file(tokenFile), what: "tokenFile"), from: tokenFile)
        } else if let inline = user["token"]?.string, !inline.isEmpty {
            token = try CredentialReader.pods.token(Array(inline.utf8), from: "the user's token in \(path)")
        }
        guard let server = cluster["server"]?.string, !server.isEmpty else { throw failure(path, "names no server") }
        let certificate = try material(user, "client-certificate")
        let key = try material(user, "client-key")
        guard (certificate == nil) == (key == nil) else {
            throw failure(path, "needs both client-certificate and client-key")
        }
        return ServerCredentials(
            server: try APIServerAccess.checked(server, hasToken: token != nil), token: token,
            authority: try material(cluster, "certificate-authority"), clientCertificate: certificate, clientKey: key)
    }

    private static func failure(_ path: String, _ what: String) -> LastwordError {
        LastwordError(
            code: "pods.kubeconfig", message: "kubeconfig \(path) \(what)",
            remedy: "check it with kubectl --kubeconfig \(path) config view")
    }

    private static func entry(named name: String, in list: Node?, body: String, path: String) throws -> Node {
        for item in list?.array() ?? [] where item["name"]?.string == name {
            if let node = item[body], node.mapping != nil { return node }
        }
        throw failure(path, "has no \(body) named '\(Bounds.name(name))'")
    }

    private static func refuseUnsupported(cluster: Node, user: Node, path: String) throws {
        func refuse(_ key: String, _ remedy: String) -> LastwordError {
            LastwordError(
                code: "pods.kubeconfig", message: "kubeconfig \(path) uses \(key), which is refused", remedy: remedy)
        }
        if cluster["insecure-skip-tls-verify"]?.bool == true {
            throw refuse(
                "insecure-skip-tls-verify", "give certificate-authority instead: the certificate is always checked")
        }
        for key in ["proxy-url", "tls-server-name"] where !(cluster[key]?.string ?? "").isEmpty {
            throw refuse(key, "give a server address that is reached directly and is named in its certificate")
        }
        for key in ["exec", "auth-provider"] where user[key]?.mapping != nil {
            throw refuse(key, "the agent runs no programs: give a token, a tokenFile or a client certificate")
        }
        for key in ["username", "password"] where !(user[key]?.string ?? "").isEmpty {
            throw refuse(key, "Kubernetes has no passwords any more: give a token or a client certificate")
        }
    }
}
