// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentStore
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import OTLPCoding
import SessionRecords
import TestSupport
import Testing

@testable import Commands

@Suite("The built programs together: lastword on a real collector")
struct RealCollectorTests {
    @Test("tells what the node's store tells, once the node's ledger is delivered")
    func everything() async throws {
        let scratch = try ScratchStore()
        try fill(scratch)
        let directory = try ScratchDirectory()
        let collector = try await Self.start(in: directory.path)
        do {
            try await collector.makeToken(
                ["--role", "agent", "--node", "worker-0", "--name", "worker-0"], at: directory.file("agent"))
            try await collector.makeToken(["--role", "reader", "--name", "all"], at: directory.file("reader"))
            try await collector.makeToken(
                ["--role", "reader", "--namespaces", "payments", "--name", "few"], at: directory.file("few"))
            try await Self.deliver(scratch.directory, to: collector, tokenFile: directory.file("agent"))
            try await compare(scratch, collector, directory.file("reader"))
            try await chains(scratch, collector, directory.file("reader"))
            try await limits(collector, directory)
            _ = try await collector.stop()
        } catch {
            _ = try await collector.stop()
            throw error
        }
    }

    /// The samples of one node.
    private func fill(_ scratch: ScratchStore) throws {
        for session in Samples.all where session.id != Samples.demo.id && session.node == "worker-0" {
            try scratch.commit(session, session.isOpen ? .sessionStarted : .sessionEnded)
        }
        var demo = Samples.demo
        var tail = Samples.tail([("stdout", Samples.finished, "finding: connection pool exhausted\n")])
        tail.summary.sha256 = Digest(of: tail.bytes)
        tail.summary.framesSHA256 = Digest(of: OutputFrameCoding.encode(tail.frames))
        demo.output = tail.summary
        try scratch.commit(demo, .sessionEnded, output: tail)
        for gap in Samples.gaps { try scratch.commit(gap) }
    }

    private static func start(in directory: String) async throws -> CollectorProcess {
        let certificates = try StandInCertificates()
        let collector = try CollectorProcess(
            directory: directory,
            identity: .init(
                in: directory, certificate: certificates.server, key: certificates.serverKey,
                authority: certificates.authority))
        try await collector.start()
        return collector
    }

    /// Sends all that the store has, as its agent would.
    private static func deliver(_ store: String, to collector: CollectorProcess, tokenFile: String) async throws {
        let batch = try StoreReader(directory: store).outbox(entries: 1000, bytes: 16 << 20)
        let encoder = OTLPEncoder(sender: .init(version: "0.1.0", node: "worker-0", cluster: "prod"))
        let body = try encoder.body(
            batch.entries.map { entry in
                OutgoingEntry(
                    ledger: batch.ledger, number: entry.number, type: entry.type, at: entry.at,
                    previousHash: entry.previousHash, hash: entry.hash, bytes: entry.bytes,
                    output: entry.output.map { OutgoingEntry.Output(bytes: $0.bytes, frames: $0.frames) },
                    outputAbsence: entry.outputAbsence)
            })
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(collector.identity.authority)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: tls))
        var request = HTTPClientRequest(url: collector.url + "/v1/logs")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-protobuf")
        let token = try Files.text(tokenFile).split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
        request.headers.add(name: "Authorization", value: "Bearer " + token)
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let response = try await client.execute(request, timeout: .seconds(30))
            let answer = String(buffer: try await response.body.collect(upTo: 1 << 20))
            #expect(response.status == .ok, "\(response.status) \(answer)")
            try await client.shutdown()
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    private func onStore(_ scratch: ScratchStore, _ arguments: [String]) async throws -> CommandResult {
        try await ChildProcess.run(
            // Before a `--`, behind which nothing is a flag.
            [try BuildProducts.path("lastword")] + arguments.prefix(1) + ["--store", scratch.directory]
                + arguments.dropFirst(),
            environment: ["PATH": "/usr/bin:/bin"])
    }

    private func compare(_ scratch: ScratchStore, _ collector: CollectorProcess, _ token: String) async throws {
        let demo = "default/debug-target/debugger-x7k2p"
        for arguments in [
            ["list", "-o", "json"], ["list", "-o", "yaml"], ["list", "-o", "name"],
            ["list", "-o", "jsonl", "--limit", "2"],
            ["list", "-n", "default", "-o", "jsonl"], ["list", "--exit-code", "137", "-o", "name"],
            ["list", "--target", "nginx", "-o", "name"], ["list", "--node", "worker-0", "-o", "name"],
            ["list", "--since", "2026-11-21", "-o", "name"], ["list", "--running"], ["show", demo],
            ["show", demo, "-o", "json"], ["show", "--", "-/-/-"], ["logs", demo, "--timestamps"],
            ["logs", demo, "--raw"], ["logs", "payments/ledger-debug/debugger-copy"],
            ["export", "--content", "sessions"],
        ] {
            let here = try await onStore(scratch, arguments)
            let there = try await collector.lastword(arguments, tokenFile: token)
            #expect(there.text == here.text, "\(arguments)")
            #expect(there.exitCode == here.exitCode, "\(arguments): \(there.errorText)")
        }
        let found = try await collector.lastword(
            ["list", "--search", "exhausted pool", "-o", "name"], tokenFile: token)
        #expect(found.text == "session/\(Samples.demo.id)\n")
        #expect(try await collector.lastword(["list", "--search", "absent"], tokenFile: token).exitCode == 1)
        let gaps = try await collector.lastword(["gaps", "-o", "jsonl"], tokenFile: token)
        #expect(gaps.text.split(separator: "\n").count == Samples.gaps.count)
        let nodes = try await collector.lastword(["nodes"], tokenFile: token)
        #expect(nodes.text.contains("worker-0") && nodes.text.contains("token"), "\(nodes.text)\(nodes.errorText)")
        let status = try await collector.lastword(["status"], tokenFile: token)
        #expect(status.text.contains("Nodes:") && status.text.contains("3 ended"), "\(status.text)\(status.errorText)")
        #expect(try await collector.lastword(["alarms"], tokenFile: token).exitCode != 2)
    }

    private func chains(_ scratch: ScratchStore, _ collector: CollectorProcess, _ token: String) async throws {
        let node = try await collector.lastword(
            ["verify", "--no-journal", "--store", scratch.directory], tokenFile: token)
        #expect(node.exitCode == 0, "\(node.text)\(node.errorText)")
        #expect(node.text.contains("(collector): agrees"))
        let ledger = try StoreReader(directory: scratch.directory).ledger()
        let chain = try await collector.lastword(["verify", "--ledger", ledger], tokenFile: token)
        #expect(chain.exitCode == 0, "\(chain.text)\(chain.errorText)")
        #expect(chain.text.contains("recomputed from the entries"))
        let exported = try await collector.lastword(["export"], tokenFile: token)
        let own = try await onStore(scratch, ["export"])
        #expect(exported.text.replacing("\"ledger\":\"\(ledger)\",\"number\"", with: "\"number\"") == own.text)
    }

    private func limits(_ collector: CollectorProcess, _ directory: ScratchDirectory) async throws {
        let few = directory.file("few")
        let list = try await collector.lastword(["list", "-o", "name"], tokenFile: few)
        #expect(list.text == "session/\(Samples.copy.id)\n")
        #expect(
            try await collector.lastword(["show", "default/debug-target/debugger-x7k2p"], tokenFile: few).exitCode == 1)
        #expect(try await collector.lastword(["list", "--search", "exhausted"], tokenFile: few).exitCode == 1)
        for verb in ["gaps", "nodes", "alarms", "export", "verify"] {
            let refused = try await collector.lastword([verb], tokenFile: few)
            #expect(refused.exitCode == 2, "\(verb)")
            #expect(refused.errorText.contains("(403)"), "\(verb): \(refused.errorText)")
        }
        #expect(try await collector.lastword(["status"], tokenFile: few).exitCode == 0)
        try Files.write("lwt_0123456789abcdef_wrong\n", to: directory.file("wrong"), mode: 0o600)
        let wrong = try await collector.lastword(["list"], tokenFile: directory.file("wrong"))
        #expect(wrong.exitCode == 2)
        #expect(wrong.errorText.contains("(401)") || wrong.errorText.contains("(429)"), "\(wrong.errorText)")
        // Agents do not read.
        let agent = try await collector.lastword(["list"], tokenFile: directory.file("agent"))
        #expect(agent.errorText.contains("(403)"), "\(agent.errorText)")
    }
}

extension CommandResult {
    /// Nil where a signal ended it.
    fileprivate var exitCode: Int32? {
        if case .exited(let code) = ending { return code }
        return nil
    }
}
