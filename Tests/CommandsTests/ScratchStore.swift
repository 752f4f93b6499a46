// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Glibc
import SessionRecords
import SessionTracking

@testable import Commands

/// A real store in a directory of its own, removed with the last reference.
final class ScratchStore {
    let directory: String
    private(set) var store: AgentStore?

    init() throws {
        var template = Array("/tmp/lastword-cli-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw LastwordError(code: "test.scratch", message: "no scratch directory: errno \(errno)")
        }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        store = try AgentStore.open(
            directory: directory, identity: NodeIdentity(node: "worker-0", machineID: nil, bootID: nil))
        try store?.agentStarted(version: "0.1.0")
    }

    deinit {
        // What cannot be removed from /tmp is no reason to fail a test that has passed.
        try? close()
        for name in ["lastword.db", "lastword.db-wal", "lastword.db-shm", "lastword.lock"] {
            unlink(directory + "/" + name)
        }
        rmdir(directory)
    }

    /// Stops the agent, as it were.
    func close() throws {
        try store?.close()
        store = nil
    }

    func commit(_ session: Session, _ entry: EntryType, output: CapturedTail? = nil) throws {
        _ = try store?.commit([
            .session(SessionCommit(session: session, facts: nil, entry: entry, output: output))
        ])
    }

    func commit(_ gap: Gap) throws {
        _ = try store?.commit([.gap(gap)])
    }

    /// The samples, with the demo's output.
    func fill() throws {
        for session in Samples.all where session.id != Samples.demo.id {
            try commit(session, session.isOpen ? .sessionStarted : .sessionEnded)
        }
        var demo = Samples.demo
        var tail = Samples.tail([("stdout", Samples.finished, "finding: connection pool exhausted\n")])
        tail.summary.sha256 = Digest(of: tail.bytes)
        tail.summary.framesSHA256 = Digest(of: OutputFrameCoding.encode(tail.frames))
        demo.output = tail.summary
        try commit(demo, .sessionEnded, output: tail)
        for gap in Samples.gaps { try commit(gap) }
    }
}
