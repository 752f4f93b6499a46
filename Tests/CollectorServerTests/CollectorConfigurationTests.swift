// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import ConfigurationReading
import Foundation
import SIEMFormats
import SIEMOutputs
import SessionRecords
import TestSupport
import Testing

@testable import CollectorServer

@Suite("The collector's configuration")
struct CollectorConfigurationTests {
    private func load(_ arguments: [String] = [], _ environment: [String: String] = [:], yaml: String? = nil) throws
        -> CollectorConfiguration
    {
        let scratch = try ScratchDirectory()
        if let yaml { try scratch.write(yaml, to: "collector.yaml") }
        return try CollectorConfiguration.load(
            arguments: arguments, environment: environment, defaultFile: scratch.file("collector.yaml"))
    }

    private func faults(_ arguments: [String], _ environment: [String: String] = [:], yaml: String? = nil) -> [String] {
        do {
            _ = try load(arguments, environment, yaml: yaml)
            return []
        } catch let error as ConfigurationError {
            return error.faults.map(\.description)
        } catch {
            return ["another error: \(error)"]
        }
    }

    @Test("without any source every key has its documented default, and every key is read once")
    func defaults() throws {
        let configuration = try load()
        #expect(configuration.server.listen == ListenAddress(host: "127.0.0.1", port: 4318))
        #expect(configuration.tls == nil)
        #expect(configuration.auth.isRequired)
        #expect(configuration.serviceAccounts == nil)
        #expect(configuration.limits.requestBytes == .mebibytes(8))
        #expect(configuration.limits.unpackedBytes == .mebibytes(64))
        #expect(configuration.limits.records == 10_000)
        #expect(configuration.store.directory == "/var/lib/lastword-collector")
        #expect(configuration.settings.map(\.name) == CollectorConfigurationKeys.all.map(\.name))
        for setting in configuration.settings {
            let key = try #require(CollectorConfigurationKeys.all.first { $0.name == setting.name })
            guard !setting.text.isEmpty else { continue }
            #expect(setting.text == key.documentedDefault)
            let again = try load([key.flag + "=" + setting.text])
            #expect(again.settings.first { $0.name == key.name }?.text == setting.text)
        }
    }

    @Test("a flag beats the environment, this the file, this the default")
    func precedence() throws {
        let yaml = "store:\n  maxAge: 3d\n"
        let environment = ["LASTWORD_COLLECTOR_STORE_MAX_AGE": "2d"]
        #expect(try load(["--store-max-age", "1d"], environment, yaml: yaml).store.maxAge == .seconds(86_400))
        #expect(try load([], environment, yaml: yaml).store.maxAge == .seconds(2 * 86_400))
        #expect(try load([], [:], yaml: yaml).store.maxAge == .seconds(3 * 86_400))
    }

    @Test("unknown keys, flags and variables are refused, and somebody else's variables are not looked at")
    func unknown() throws {
        #expect(faults(["--store-max-agee", "1d"]).first?.contains("did you mean --store-max-age?") == true)
        #expect(
            faults([], ["LASTWORD_COLLECTOR_STOR_DIRECTORY": "/x"]).first?.contains(
                "LASTWORD_COLLECTOR_STORE_DIRECTORY")
                == true)
        #expect(faults([], yaml: "servr: {listen: 1}").count == 1)
        _ = try load(
            [],
            [
                "LASTWORD_COLLECTOR_TOKEN": "x", "LASTWORD_COLLECTOR_SERVICE_HOST": "10.0.0.1",
                "LASTWORD_COLLECTOR_PORT": "tcp://10.0.0.1:4318", "LASTWORD_COLLECTOR_PORT_4318_TCP_PROTO": "tcp",
                "LASTWORD_STORE": "/x", "LASTWORD_COLLECTOR": "https://x",
            ])
    }

    static let tls = ["--tls-certificate-file", "/x.crt", "--tls-key-file", "/x.key"]

    @Test(
        "beyond loopback it listens only with TLS and a login",
        arguments: ["0.0.0.0:4318", "[::]:4318", "192.168.1.1:0", "collector.example:4318", "127.0.0.1.example:1"])
    func beyondLoopback(_ address: String) throws {
        let listen = ["--server-listen", address]
        let open = faults(listen)
        #expect(open.count == 1)
        #expect(open.first?.contains("there is no TLS") == true && open.first?.contains("remedy") == true)
        #expect(faults(listen + ["--no-auth-required"]).count == 2)
        #expect(faults(listen + Self.tls + ["--no-auth-required"]).count == 1)
        #expect(try load(listen + Self.tls).tls?.certificateFile == "/x.crt")
    }

    @Test("on loopback it may go without", arguments: ["127.0.0.1:0", "127.9.8.7:1", "[::1]:4318", "localhost:4318"])
    func loopback(_ address: String) throws {
        #expect(try load(["--server-listen", address, "--no-auth-required"]).auth.isRequired == false)
    }

    static let contradictions: [([String], String)] = [
        (["--tls-certificate-file", "/x"], "the key is missing"),
        (["--tls-key-file", "/x"], "the certificate is missing"),
        (["--tls-client-ca-file", "/x"], "client certificates need TLS"),
        (["--service-accounts-issuer", "https://k"], "nothing says where its keys are"),
        (["--service-accounts-jwks-file", "/x"], "keys without an issuer"),
        (
            [
                "--service-accounts-issuer", "https://k", "--service-accounts-jwks-file", "/x",
                "--service-accounts-jwks-url", "https://k/jwks",
            ], "keep one of the two"
        ),
        (["--limits-memory", "16MiB"], "less than limits.unpackedBytes"),
        (["--http-listen", "127.0.0.1:4318"], "server.listen is there already"),
        (["--store-directory", "/" + String(repeating: "a", count: 100)], "too long for the socket"),
    ]

    @Test("what is wrong together is refused", arguments: contradictions)
    func contradiction(_ arguments: [String], _ words: String) {
        let found = faults(arguments)
        #expect(found.contains { $0.contains(words) }, "\(found)")
    }

    // MARK: Outputs

    private static let outputs = """
        outputs:
          soc:
            type: syslog
            address: siem.example:6514
            caFile: /ca.pem
            events: [session.started, gap]
            output: true
            outputBytes: 1KiB
            start: beginning
          archive:
            type: file
            path: /var/log/events.jsonl
            keep: 3
        """

    @Test(
        "outputs stand under names of one's own choosing, in the order of the file, and each key shows where it came from"
    )
    func outputs() throws {
        let configuration = try load(yaml: Self.outputs)
        #expect(configuration.outputs.map(\.name) == ["soc", "archive"])
        #expect(configuration.outputs[0].kinds == [.sessionStarted, .gap])
        #expect(configuration.outputs[0].outputBytes == 1024 && configuration.outputs[0].fromBeginning)
        guard case .syslog(let syslog) = configuration.outputs[0].receiver,
            case .file(let file) = configuration.outputs[1].receiver
        else {
            Issue.record("the receivers are others")
            return
        }
        #expect(syslog.host == "siem.example" && syslog.port == 6514 && syslog.tls?.caFile == "/ca.pem")
        #expect(syslog.format.maxBytes == 8192 && syslog.confirmAfter == .seconds(10))
        #expect(file.path == "/var/log/events.jsonl" && file.keep == 3 && file.rotateBytes == 100 << 20)
        #expect(configuration.outputs[1].kinds == [.sessionEnded, .gap, .alarmOpened, .alarmClosed, .audit])
        #expect(configuration.outputs[1].outputBytes == nil && !configuration.outputs[1].fromBeginning)
        let rendered = configuration.settings.rendered
        #expect(rendered.contains("outputs.soc.caFile = /ca.pem  # "))
        #expect(rendered.contains("outputs.archive.rotateAge = 1d  # default"))
        #expect(try load().outputs.isEmpty && load(yaml: "outputs:\n").outputs.isEmpty)
    }

    static let wrongOutputs: [(String, String)] = [
        ("outputs: [a]", "found no names with keys below them"),
        ("outputs: {soc: file}", "outputs.soc: found a value"),
        ("outputs: {Soc: {type: file, path: /x}}", "a name has 1 to 32"),
        ("outputs: {soc: {type: file, path: /x, pth: /y}}", "unknown key \"outputs.soc.pth\""),
        ("outputs: {soc: {type: file, path: /x, pth: /y}}", "did you mean outputs.soc.path?"),
        ("outputs: {soc: {type: kafka}}", "outputs.soc.type: found \"kafka\", expected one of syslog, file"),
        ("outputs: {soc: {path: /x}}", "outputs.soc.type: it is missing"),
        ("outputs: {soc: {type: file}}", "outputs.soc.path: it is missing"),
        ("outputs: {soc: {type: syslog}}", "outputs.soc.address: it is missing"),
        ("outputs: {soc: {type: syslog, address: a:1, path: /x}}", "an output of type syslog has no path"),
        ("outputs: {soc: {type: file, path: /x, address: a:1, keyFile: /k}}", "type file has no address, keyFile"),
        ("outputs: {soc: {type: syslog, address: a:1, keyFile: /k}}", "certificate and key belong together"),
        ("outputs: {soc: {type: syslog, address: a:1, transport: tcp, caFile: /k}}", "there are no certificates"),
        ("outputs: {soc: {type: file, path: /x, events: []}}", "nothing is to be sent"),
        ("outputs: {soc: {type: file, path: /x, events: [exec]}}", "is not a kind of event"),
        ("outputs: {soc: {type: file, path: /x, keep: many}}", "outputs.soc.keep: found \"many\""),
        ("outputs: {a: {type: file, path: /x}, b: {type: file, path: /x}}", "another output writes to /x"),
        ("outputs: {soc: {type: file, path: {a: b}}}", "outputs.soc.path: found keys below it"),
    ]

    @Test("what is wrong with an output is refused, with its place", arguments: wrongOutputs)
    func wrongOutput(_ yaml: String, _ words: String) {
        let found = faults([], yaml: yaml)
        #expect(found.contains { $0.contains(words) }, "\(found)")
        #expect(found.allSatisfy { $0.contains("collector.yaml:1:") || $0.hasPrefix("default:") }, "\(found)")
    }

    @Test("outputs are the file's alone: no flag and no variable names them")
    func onlyInTheFile() {
        #expect(!faults(["--outputs-soc-type", "file"]).isEmpty)
        #expect(!faults([], ["LASTWORD_COLLECTOR_OUTPUTS_SOC_TYPE": "file"]).isEmpty)
        #expect(!CollectorConfiguration.reference.help.contains("--outputs"))
        for key in OutputConfigurationKeys.all {
            #expect(CollectorConfiguration.reference.markdown.contains("| `\(key.name)` |"))
        }
    }

    @Test("the reference's example is a valid configuration")
    func example() throws {
        let parts = CollectorConfiguration.reference.markdown.split(separator: "```yaml\n")
        let yaml = try #require(parts.last?.split(separator: "```").first)
        #expect(try load(yaml: String(yaml)).serviceAccounts?.audience == "lastword")
    }
}
