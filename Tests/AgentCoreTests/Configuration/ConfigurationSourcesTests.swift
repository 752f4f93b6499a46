// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Foundation
import SessionRecords
import Testing

@testable import AgentCore

@Suite("Configuration: sources")
struct ConfigurationSourcesTests {
    @Test("without any source every key has its documented default")
    func defaults() throws {
        let configuration = try ConfigurationFixture().load()
        #expect(configuration.node.name == "host-1")
        #expect(configuration.cluster.name == nil)
        #expect(configuration.runtime.kind == .auto)
        #expect(configuration.runtime.socket == "/run/containerd/containerd.sock")
        #expect(configuration.runtime.marker)
        #expect(configuration.runtime.relistInterval == .seconds(60))
        #expect(configuration.runtime.queueCapacity == 65_536)
        #expect(configuration.pods.source == .api)
        #expect(configuration.scope.containers == .debug)
        #expect(configuration.scope.namespaces.contains("any"))
        #expect(configuration.logs.podLogsDirectory == "/var/log/pods")
        #expect(configuration.logs.pinDirectory == nil)
        #expect(configuration.logs.pinLimit.bytes == 256 << 20)
        #expect(configuration.logs.pinLimitEach.bytes == 64 << 20)
        #expect(configuration.logs.freeSpaceFloor == 10)
        #expect(configuration.output.tailBytes.bytes == 65_536)
        #expect(configuration.output.sealDeadline == .seconds(5))
        #expect(configuration.output.isCaptured(namespace: "any"))
        #expect(configuration.store.directory == "/var/lib/lastword")
        #expect(configuration.store.lockTimeout == .seconds(30))
        #expect(configuration.store.maxBytes == .gibibytes(1))
        #expect(configuration.store.maxAge == .seconds(90 * 86_400))
        #expect(configuration.http.listen == ListenAddress(host: "127.0.0.1", port: 9464))
        #expect(configuration.log.level == .info)
        #expect(configuration.log.format == .text)
        #expect(configuration.settings.allSatisfy { $0.source == .builtIn })
    }

    @Test("the table's keys are each read once, and their flags and variables are distinct")
    func tableIsComplete() throws {
        let configuration = try ConfigurationFixture().load()
        let names = AgentConfigurationKeys.all.map(\.name)
        #expect(configuration.settings.map(\.name) == names)
        #expect(Set(names).count == names.count)
        #expect(Set(AgentConfigurationKeys.all.map(\.flag)).count == names.count)
        #expect(Set(AgentConfigurationKeys.all.map(\.variable)).count == names.count)
        let pinLimit = AgentConfigurationKeys.pinLimitEach
        #expect(pinLimit.flag == "--logs-pin-limit-each")
        #expect(pinLimit.variable == "LASTWORD_LOGS_PIN_LIMIT_EACH")
        #expect(AgentConfigurationKeys.podsCAFile.flag == "--pods-ca-file")
    }

    static let everyKind: [(key: String, flag: String, variable: String, file: String)] = [
        ("node.name", "a", "b", "c"),
        ("runtime.kind", "containerd", "auto", "cri-o"),
        ("runtime.socket", "/a.sock", "/b.sock", "/c.sock"),
        ("runtime.marker", "false", "true", "false"),
        ("runtime.relistInterval", "1m", "2m", "3m"),
        ("runtime.queueCapacity", "2000", "3000", "4000"),
        ("pods.kubelet.url", "https://a:1", "https://b:1", "https://c:1"),
        ("scope.namespaces.exclude", "a,b", "c", "[d, e]"),
        ("logs.freeSpaceFloor", "1%", "2%", "3%"),
        ("output.tailBytes", "1KiB", "2KiB", "3KiB"),
        ("http.listen", "127.0.0.1:1", "[::1]:2", "\"off\""),
    ]

    @Test("a flag beats the environment, this the file, this the default", arguments: everyKind)
    func precedence(_ value: (key: String, flag: String, variable: String, file: String)) throws {
        let key = try #require(AgentConfigurationKeys.all.first { $0.name == value.key })
        let parts = value.key.split(separator: ".")
        let nested = parts.dropLast().enumerated().map { String(repeating: "  ", count: $0) + $1 + ":\n" }.joined()
        let indent = String(repeating: "  ", count: parts.count - 1)
        let fixture = try ConfigurationFixture(nested + indent + "\(parts[parts.count - 1]): \(value.file)\n")
        func setting(_ arguments: [String], _ environment: [String: String]) throws -> ConfigurationSetting {
            let configuration = try fixture.load(arguments, environment)
            return try #require(configuration.settings.first { $0.name == value.key })
        }
        let both = try setting(
            [key.flag, value.flag].filter { _ in !key.isSwitch } + (key.isSwitch ? [key.flag + "=" + value.flag] : []),
            [key.variable: value.variable])
        #expect(both.source == .flag(key.flag))
        #expect(both.text == value.flag)
        let environment = try setting([], [key.variable: value.variable])
        #expect(environment.source == .environment(key.variable))
        #expect(environment.text == value.variable)
        let file = try setting([], [:])
        #expect(
            file.source
                == .file(path: fixture.file, line: parts.count, column: indent.count + parts[parts.count - 1].count + 3)
        )
        #expect(file.text == value.file.filter { !"[] \"".contains($0) })
    }

    @Test("flags: attached values, switches, lists given several times")
    func flagForms() throws {
        let configuration = try ConfigurationFixture().load([
            "--output-tail-bytes=2KiB", "--no-runtime-marker", "--output-capture", "--scope-namespaces-include", "a",
            "--scope-namespaces-include=b,c", "--http-listen=off",
        ])
        #expect(configuration.output.tailBytes == .kibibytes(2))
        #expect(!configuration.runtime.marker)
        #expect(configuration.output.capture)
        #expect(configuration.scope.namespaces.include == ["a", "b", "c"])
        #expect(!configuration.scope.namespaces.contains("d"))
        #expect(configuration.http.listen == nil)
    }

    @Test("the node's name comes from NODE_NAME before the host")
    func nodeName() throws {
        let fixture = try ConfigurationFixture()
        #expect(try fixture.load([], ["NODE_NAME": "worker-0"]).node.name == "worker-0")
        #expect(try fixture.load([], ["NODE_NAME": ""]).node.name == "host-1")
        #expect(try fixture.load([], ["NODE_NAME": "x", "LASTWORD_NODE_NAME": "y"]).node.name == "y")
    }

    @Test("CRI-O has another default socket, and unix:// is taken off")
    func sockets() throws {
        let fixture = try ConfigurationFixture()
        #expect(try fixture.load(["--runtime-kind", "cri-o"]).runtime.socket == "/run/crio/crio.sock")
        #expect(try fixture.load(["--runtime-socket", "unix:///run/x.sock"]).runtime.socket == "/run/x.sock")
    }

    @Test("the file is named by flag, else by variable, else the default one, which may be absent")
    func fileNames() throws {
        let one = try ConfigurationFixture("node: {name: one}")
        let two = try ConfigurationFixture("node: {name: two}")
        let none = try ConfigurationFixture()
        #expect(try none.load().node.name == "host-1")
        #expect(try none.load([], ["LASTWORD_CONFIG": one.file]).node.name == "one")
        #expect(try none.load(["--config", two.file], ["LASTWORD_CONFIG": one.file]).node.name == "two")
        #expect(try none.load(["--config=" + two.file]).node.name == "two")
        for faults in [none.faults(["--config", none.file]), none.faults([], ["LASTWORD_CONFIG": none.file])] {
            #expect(faults.count == 1)
            #expect(faults.first?.contains(none.file) == true)
            #expect(faults.first?.contains("no such file") == true)
        }
    }

    @Test(
        "an empty file, comments alone and empty sections are a configuration",
        arguments: [
            "", "# nothing\n", "---\n", "runtime:\n  # socket: /x\npods:\n", "~",
        ])
    func emptyFiles(_ yaml: String) throws {
        #expect(try ConfigurationFixture(yaml).load().node.name == "host-1")
    }

    @Test("what Kubernetes sets for Services named lastword… is no configuration")
    func serviceLinks() throws {
        let links = [
            "LASTWORD_SERVICE_HOST": "10.0.0.1", "LASTWORD_SERVICE_PORT": "80", "LASTWORD_PORT": "tcp://10.0.0.1:80",
            "LASTWORD_COLLECTOR_SERVICE_HOST": "10.0.0.1", "LASTWORD_COLLECTOR_SERVICE_PORT_OTLP_HTTP": "4318",
            "LASTWORD_COLLECTOR_PORT": "tcp://10.0.0.1:80", "LASTWORD_COLLECTOR_PORT_4318_TCP": "tcp://10.0.0.1:4318",
            "LASTWORD_COLLECTOR_PORT_4318_TCP_PROTO": "tcp", "LASTWORD_COLLECTOR_PORT_4318_TCP_PORT": "4318",
            "LASTWORD_COLLECTOR_PORT_4318_TCP_ADDR": "10.0.0.1", "LASTWORD_STORE": "/x", "PATH": "/bin",
            "LASTWORD_CLUSTER_NAME": "",
        ]
        let configuration = try ConfigurationFixture().load([], links)
        #expect(configuration.settings.allSatisfy { $0.source == .builtIn })
    }

    @Test("the rendering shows every key with its source, and no secret")
    func redaction() throws {
        let key = ConfigurationKey("a.token", .optional(.text(limit: 8)), default: nil, secret: true, "A secret.")
        let environment = ["LASTWORD_A_TOKEN": "hush"]
        var reader = ConfigurationReader(
            keys: [key], arguments: [], environment: environment, naming: AgentConfiguration.naming,
            defaultFile: "/nowhere", hostName: "h")
        #expect(reader.read(key) == "hush")
        #expect(
            reader.settings == [
                ConfigurationSetting(name: "a.token", text: "<redacted>", source: .environment("LASTWORD_A_TOKEN"))
            ])
        var refusing = ConfigurationReader(
            keys: [key], arguments: ["--a-token", "much too long"], environment: [:], naming: AgentConfiguration.naming,
            defaultFile: "/nowhere",
            hostName: "h")
        _ = refusing.read(key)
        let message = try #require(refusing.faults.first).description
        #expect(message.contains("a.token") && !message.contains("much"))
        let rendered = try ConfigurationFixture().load(["--log-level", "debug"]).rendered
        #expect(rendered.contains("log.level = debug  # flag --log-level\n"))
        #expect(rendered.split(separator: "\n").count == AgentConfigurationKeys.all.count)
    }
}
