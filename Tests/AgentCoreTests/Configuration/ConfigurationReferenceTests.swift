// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Testing

@testable import AgentCore
@testable import CollectorServer

@Suite("Configuration: reference")
struct ConfigurationReferenceTests {
    @Test("docs/configuration.md is what the table of keys says")
    func document() throws {
        let expected = AgentConfiguration.reference.markdown
        #expect(try RepositoryFiles.golden("docs/configuration.md", expected: expected) == expected)
    }

    @Test("docs/collector-configuration.md is what the collector's table of keys says")
    func collectorDocument() throws {
        let expected = CollectorConfiguration.reference.markdown
        #expect(try RepositoryFiles.golden("docs/collector-configuration.md", expected: expected) == expected)
    }

    @Test("the reference and the help name every key")
    func everyKey() {
        for key in CollectorConfigurationKeys.all {
            #expect(CollectorConfiguration.reference.markdown.contains("| `\(key.name)` |"))
            #expect(CollectorConfiguration.reference.help.contains("  \(key.flag) <\(key.typeName)>\n"))
        }
        for key in AgentConfigurationKeys.all {
            #expect(AgentConfiguration.reference.markdown.contains("| `\(key.name)` |"))
            #expect(AgentConfiguration.reference.help.contains("  \(key.flag) <\(key.typeName)>\n"))
        }
    }

    @Test("the help keeps to a terminal's width")
    func width() {
        #expect(AgentConfiguration.reference.help.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test("the reference's example is a valid configuration")
    func example() throws {
        let parts = AgentConfiguration.reference.markdown.split(separator: "```yaml\n")
        let yaml = try #require(parts.last?.split(separator: "```").first)
        #expect(try ConfigurationFixture(String(yaml)).load().output.tailBytes == .kibibytes(128))
    }

    @Test("the packaged files are what the tables say, change nothing, and name every key")
    func packagedFiles() throws {
        let agent = AgentConfiguration.packagedFile
        #expect(try RepositoryFiles.golden("systemd/agent.yaml", expected: agent) == agent)
        let collector = CollectorConfiguration.packagedFile
        #expect(try RepositoryFiles.golden("systemd/collector.yaml", expected: collector) == collector)
        for file in [agent, collector] {
            #expect(file.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
        }
        for name in AgentConfigurationKeys.all.map(\.name) + CollectorConfigurationKeys.all.map(\.name) {
            let leaf = name.split(separator: ".").last ?? ""
            #expect((agent + collector).contains("\(leaf): "), "\(name)")
        }
    }

    @Test("the agent's packaged file without its first # sets the defaults, and only them")
    func packagedDefaults() throws {
        let lines = AgentConfiguration.packagedFile.split(separator: "\n", omittingEmptySubsequences: false)
        // The lines of the head are sentences.
        let body = lines.drop { !$0.isEmpty }.map { $0.dropFirst() }.joined(separator: "\n")
        let set = try ConfigurationFixture(body).load().settings
        let standard = try ConfigurationFixture().load().settings
        #expect(set.map(\.text) == standard.map(\.text))
        #expect(body.contains("\n  tailBytes: 64KiB\n") && body.contains("\n  #kubeconfig: <path>\n"))
    }

    @Test("documented defaults are read back as the defaults")
    func defaults() throws {
        let configuration = try ConfigurationFixture().load()
        for setting in configuration.settings {
            let key = try #require(AgentConfigurationKeys.all.first { $0.name == setting.name })
            guard !setting.text.isEmpty, !key.documentedDefault.contains("`") else { continue }
            #expect(setting.text == key.documentedDefault)
            let again = try ConfigurationFixture().load([key.flag + "=" + setting.text])
            #expect(again.settings.first { $0.name == key.name }?.text == setting.text)
        }
    }
}

@Suite("Configuration: quantities")
struct QuantityTests {
    @Test(
        "amounts of bytes are read with their units and written in the shortest exact form",
        arguments: [
            ("0", 0, "0B"), ("1", 1, "1B"), ("1024", 1024, "1KiB"), ("64KiB", 65_536, "64KiB"),
            ("64Ki", 65_536, "64KiB"),
            ("1500B", 1500, "1500B"), ("1536KiB", 1_572_864, "1536KiB"), ("2GiB", 2 << 30, "2GiB"),
            ("1TiB", 1 << 40, "1TiB"),
        ])
    func bytes(_ text: String, _ bytes: Int, _ rendered: String) {
        #expect(ByteCount(text: text)?.bytes == bytes)
        #expect(ByteCount(bytes: bytes).description == rendered)
    }

    @Test(
        "what is no amount of bytes is none",
        arguments: [
            "", "KiB", "-1", "+1", "1.5MiB", "1 KiB", "64kib", "64KB", "1M", "8388608TiB", "99999999999999999999",
            "١KiB",
        ])
    func noBytes(_ text: String) {
        #expect(ByteCount(text: text) == nil)
    }

    @Test(
        "durations are read and written",
        arguments: [
            ("0s", 0, "0s"), ("500ms", 500, "500ms"), ("5s", 5000, "5s"), ("90s", 90_000, "1m30s"),
            ("10m", 600_000, "10m"),
            ("1h30m", 5_400_000, "1h30m"), ("90d", 7_776_000_000, "90d"), ("1d1ms", 86_400_001, "1d1ms"),
        ])
    func durations(_ text: String, _ milliseconds: Int64, _ rendered: String) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
        #expect(DurationText.render(.milliseconds(milliseconds)) == rendered)
    }

    @Test(
        "what is no duration is none",
        arguments: [
            "", "5", "s", "5 s", "-5s", "1.5s", "5x", "5s5m", "5s5s", "9223372036854775807d", "5sm", "5S",
        ])
    func noDurations(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "addresses are read",
        arguments: [
            ("127.0.0.1:9464", "127.0.0.1", 9464), ("[::1]:80", "::1", 80), ("localhost:0", "localhost", 0),
        ])
    func addresses(_ text: String, _ host: String, _ port: Int) {
        #expect(ListenAddress(text: text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text: text)?.description == text)
    }

    @Test(
        "what is no address is none", arguments: ["", ":80", "a", "a:", "a:x", "a:65536", "::1:80", "a b:80", "[]:80"])
    func noAddresses(_ text: String) {
        #expect(ListenAddress(text: text) == nil)
    }
}
