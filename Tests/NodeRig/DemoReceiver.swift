// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestSupport

/// The SIEM of the demo: Debian's rsyslog on a port of its own, over TLS, that writes each message as it came.
struct DemoReceiver {
    private static let program = "/usr/sbin/rsyslogd"

    let port: Int
    let file: String
    private let process: ChildProcess

    /// Nil, with the reason on the screen, where there is no rsyslog.
    static func start(in directory: String, certificate: String, key: String, authority: String) async throws
        -> DemoReceiver?
    {
        guard access(program, X_OK) == 0 else {
            print("There is no rsyslog here (`make setup` installs it): the demo goes without a SIEM.")
            return nil
        }
        let port = try HTTPProbe.freePort()
        let file = directory + "/messages"
        let configuration = """
            global(workDirectory="\(directory)" maxMessageSize="64k" net.enableDNS="off"
                parser.escapeControlCharactersOnReceive="off" defaultNetstreamDriverCAFile="\(authority)"
                defaultNetstreamDriverCertFile="\(certificate)" defaultNetstreamDriverKeyFile="\(key)")
            module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
            template(name="asItCame" type="list") { property(name="rawmsg") constant(value="\\n") }
            ruleset(name="in") { action(type="omfile" file="\(file)" template="asItCame") }
            input(type="imtcp" port="\(port)" address="127.0.0.1" ruleset="in")

            """
        try Files.write(configuration, to: directory + "/rsyslog.conf", mode: 0o600)
        let log = directory + "/rsyslog.log"
        let process = try ChildProcess.start(
            [program, "-n", "-f", directory + "/rsyslog.conf", "-i", directory + "/rsyslog.pid"], output: .file(log))
        return DemoReceiver(port: port, file: file, process: process)
    }

    /// The collector's settings for it.
    func outputs(authority: String) -> String {
        """
        outputs:
          soc:
            type: syslog
            address: 127.0.0.1:\(port)
            caFile: \(authority)
            confirm: 1s

        """
    }

    /// The messages of one kind that have come, oldest first.
    func messages(_ event: String) throws -> [String] {
        guard Files.exists(file) else { return [] }
        return String(decoding: try Files.read(file), as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { $0.contains(" \(event) [") }
    }

    func stop() async throws {
        _ = try await process.terminate()
    }
}
