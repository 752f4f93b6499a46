// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Foundation
import Glibc
import Testing

@testable import AgentCore

@Suite("Configuration: faults")
struct ConfigurationFaultsTests {
    static let unknownKeys: [(yaml: String, place: String, meant: String)] = [
        ("runtime:\n  sockt: /x\n", ":2:3: unknown key \"runtime.sockt\"", "runtime.socket?"),
        ("runtme:\n  socket: /x\n", ":1:1: unknown key \"runtme\"", "runtime?"),
        ("output: {tail_bytes: 1KiB}\n", ":1:10: unknown key \"output.tail_bytes\"", "output.tailBytes?"),
        ("tailBytes: 1KiB\n", ":1:1: unknown key \"tailBytes\"", "output.tailBytes?"),
        ("pods:\n  kubelet:\n    ulr: https://a\n", ":3:5: unknown key \"pods.kubelet.ulr\"", "pods.kubelet.url?"),
        ("store.directory: /x\n", ":1:1: unknown key \"store.directory\"", "nest it: store: {directory: …"),
    ]

    @Test("an unknown key in the file is refused with its place and the nearest key", arguments: unknownKeys)
    func unknownKey(_ wanted: (yaml: String, place: String, meant: String)) throws {
        let fixture = try ConfigurationFixture(wanted.yaml)
        let faults = fixture.faults()
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix(fixture.file + wanted.place) == true, "\(faults)")
        #expect(faults.first?.contains("remedy: ") == true && faults.first?.contains(wanted.meant) == true, "\(faults)")
    }

    @Test("nothing is suggested for what resembles no key")
    func noSuggestion() throws {
        #expect(try ConfigurationFixture("frobnicate: 1\n").faults().first?.contains("remedy") == false)
    }

    @Test("unknown variables and flags are refused with the nearest one")
    func unknownElsewhere() throws {
        let fixture = try ConfigurationFixture()
        let variable = fixture.faults([], ["LASTWORD_RUNTIME_SOCKT": "/x"])
        #expect(variable.count == 1)
        #expect(variable.first?.contains("unknown variable \"LASTWORD_RUNTIME_SOCKT\"") == true)
        #expect(variable.first?.contains("did you mean LASTWORD_RUNTIME_SOCKET?") == true)
        let flag = fixture.faults(["--runtime-socet=/x"])
        #expect(flag.count == 1)
        #expect(flag.first?.contains("unknown flag \"--runtime-socet\"") == true)
        #expect(flag.first?.contains("did you mean --runtime-socket?") == true)
        #expect(fixture.faults(["stray"]).first?.contains("unexpected argument \"stray\"") == true)
        #expect(fixture.faults(["--"]).count == 1)
        #expect(fixture.faults(["--no-runtime-socket"]).count == 1)
    }

    static let wrongValues: [(yaml: String, message: String)] = [
        ("runtime: {marker: maybe}", "runtime.marker: found \"maybe\", expected true or false"),
        ("runtime: {marker: \"true\"}", "runtime.marker: found the quoted text \"true\", expected true or false"),
        ("runtime: {marker: 1}", "runtime.marker: found \"1\", expected true or false"),
        ("runtime: {queueCapacity: many}", "runtime.queueCapacity: found \"many\", expected a whole number"),
        ("runtime: {queueCapacity: '2000'}", "found the quoted text \"2000\", expected a whole number"),
        ("runtime: {queueCapacity: 2e3}", "found \"2e3\", expected a whole number"),
        ("runtime: {queueCapacity: 99999999999999999999}", "expected a whole number"),
        ("runtime: {queueCapacity: 5}", "found \"5\", expected a whole number, from 1024 to 1048576"),
        ("runtime: {relistInterval: 60}", "found \"60\", expected a duration such as 500ms, 5s or 10m"),
        ("runtime: {relistInterval: 10d}", "from 1s to 1h"),
        ("runtime: {kind: docker}", "found \"docker\", expected one of auto, containerd, cri-o"),
        ("runtime: {socket: run/x}", "runtime.socket: found \"run/x\", it is not an absolute path"),
        ("runtime: {socket: [a, b]}", "runtime.socket: found a list of 2, expected the absolute path of a unix socket"),
        ("runtime: {socket: {a: b}}", "runtime.socket: found keys below it, expected a value"),
        ("runtime: {socket: }", "runtime.socket: has no value"),
        ("runtime: 5", "runtime: found a value, expected keys below it"),
        ("runtime: {socket: /\(String(repeating: "x", count: 107))}", "up to 107 bytes"),
        ("output: {tailBytes: 64KB}", "found \"64KB\", expected an amount of bytes such as 64KiB or 256MiB"),
        (
            "output: {tailBytes: 5MiB}",
            "found \"5MiB\", expected an amount of bytes such as 64KiB or 256MiB, from 1KiB to 4MiB"
        ),
        ("output: {tailBytes: 1023}", "from 1KiB to 4MiB"),
        ("output: {tailBytes: 9223372036854775807TiB}", "expected an amount of bytes"),
        ("logs: {freeSpaceFloor: 91%}", "from 0% to 90%"),
        (
            "scope: {namespaces: {include: web}}",
            "scope.namespaces.include: found \"web\", expected a list of namespaces"
        ),
        ("scope: {namespaces: {include: [Web]}}", "\"Web\" is not a namespace"),
        ("scope: {namespaces: {include: [a, a]}}", "\"a\" stands there twice"),
        ("scope: {namespaces: {include: [[a]]}}", "found a nested list or mapping"),
        ("labels: {allow: [a/b/c]}", "\"a/b/c\" is not a label key"),
        ("http: {listen: 9464}", "found \"9464\", expected host:port such as 127.0.0.1:9464, or off"),
        ("http: {listen: \"localhost:70000\"}", "expected host:port"),
        ("pods: {server: ftp://x}", "expected a URL such as https://10.0.0.1:6443"),
        ("pods: {server: http://10.0.0.1:8080}", "plain http is accepted to a loopback address only"),
        ("pods: {server: https://me:secret@x}", "credentials do not belong into a URL"),
        ("pods: {kubelet: {fingerprint: abc}}", "64 hexadecimal digits"),
        ("node: {name: \"a\\e[31m\"}", "found the quoted text \"a\\u{1b}[31m\", it holds control characters"),
        ("- a\n- b\n", "the configuration must be a mapping of keys to values"),
        ("? [a]\n: b\n", "a key must be a plain name"),
    ]

    @Test("a wrong value is an error that names key, found and expected, never the default", arguments: wrongValues)
    func wrongValue(_ wanted: (yaml: String, message: String)) throws {
        let fixture = try ConfigurationFixture(wanted.yaml)
        let faults = fixture.faults()
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix(fixture.file + ":1:") == true, "\(faults)")
        #expect(faults.first?.contains(wanted.message) == true, "\(faults)")
    }

    @Test(
        "plain http is accepted to this machine",
        arguments: [
            "http://127.0.0.1:8001", "http://localhost", "http://[::1]:8001/x",
        ])
    func loopback(_ url: String) throws {
        #expect(try ConfigurationFixture().load(["--pods-server", url]).pods.server == url)
    }

    @Test(
        "plain http is refused to a host that only looks like this machine",
        arguments: [
            "http://localhost.example.org", "http://127.0.0.1.example.org:80", "http://127.evil.org",
        ])
    func lookalikes(_ url: String) throws {
        #expect(try ConfigurationFixture().faults(["--pods-server", url]).count == 1)
    }

    @Test(
        "a port that there is not is refused",
        arguments: [
            "https://10.0.0.1:70000", "https://[::1]:0", "https://x:",
        ])
    func ports(_ url: String) throws {
        #expect(try ConfigurationFixture().faults(["--pods-server", url]).count == 1)
    }

    @Test("flags: no value, given twice")
    func flagFaults() throws {
        let fixture = try ConfigurationFixture()
        #expect(fixture.faults(["--node-name"]) == ["flag --node-name: needs a value (text)"])
        #expect(fixture.faults(["--node-name", "--log-level", "debug"]) == ["flag --node-name: needs a value (text)"])
        #expect(fixture.faults(["--node-name", "a", "--node-name=b"]) == ["flag --node-name: given twice"])
        #expect(fixture.faults(["--config"]) == ["flag --config: needs the path of a file"])
        #expect(
            fixture.faults(["--runtime-queue-capacity", "x"]) == [
                "flag --runtime-queue-capacity: runtime.queueCapacity: found \"x\", expected a whole number"
            ])
    }

    static let brokenFiles: [(yaml: String, message: String)] = [
        ("node:\n  name: a\n b: c\n", ":3:2: malformed YAML: "),
        ("node: {name: a\n", ":2:1: malformed YAML: "),
        ("node:\n\tname: a\n", ":2:1: malformed YAML: "),
        ("node: {name: a}\nnode: {name: b}\n", "given twice: \"node\""),
        ("node:\n  name: a\n  name: b\n", ":2:3: given twice: \"name\""),
        ("node: {name: a}\n---\nnode: {name: b}\n", "malformed YAML: "),
        ("node: {name: *nowhere}\n", ":1:14: malformed YAML: "),
        ("node:\n  name: a\u{1}b\n", ":2:10: malformed YAML: "),
        (String(repeating: "[", count: 100_000), "malformed YAML: "),
        (String(repeating: "{a: ", count: 50_000), "malformed YAML: "),
    ]

    @Test("broken YAML and keys given twice are refused with line and column", arguments: brokenFiles)
    func brokenFile(_ wanted: (yaml: String, message: String)) throws {
        let fixture = try ConfigurationFixture(wanted.yaml)
        let faults = fixture.faults()
        #expect(faults.count == 1)
        #expect(faults.first?.contains(fixture.file + ":") == true)
        #expect(faults.first?.contains(wanted.message) == true, "\(faults)")
    }

    @Test("aliases that double at each level cost nothing")
    func manyAliases() throws {
        var yaml = "a0: &a0 [x]\n"
        for level in 1...200 { yaml += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(try ConfigurationFixture(yaml).faults().count == 201)
    }

    @Test("a directory, a pipe, a device, a huge and a binary file are refused at once")
    func strangeFiles() throws {
        let fixture = try ConfigurationFixture()
        #expect(fixture.faults(["--config", fixture.directory]).first?.contains("not a regular file") == true)
        let pipe = fixture.directory + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(fixture.faults(["--config", pipe]).first?.contains("not a regular file") == true)
        #expect(fixture.faults(["--config", "/dev/zero"]).first?.contains("not a regular file") == true)
        try Data(count: 300_000).write(to: URL(filePath: fixture.file))
        #expect(fixture.faults().first?.contains("larger than 256KiB") == true)
        try Data([0x61, 0x3A, 0x20, 0xFF, 0xFE]).write(to: URL(filePath: fixture.file))
        #expect(fixture.faults().first?.contains("not UTF-8") == true)
    }

    @Test("all faults of all sources are told at once, in the order file, environment, flags, values")
    func allAtOnce() throws {
        let fixture = try ConfigurationFixture("runtme: {}\noutput: {tailBytes: lots}\n")
        let faults = fixture.faults(["--bogus", "--log-level", "loud"], ["LASTWORD_NONSENSE": "1"])
        #expect(faults.count == 5)
        #expect(
            zip(faults, ["runtme", "LASTWORD_NONSENSE", "--bogus", "output.tailBytes", "log.level"])
                .allSatisfy { $0.contains($1) }, "\(faults)")
    }

    static let contradictions: [(arguments: [String], message: String)] = [
        (["--logs-pin-limit-each", "512MiB"], "logs.pinLimitEach: 512MiB is more than logs.pinLimit, 256MiB"),
        (["--logs-pin-directory", "/var/log/pods/x"], "logs.pinDirectory: lies inside logs.podLogsDirectory"),
        (["--logs-pin-directory", "/var//log/./pods"], "logs.pinDirectory: lies inside logs.podLogsDirectory"),
        (["--pods-kubeconfig", "/k", "--pods-server", "https://x"], "pods.server: pods.kubeconfig names the server"),
        (["--pods-source", "kubelet"], "pods.source: the kubelet's URL is missing"),
        (["--pods-source", "kubelet", "--pods-kubelet-url", "https://x"], "how to check the kubelet's certificate"),
        (["--scope-namespaces-include", "a,b", "--scope-namespaces-exclude", "b"], "b is in scope.namespaces.include"),
    ]

    @Test("settings that contradict each other are refused", arguments: contradictions)
    func contradiction(_ wanted: (arguments: [String], message: String)) throws {
        let faults = try ConfigurationFixture().faults(wanted.arguments)
        #expect(faults.count == 1)
        #expect(faults.first?.contains(wanted.message) == true, "\(faults)")
        #expect(faults.first?.hasPrefix("flag --") == true, "\(faults)")
    }

    @Test("a pin directory beside the pod logs directory is accepted")
    func pinsBeside() throws {
        let configuration = try ConfigurationFixture().load(["--logs-pin-directory", "/var/log/pods-pins"])
        #expect(configuration.logs.pinDirectory == "/var/log/pods-pins")
    }
}
