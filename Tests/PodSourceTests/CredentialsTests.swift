// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import Foundation
import Logging
import PodSource
import SessionRecords
import TestSupport
import Testing

@Suite("Credentials", .timeLimit(.minutes(2)))
struct CredentialsTests {
    private func with(
        options: APIServerStandIn.Options = .init(), _ body: (APIServerStandIn) async throws -> Void
    ) async throws {
        let server = try APIServerStandIn(options: options)
        try await server.start()
        do {
            try await body(server)
        } catch {
            await server.close()
            throw error
        }
        await server.close()
    }

    private func trial(_ access: APIServerAccess) async throws -> LastwordError? {
        let configuration = PodSourceConfiguration(origin: .api(access), nodeName: "node-1")
        let source = try #require(configuration.makeSource(logger: .init(label: "test")))
        do {
            try await source.trialAccess()
            return nil
        } catch let error as LastwordError {
            return error
        }
    }

    @Test("a service account's directory and environment are enough in a cluster")
    func inCluster() async throws {
        try await with { server in
            let environment = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)"]
            #expect(try await trial(.inCluster(directory: server.directory, environment: environment)) == nil)
            let outside = try await trial(.inCluster(directory: server.directory, environment: [:]))
            #expect(outside?.code == "pods.credentials")
        }
    }

    @Test("a kubeconfig with a token, a token file, or inline data works, paths relative to it")
    func kubeconfig() async throws {
        try await with { server in
            let inline = try server.writeKubeconfig(user: "    token: \(server.token)")
            #expect(try await trial(.kubeconfig(path: inline)) == nil)
            #expect(try await trial(.kubeconfig(path: inline, context: "stand-in")) == nil)
            let file = try server.writeKubeconfig(user: "    tokenFile: token\n    token: stale")
            #expect(try await trial(.kubeconfig(path: file)) == nil)
            let ca = try Data(contentsOf: URL(fileURLWithPath: server.caPath)).base64EncodedString()
            let data = try server.writeKubeconfig(
                user: "    tokenFile: \(server.tokenPath)", cluster: "    certificate-authority-data: \(ca)\n")
            #expect(try await trial(.kubeconfig(path: data)) == nil)
        }
    }

    @Test("a client certificate is shown, from files as from inline data, and none is refused")
    func clientCertificate() async throws {
        var options = APIServerStandIn.Options()
        options.clientCertificates = true
        try await with(options: options) { server in
            let files = try server.writeKubeconfig(
                user: "    client-certificate: client.crt\n    client-key: client.key")
            let error = try await trial(.kubeconfig(path: files))
            #expect(error == nil, "\(String(describing: error))")
            let certificate = try Data(contentsOf: URL(fileURLWithPath: server.clientCertificatePath))
            let key = try Data(contentsOf: URL(fileURLWithPath: server.clientKeyPath))
            let data = try server.writeKubeconfig(
                user: """
                        client-certificate-data: \(certificate.base64EncodedString())
                        client-key-data: \(key.base64EncodedString())
                    """)
            #expect(try await trial(.kubeconfig(path: data)) == nil)
            let none = try server.writeKubeconfig(user: "    token: x")
            #expect(try await trial(.kubeconfig(path: none)) != nil)
            let half = try server.writeKubeconfig(user: "    client-certificate: client.crt")
            #expect(try await trial(.kubeconfig(path: half))?.message.contains("needs both") == true)
        }
    }

    @Test(
        "what would run a program or skip the check is refused by name",
        arguments: [
            ("    exec:\n      command: aws", "", "exec"),
            ("    auth-provider:\n      name: gcp", "", "auth-provider"),
            ("    token: x", "    insecure-skip-tls-verify: true\n", "insecure-skip-tls-verify"),
            ("    token: x", "    proxy-url: http://proxy\n", "proxy-url"),
            ("    username: a\n    password: b", "", "username"),
        ])
    func refused(user: String, cluster: String, key: String) async throws {
        try await with { server in
            let path = try server.writeKubeconfig(user: user, cluster: cluster)
            let error = try #require(try await trial(.kubeconfig(path: path)))
            #expect(error.code == "pods.kubeconfig")
            #expect(error.message.contains("uses \(key), which is refused"))
            #expect(error.remedy != nil)
            #expect(server.requests.isEmpty)
        }
    }

    @Test("a kubeconfig that is not one is one clear error")
    func broken() async throws {
        try await with { server in
            for text in [
                "", ":\n  - :", "[1,2]", "current-context: nowhere\n", "{\"contexts\":7,\"current-context\":\"a\"}",
            ] {
                try server.write(text, to: "broken")
                let error = try await trial(.kubeconfig(path: server.directory + "/broken"))
                #expect(error?.code == "pods.kubeconfig", "\(text)")
            }
            #expect(try await trial(.kubeconfig(path: server.directory + "/none"))?.code == "pods.credentials")
            let other = try await trial(
                .kubeconfig(path: try server.writeKubeconfig(user: "    token: x"), context: "other"))
            #expect(other?.message.contains("no context named 'other'") == true)
        }
    }

    @Test("a token is never sent in the clear to another host, nor with a line break in it")
    func unsafe() async throws {
        try await with { server in
            for url in [
                "http://192.0.2.1:8080", "ftp://127.0.0.1", "127.0.0.1:6443", "https://u:p@127.0.0.1", "https://",
            ] {
                let error = try await trial(.server(url: url, tokenFile: server.tokenPath, caFile: nil))
                #expect(error?.code == "pods.credentials", "\(url)")
            }
            try server.write("abc\r\nX-Other: 1\n", to: "evil")
            let error = try await trial(
                .server(url: server.url, tokenFile: server.directory + "/evil", caFile: server.caPath))
            #expect(error?.message.contains("no bearer token") == true)
            #expect(server.requests.isEmpty)
        }
    }
}
