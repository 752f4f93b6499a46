// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentStore
import Delivery
import Foundation
import OTLPCoding
import ReceiverSupport
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import Forwarding

@Suite("Forwarder: TLS, credentials, proxy")
struct AccessTests {
    /// Files of one test, replaced in one step as the kubelet does.
    private struct Files {
        let directory = NSTemporaryDirectory() + "access-" + UUID().uuidString

        init() throws {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }

        func write(_ text: String, _ name: String) throws -> String {
            let path = directory + "/" + name
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            return path
        }
    }

    @Test("a token is sent, and a new one is used as soon as its file changes")
    func tokenRotation() async throws {
        let good = Mutex("first")
        let receiver = OTLPReceiver { request in
            request.headers["authorization"] == "Bearer \(good.withLock { $0 })" ? .take : .status(401)
        }
        try await receiver.start()
        let files = try Files()
        let path = try files.write("first\n", "token")
        let run = try ForwardingRun(receiver.url) { $0.files.token = path }
        run.start()
        try await run.waitUntilDelivered()
        good.withLock { $0 = "second" }
        try await run.record(1...1)
        try await waitUntil("the old one is refused") {
            run.forwarder.status.trouble?.hasPrefix("answered 401") == true
        }
        _ = try files.write("second", "token")
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == [1, 2])
        try await run.close()
        await receiver.stop()
    }

    @Test("a token file that is gone stops delivery, and says which file")
    func missingToken() async throws {
        let receiver = OTLPReceiver()
        try await receiver.start()
        let files = try Files()
        let path = files.directory + "/absent"
        let run = try ForwardingRun(receiver.url) { $0.files.token = path }
        run.start()
        try await waitUntil("it says so") { run.forwarder.status.trouble?.contains(path) == true }
        #expect(receiver.requests.isEmpty)
        _ = try files.write("now", "absent")
        try await run.waitUntilDelivered()
        try await run.close()
        await receiver.stop()
    }

    @Test("over TLS with a client certificate, which may be replaced while it runs")
    func certificateRotation() async throws {
        let (server, other) = (try StandInCertificates(), try StandInCertificates())
        let receiver = OTLPReceiver(.init(tls: server, clientAuthority: server.authority))
        try await receiver.start()
        let files = try Files()
        let (authority, certificate, key) = (
            try files.write(server.authority, "ca.crt"), try files.write(other.client, "tls.crt"),
            try files.write(other.clientKey, "tls.key")
        )
        let run = try ForwardingRun(receiver.url) { configuration in
            configuration.files.authority = authority
            configuration.files.certificate = certificate
            configuration.files.key = key
        }
        run.start()
        try await waitUntil("the wrong one is not taken") { run.forwarder.status.trouble != nil }
        #expect(receiver.requests.isEmpty)
        _ = try files.write(server.clientKey, "tls.key")
        _ = try files.write(server.client, "tls.crt")
        try await run.waitUntilDelivered()
        #expect(receiver.entries.map(\.number) == [1])
        try await run.close()
        await receiver.stop()
    }

    @Test("a receiver of another authority gets nothing")
    func strangeReceiver() async throws {
        let (server, other) = (try StandInCertificates(), try StandInCertificates())
        let receiver = OTLPReceiver(.init(tls: server))
        try await receiver.start()
        let files = try Files()
        let authority = try files.write(other.authority, "ca.crt")
        let run = try ForwardingRun(receiver.url) { $0.files.authority = authority }
        run.start()
        try await waitUntil("it says so") { run.forwarder.status.trouble?.contains("certificate") == true }
        #expect(receiver.requests.isEmpty)
        #expect(try run.status().backlog == 1)
        await run.kill()
        try await run.close()
        await receiver.stop()
    }

    @Test("through a proxy, whose tunnel the certificate check goes through")
    func proxy() async throws {
        let server = try StandInCertificates()
        let receiver = OTLPReceiver(.init(tls: server))
        try await receiver.start()
        let proxy = TunnelProxy()
        try await proxy.start()
        let files = try Files()
        let authority = try files.write(server.authority, "ca.crt")
        let run = try ForwardingRun(receiver.url) { configuration in
            configuration.files.authority = authority
            configuration.proxy = .init(host: "127.0.0.1", port: proxy.port)
        }
        try await run.record(1...3)
        run.start()
        try await run.waitUntilDelivered()
        #expect(Set(proxy.targets) == ["127.0.0.1:\(receiver.port)"] && receiver.entries.count == 4)
        try await run.close()
        try await proxy.stop()
        await receiver.stop()
    }

    @Test("further headers are sent; a line that is none, or one of our own, is refused without showing it")
    func headers() async throws {
        let bytes = Array("# for the tenant\nX-Scope-OrgID: team a\n\nApi-Key:secret\n".utf8)
        let headers = try ForwardingCredentials.parse(headers: bytes, "file")
        #expect(headers.map(\.name) == ["X-Scope-OrgID", "Api-Key"] && headers.map(\.value) == ["team a", "secret"])
        for text in ["secret", "a b: secret", "X:", "Content-Type: secret", "X: s\u{7}secret", "é: secret"] {
            let error = #expect(throws: LastwordError.self) {
                try ForwardingCredentials.parse(headers: Array(text.utf8), "file")
            }
            #expect(error.map { !"\($0)".contains("secret") } == true)
        }
    }

    @Test("credentials are not sent in the clear, and half a client certificate is none")
    func validation() throws {
        var configuration = ForwardingConfiguration(endpoint: try ForwardingRun.endpoint("http://collector:4318"))
        try configuration.validate()
        configuration.files.token = "/token"
        #expect(throws: LastwordError.self) { try configuration.validate() }
        configuration.endpoint = try ForwardingRun.endpoint("http://127.0.0.1:4318")
        try configuration.validate()
        configuration.proxy = .init(host: "proxy", port: 3128)
        #expect(throws: LastwordError.self) { try configuration.validate() }
        configuration.files.token = nil
        try configuration.validate()
        (configuration.proxy, configuration.files.token) = (nil, "/token")
        configuration.endpoint = try ForwardingRun.endpoint("https://collector:4318")
        try configuration.validate()
        configuration.files.certificate = "/tls.crt"
        #expect(throws: LastwordError.self) { try configuration.validate() }
    }

    @Test("a URL without a path gets the one of OTLP; what is no URL of a receiver is refused")
    func endpoints() {
        #expect(ForwardingEndpoint("https://collector:4318")?.url == "https://collector:4318/v1/logs")
        #expect(ForwardingEndpoint("https://collector/")?.url == "https://collector/v1/logs")
        #expect(ForwardingEndpoint("https://collector/otlp/v1/logs")?.url == "https://collector/otlp/v1/logs")
        let refused = [
            "", "collector:4318", "ftp://collector", "https://", "https://a:b@collector", "https://c/?x=1",
            "https://10.0.0.1:70000", "https://10.0.0.1:0",
        ]
        for text in refused {
            #expect(ForwardingEndpoint(text) == nil, "\(text)")
        }
    }

    @Test("the check tells apart no answer, a wrong token and a wrong path")
    func trial() async throws {
        let status = Mutex(200)
        let receiver = OTLPReceiver { _ in
            let status = status.withLock { $0 }
            return status == 200 ? .take : .status(status)
        }
        try await receiver.start()
        let configuration = ForwardingConfiguration(endpoint: try ForwardingRun.endpoint(receiver.url))
        let now: @Sendable () -> Timestamp = { Timestamp(nanoseconds: 0) }
        try await configuration.trial(now: now)
        for (code, words) in [(401, "token"), (404, "path")] {
            status.withLock { $0 = code }
            let error = await #expect(throws: LastwordError.self) { try await configuration.trial(now: now) }
            #expect(error?.code == "forward.refused" && error?.remedy?.contains(words) == true)
        }
        await receiver.stop()
        let error = await #expect(throws: LastwordError.self) { try await configuration.trial(now: now) }
        #expect(error?.code == "forward.unreachable")
    }

    @Test("dates of headers are read; other texts are none")
    func dates() {
        #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT")?.description == "1994-11-06T08:49:37Z")
        for text in ["", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 6 Nov 1994 08:49:37 GMT"] {
            #expect(HTTPDate.parse(text) == nil)
        }
    }
}
