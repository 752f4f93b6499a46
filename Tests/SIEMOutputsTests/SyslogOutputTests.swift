// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import SIEMFormats
import SessionRecords
import TestSupport
import Testing

@testable import SIEMOutputs

/// What goes beyond the contract: what a receiver has read and what only its kernel has, certificates, erasure.
@Suite(
    "Syslog receivers", .serialized,
    .enabled(if: Rsyslog.obstacle == nil, "rsyslog or a part of it is missing: dev/setup.sh installs them"))
struct SyslogOutputTests {
    private static func output(_ syslog: SyslogSettings, outputBytes: Int? = nil) -> OutputSettings {
        OutputSettings(
            name: "soc", kinds: [.sessionEnded, .gap], outputBytes: outputBytes, fromBeginning: true,
            receiver: .syslog(syslog))
    }

    @Test(
        "what only the receiver's kernel had when it was killed is sent again, however long it hung",
        arguments: [Rsyslog.Driver.tcp, .gtls])
    func frozenThenKilled(_ driver: Rsyslog.Driver) async throws {
        let rsyslog = try Rsyslog(driver)
        let scratch = try ScratchDirectory()
        try await rsyslog.start()
        // A window of nothing: only whether it was read counts.
        let settings = Self.output(rsyslog.settings(confirm: .milliseconds(50), resend: .zero, timeout: .seconds(2)))
        let output = try RunningOutput(settings, directory: scratch.file("store"))
        var ledger = MadeLedger()
        try await output.store.take([ledger.ended(0)])
        try await output.settle()
        // The next connection stands already; what goes into it now, rsyslog does not read.
        rsyslog.pause()
        try await output.store.take((1...20).map { ledger.ended($0) })
        try await waitUntil("its kernel has it") { SocketTable.unread(rsyslog.port) > 0 || output.isFailing }
        try await waitUntil("the output asks in vain") { output.isFailing }
        #expect(try await output.mark?.number == 1)
        try await rsyslog.kill()
        try await rsyslog.start()
        let complete = ledger
        try await waitUntil(every: .milliseconds(50), "all have arrived") {
            let ids = Set(try rsyslog.messages().map(\.id))
            return (1...complete.number).allSatisfy { ids.contains("\(complete.id)/\($0)") }
        }
        try await output.settle()
        try await output.stop()
        try await rsyslog.kill()
    }

    @Test("what was read a moment before the receiver was killed is sent again")
    func readThenKilled() async throws {
        let rsyslog = try Rsyslog(.tcp)
        let scratch = try ScratchDirectory()
        try await rsyslog.start()
        let output = try RunningOutput(
            Self.output(rsyslog.settings(confirm: .milliseconds(50), resend: .seconds(600))),
            directory: scratch.file("store"))
        try await expectAgain(rsyslog, output)
        #expect(try await output.mark?.number == 0)
        try await output.stop()
        try await rsyslog.kill()
    }

    @Test("a receiver that was killed after it had confirmed, and is back at once, is missed all the same")
    func confirmedThenKilled() async throws {
        let rsyslog = try Rsyslog(.tcp)
        let scratch = try ScratchDirectory()
        try await rsyslog.start()
        // It asks at once, and looks again long after the receiver is back.
        let output = try RunningOutput(
            Self.output(rsyslog.settings(confirm: .zero, resend: .seconds(600))),
            directory: scratch.file("store"), interval: .seconds(2))
        try await expectAgain(rsyslog, output)
        try await output.stop()
        try await rsyslog.kill()
    }

    /// Ten events, a receiver that is killed once it has read them, and all of them again from what it finds at its return.
    private func expectAgain(_ rsyslog: Rsyslog, _ output: RunningOutput) async throws {
        var ledger = MadeLedger()
        try await output.store.take((0..<10).map { ledger.ended($0) })
        try await waitUntil(every: .milliseconds(50), "all have arrived") { try rsyslog.messages().count == 10 }
        try await rsyslog.kill()
        // As if it had them in its memory alone.
        try Files.remove(rsyslog.file("out.jsonl"))
        try await rsyslog.start()
        try await waitUntil("all have come again") { try Set(rsyslog.messages().map(\.id)).count == 10 }
    }

    @Test("a connection that ended with something unconfirmed is never followed by another one in silence")
    func noSilentConnection() async throws {
        let rsyslog = try Rsyslog(.tcp)
        try await rsyslog.start()
        let output = SyslogOutput(rsyslog.settings())
        let event = SecurityEvent(
            id: "a/1", number: 1, type: "session.ended", at: Timestamp(nanoseconds: 1),
            receivedAt: Timestamp(nanoseconds: 1),
            subject: .other)
        try await output.send([event], unless: { false })
        try await rsyslog.kill()
        try await rsyslog.start()
        try await waitUntil("its end is seen") {
            do {
                try await output.look()
                return false
            } catch {
                return true
            }
        }
        await #expect(throws: LastwordError.self) { try await output.send([event], unless: { false }) }
        await output.abandon()
        try await output.send([event], unless: { false })
        try await output.confirm(unless: { false })
        try await rsyslog.kill()
    }

    // MARK: Certificates

    private static func code(_ settings: SyslogSettings) async -> String {
        do {
            try await SyslogOutput(settings).check()
            return "ok"
        } catch {
            return (error as? LastwordError)?.code ?? "\(error)"
        }
    }

    private static func expect(
        _ settings: SyslogSettings, _ wanted: String, _ location: SourceLocation = #_sourceLocation
    ) async {
        let found = await code(settings)
        #expect(found == wanted, sourceLocation: location)
    }

    @Test(
        "the receiver's certificate is checked, by its authority and its name", arguments: [Rsyslog.Driver.gtls, .ossl])
    func certificate(_ driver: Rsyslog.Driver) async throws {
        let rsyslog = try Rsyslog(driver)
        try await rsyslog.start()
        let other = try Rsyslog(driver)
        await Self.expect(rsyslog.settings(), "ok")
        await Self.expect(rsyslog.settings { $0.tls?.serverName = "localhost" }, "ok")
        await Self.expect(rsyslog.settings { $0.host = "localhost" }, "ok")
        // Although it is for the address, too.
        await Self.expect(rsyslog.settings { $0.tls?.serverName = "elsewhere.example" }, "output.certificate")
        await Self.expect(rsyslog.settings { $0.tls?.caFile = other.file("ca.pem") }, "output.certificate")
        await Self.expect(rsyslog.settings { $0.tls?.caFile = nil }, "output.certificate")
        await Self.expect(rsyslog.settings { $0.tls?.caFile = "/nonexistent" }, "output.credentials")
        await Self.expect(rsyslog.settings { $0.port = other.port }, "output.unreachable")
        try await rsyslog.kill()
    }

    @Test("a receiver's end without TLS's farewell says nothing where one is needed")
    func farewell() async throws {
        for (driver, wanted) in [(Rsyslog.Driver.gtls, "output.certificate"), (.ossl, "ok")] {
            let rsyslog = try Rsyslog(driver)
            try await rsyslog.start()
            await Self.expect(rsyslog.settings { $0.tls?.needsFarewell = true }, wanted)
            await Self.expect(rsyslog.settings { $0.tls?.needsFarewell = false }, "ok")
            try await rsyslog.kill()
        }
    }

    @Test(
        "a certificate's name is that name, or one that its first label's star covers",
        arguments: [
            ("siem.example", "siem.example", true), ("SIEM.example.", "siem.EXAMPLE", true),
            ("siem.example", "*.example", false), ("a.siem.example", "*.siem.example", true),
            ("a.b.siem.example", "*.siem.example", false), ("siem.example", "*.siem.example", false),
            ("a.siem.example", "a*.siem.example", false), ("a.siem.example", "a.*.example", false), ("", "", false),
            ("x", "*", false), (".siem.example", "*.siem.example", false),
        ])
    func name(_ name: String, _ pattern: String, _ isFor: Bool) {
        #expect(ServerName.matches(name, pattern) == isFor)
    }

    @Test("a receiver that asks for a certificate gets ours, and refuses one of another authority")
    func clientCertificate() async throws {
        let rsyslog = try Rsyslog(.gtls, asksForCertificate: true)
        try await rsyslog.start()
        let other = try Rsyslog(.gtls)
        func code(_ certificates: Rsyslog?) async -> String {
            await Self.code(
                rsyslog.settings(timeout: .seconds(3)) { settings in
                    settings.tls?.certificateFile = certificates?.file("client.pem")
                    settings.tls?.keyFile = certificates?.file("client.key")
                })
        }
        let accepted = await code(rsyslog)
        #expect(accepted == "ok")
        let without = await code(nil)
        #expect(without != "ok")
        let foreign = await code(other)
        #expect(foreign != "ok")
        let again = await code(rsyslog)
        #expect(again == "ok", "it still answers those that it accepts")
        try await rsyslog.kill()
    }

    // MARK: Erasure and retention

    @Test("an output goes along where this is asked for, from its end; one that was erased before its turn never")
    func erased() async throws {
        let rsyslog = try Rsyslog(.tcp)
        let scratch = try ScratchDirectory()
        let output = try RunningOutput(
            Self.output(rsyslog.settings(), outputBytes: 20), directory: scratch.file("store"))
        var ledger = MadeLedger()
        try await output.store.take([
            ledger.ended(0, output: "the beginning is cut, the end stays"),
            ledger.ended(1, output: "geheimes passwort"),
        ])
        try await waitUntil("it has tried") { output.isFailing }
        try await output.store.erase(MadeLedger.ended(1).id, by: "somebody", reason: "a password")
        try await rsyslog.start()
        try await waitUntil("both have arrived") { try rsyslog.messages().count >= 2 }
        let messages = try rsyslog.messages()
        #expect(messages[0].text.hasSuffix(" | output: is cut, the end stays".suffix(20)))
        #expect(!messages[0].text.contains("beginning"))
        #expect(messages[1].values["output_sha256"] != nil && !messages[1].text.contains("output:"))
        #expect(!(try Files.text(rsyslog.file("out.jsonl"))).contains("passwort"))
        try await output.stop()
        try await rsyslog.kill()
    }

    @Test("what is under way when it is erased is dropped from our side, and goes again without it")
    func erasedUnderWay() async throws {
        let receiver = try SlowReceiver()
        let scratch = try ScratchDirectory()
        let format = SyslogFormat(
            facility: .user, enterpriseNumber: 32_473, maxBytes: 64 << 10, host: "c", version: "0")
        let settings = SyslogSettings(
            host: "127.0.0.1", port: receiver.port, tls: nil, format: format, confirmAfter: .seconds(600),
            resend: .zero, timeout: .seconds(600))
        let output = try RunningOutput(
            Self.output(settings, outputBytes: 64 << 10), directory: scratch.file("store"))
        var ledger = MadeLedger()
        // Far more than the sockets' buffers hold; the last of it is what must not go.
        let filling = (0..<60).map { ledger.ended($0, output: String(repeating: "füllung \($0) ", count: 4000)) }
        try await output.store.take(filling + [ledger.ended(999, output: "geheimes passwort")])
        try await waitUntil("it is connected") { receiver.accept() }
        try await output.store.erase(MadeLedger.ended(999).id, by: "somebody", reason: "a password")
        try await waitUntil("the connection is dropped and another one made") { receiver.accept() }
        var text = ""
        let last = "\(ledger.id)/61"
        try await waitUntil(limit: .seconds(60), "the last event has arrived") {
            text += receiver.read()
            return text.contains(last)
        }
        #expect(text.contains("füllung 59"))
        #expect(!text.contains("passwort"))
        try await output.stop()
    }

    @Test(
        "retention does not wait for a receiver that is away: what went before it was sent is counted, the rest arrives"
    )
    func retention() async throws {
        let rsyslog = try Rsyslog(.tcp)
        let scratch = try ScratchDirectory()
        let output = try RunningOutput(Self.output(rsyslog.settings()), directory: scratch.file("store"))
        var ledger = MadeLedger()
        let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1_000_000_000))
        let old = now.advanced(byNanoseconds: -10 * 86_400_000_000_000)
        try await output.store.take((0..<30).map { ledger.ended($0) }, at: old)
        try await output.store.take((30..<40).map { ledger.ended($0) }, at: now)
        try await waitUntil("it has tried") { output.isFailing }
        while try await output.store.enforceRetention(CollectorRetention(maxAge: .seconds(86_400))) != nil {}
        #expect(try await output.store.status().entries == 10)
        try await rsyslog.start()
        let rest = Set((31...40).map { "\(ledger.id)/\($0)" })
        // What a batch held that was under way may still come.
        try await waitUntil("the rest has arrived") { try Set(rsyslog.messages().map(\.id)).isSuperset(of: rest) }
        #expect(try await output.mark?.skipped == 30)
        try await output.stop()
        try await rsyslog.kill()
    }
}
