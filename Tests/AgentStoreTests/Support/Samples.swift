// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// Records and outputs as the tracker would commit them.
enum Sample {
    static func containerID(_ number: Int) -> ContainerID? {
        let hex = String(number, radix: 16)
        return ContainerID(String(repeating: "0", count: 64 - hex.utf8.count) + hex)
    }

    static func id(_ number: Int) -> SessionID {
        guard let container = containerID(number) else { preconditionFailure("64 hex digits are a container ID") }
        return SessionID(container: container)
    }

    /// Some facts to go on with.
    static let facts = SessionFacts(
        claims: Claims(podUID: podUID, containerName: "debugger-1"))

    private static var podUID: PodUID {
        guard let uid = PodUID("f17d02b7") else { preconditionFailure("a pod UID is any short text") }
        return uid
    }

    /// A session that runs, at revision 1.
    static func running(_ number: Int, _ change: (inout Session) -> Void = { _ in }) -> Session {
        var session = Session(id: id(number), node: "worker-0")
        session.revision = 1
        session.state = .running
        session.mode = .ephemeral
        session.classification = .confirmed
        session.namespace = "default"
        session.pod = "debug-target"
        session.container = "debugger-\(number)"
        session.containerID = containerID(number)
        session.targetContainer = "nginx"
        session.image = "busybox:1.36"
        session.startedAt = TestClock.epoch.advanced(byNanoseconds: Int64(number) * 1_000_000_000)
        change(&session)
        return session
    }

    /// The same, ended and sealed at revision 3, with its output.
    static func ended(
        _ number: Int, output: String = "finding\n", exitCode: Int = 42, _ change: (inout Session) -> Void = { _ in }
    ) -> SessionCommit {
        let tail = tail(Array(output.utf8))
        var session = running(number)
        session.revision = 3
        session.state = .ended
        session.exitCode = exitCode
        session.finishedAt = session.startedAt?.advanced(byNanoseconds: 10_012_345_678)
        session.sealedAt = session.finishedAt
        session.output = tail.summary
        session.sealedBy = .taskDelete
        change(&session)
        return SessionCommit(session: session, facts: nil, entry: .sessionEnded, output: tail)
    }

    static func tail(_ bytes: [UInt8]) -> CapturedTail {
        let frames = [OutputFrame(stream: .stdout, time: TestClock.epoch, length: bytes.count)]
        let summary = OutputSummary(
            bytes: bytes.count, totalBytes: bytes.count, truncated: false, lossy: false, streams: ["stdout"],
            sha256: Digest(of: bytes), framesSHA256: Digest(of: OutputFrameCoding.encode(frames)), pinnedBy: .hardlink)
        return CapturedTail(bytes: bytes, frames: frames, summary: summary)
    }

    static func started(_ number: Int) -> Commit {
        .session(
            SessionCommit(session: running(number), facts: Sample.facts, entry: .sessionStarted, output: nil))
    }
}
