// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Delivery
import Forwarding
import OTLPCoding
import Testing

@testable import AgentCore

@Suite("Configuration: forwarding")
struct ForwardConfigurationTests {
    @Test("without an endpoint nothing is forwarded")
    func off() throws {
        #expect(try ConfigurationFixture().load().forwarding == nil)
    }

    @Test("the keys arrive where the forwarder reads them")
    func keys() throws {
        let yaml = """
            forward:
              endpoint: https://collector:4318
              tokenFile: /run/token
              caFile: /run/ca.crt
              certificateFile: /run/tls.crt
              keyFile: /run/tls.key
              headersFile: /run/headers
              proxy: http://proxy:3128
              requestTimeout: 7s
              batchEntries: 9
              batchBytes: 128KiB
              retryLimit: 10s
            """
        let forwarding = try #require(try ConfigurationFixture(yaml).load().forwarding)
        #expect(forwarding.endpoint.url == "https://collector:4318/v1/logs")
        #expect(forwarding.files.token == "/run/token" && forwarding.files.headers == "/run/headers")
        #expect(forwarding.files.authority == "/run/ca.crt" && forwarding.files.key == "/run/tls.key")
        #expect(forwarding.proxy == .init(host: "proxy", port: 3128) && forwarding.requestTimeout == .seconds(7))
        #expect(forwarding.limits == BatchLimits(entries: 9, bytes: 131_072))
        #expect(forwarding.schedule.cap == .seconds(10))
    }

    @Test("our own collector gets whole outputs by default, another receiver excerpts, and namespaces limit both")
    func policies() throws {
        let endpoint = "--forward-endpoint=https://collector:4318"
        let own = try #require(try ConfigurationFixture().load([endpoint]).forwarding).policy
        #expect(own.output.amount == .full && own.arguments.amount == .full && own.output.applies(nil))
        let other = try #require(try ConfigurationFixture().load([endpoint, "--forward-receiver=otlp"]).forwarding)
        #expect(other.policy.output.amount == .excerpt)
        let limited = try #require(
            try ConfigurationFixture().load([
                endpoint, "--forward-output=full", "--forward-output-namespaces-include=web",
                "--forward-arguments=none", "--forward-arguments-namespaces-exclude=kube-system",
            ]).forwarding
        ).policy
        #expect(limited.output.applies("web") && !limited.output.applies("default") && !limited.output.applies(nil))
        #expect(limited.arguments.amount == .none && !limited.arguments.applies("kube-system"))
    }

    @Test(
        "what would be wrong together is refused",
        arguments: [
            ["--forward-endpoint=http://collector:4318", "--forward-token-file=/run/token"],
            ["--forward-endpoint=https://collector:4318", "--forward-key-file=/run/tls.key"],
            ["--forward-endpoint=collector:4318"], ["--forward-endpoint=https://a:b@collector"],
            ["--forward-proxy=http://me:secret@proxy:3128"], ["--forward-proxy=https://proxy:3128"],
            ["--forward-output-namespaces-include=web", "--forward-output-namespaces-exclude=web"],
        ])
    func contradictions(_ flags: [String]) {
        #expect(throws: ConfigurationError.self) { try ConfigurationFixture().load(flags) }
    }
}
