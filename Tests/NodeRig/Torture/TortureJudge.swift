// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import SessionTracking

/// What the agent's store has of one container, as it stands and as it was told.
struct RecordedSession: Sendable {
    var session: Session
    var output: [UInt8]?
    /// Entries of the ledger: how many say that it began, and that it ended.
    var started = 0
    var ended = 0
    /// Exit codes that were told in entries as real ones.
    var toldCodes: Set<Int> = []
}

/// Compares the ledger of truth with what was recorded. Pure.
struct TortureJudge: Sendable {
    enum Verdict: String, Sendable {
        case lost, doubled, wrong, unknown
    }

    struct Finding: Sendable, CustomStringConvertible {
        var verdict: Verdict
        var what: String
        var truth: SessionTruth
        var record: Session?

        var description: String {
            "\(verdict.rawValue): \(what)\n  truth: \(truth.summary)\n  record: \(record?.json.compact ?? "none")"
        }
    }

    struct Result: Sendable {
        var findings: [Finding] = []
        var fullTails = 0

        func count(_ verdict: Verdict) -> Int {
            Set(findings.filter { $0.verdict == verdict }.map(\.truth.container)).count
        }
    }

    /// Nanoseconds.
    private static let millisecond: Int64 = 1_000_000
    private static let second: Int64 = 1_000_000_000
    /// How late a runtime on a loaded machine may note what it has done or seen.
    private static let lateness = 5 * second

    var gaps: [Gap]
    var outages: [Outage]
    /// How long after the removal the agent may still be about the session: an outage then is one of the session's.
    var grace = TortureJudge.second

    func judge(_ truths: [SessionTruth], _ records: [ContainerID: RecordedSession]) -> Result {
        var result = Result()
        for truth in truths {
            let record = records[truth.container]
            let findings = compare(truth, record)
            result.findings += findings
            if let record, hasFullTail(truth, record) { result.fullTails += 1 }
        }
        return result
    }

    private func compare(_ truth: SessionTruth, _ record: RecordedSession?) -> [Finding] {
        guard let record else {
            // What was written down before it began, and what was asked after it was gone, cannot know of it.
            let isCovered = covers(truth.runtimeStart ?? truth.startedBy, truth.removedFrom ?? truth.startedBy)
            return [
                Finding(
                    verdict: isCovered ? .unknown : .lost,
                    what: isCovered ? "no record, within a gap that is told" : "no record, and no gap that covers it",
                    truth: truth, record: nil)
            ]
        }
        let session = record.session
        var findings: [Finding] = []
        func say(_ verdict: Verdict, _ what: String) {
            findings.append(Finding(verdict: verdict, what: what, truth: truth, record: session))
        }
        if record.started > 1 { say(.doubled, "session.started told \(record.started) times") }
        if record.ended > 1 { say(.doubled, "session.ended told \(record.ended) times") }
        let isWaitedFor = session.classification == .unresolved && session.sealedAt != nil && record.started == 0
        if record.ended == 0, !isWaitedFor { say(.wrong, "session.ended was never told") }
        for fault in identityFaults(truth, session) + endingFaults(truth, record) + timeFaults(truth, session) {
            say(.wrong, fault)
        }
        if let fault = outputFault(truth, record) { say(.wrong, fault) }
        let unknowns = unknowns(truth, session)
        if !unknowns.isEmpty {
            let what = unknowns.joined(separator: ", ") + " unknown"
            if !wasDisturbed(truth) {
                say(.wrong, what + ", and nothing was down")
            } else if !touchesGap(truth), !wasFrozen(truth) {
                say(.wrong, what + ", and no gap is told")
            } else {
                say(.unknown, what)
            }
        }
        return findings
    }

    // MARK: What must be right if it is there

    private func identityFaults(_ truth: SessionTruth, _ session: Session) -> [String] {
        var faults: [String] = []
        func expect(_ name: String, _ value: String?, _ wanted: String) {
            if let value, value != wanted { faults.append("\(name) is \(value), not \(wanted)") }
        }
        expect("container", session.container, truth.name)
        expect("pod", session.pod, truth.pod)
        expect("podUID", session.podUID?.rawValue, truth.podUID)
        expect("namespace", session.namespace, truth.namespace)
        expect("target", session.targetContainer, truth.target)
        expect("image", session.image, truth.image)
        expect("mode", session.mode?.rawValue, SessionMode.ephemeral.rawValue)
        return faults
    }

    private func endingFaults(_ truth: SessionTruth, _ record: RecordedSession) -> [String] {
        let session = record.session
        var faults: [String] = []
        switch session.state {
        case .ended where truth.neverStarted: faults.append("ended, and it never started")
        case .neverStarted where !truth.neverStarted: faults.append("never-started, and it did")
        case .waiting, .running: faults.append("still \(session.state.rawValue), and it is over")
        case .unknown where session.exitCode != nil || session.ending != nil:
            faults.append("unknown, with a code or an ending")
        default: break
        }
        if let code = session.exitCode, code != truth.exitCode {
            if !session.isMadeUpEnding {
                faults.append("exit code \(code), not \(truth.exitCode)")
            } else if session.ending != .inferred {
                faults.append("exit code \(code) is made up and called \(session.ending?.rawValue ?? "nothing")")
            }
        }
        if let signal = session.derivedSignal, signal != truth.exitCode - 128 { faults.append("signal \(signal)") }
        if session.oomKilled == true { faults.append("killed for want of memory, and it was not") }
        for code in record.toldCodes where code != truth.exitCode { faults.append("exit code \(code) was told once") }
        return faults
    }

    private func timeFaults(_ truth: SessionTruth, _ session: Session) -> [String] {
        var faults: [String] = []
        if let started = session.startedAt {
            if let fault = startFault(truth, started, session.sources["startedAt"]) { faults.append(fault) }
        }
        if let finished = session.finishedAt, session.ending != .inferred, !truth.neverStarted {
            if let fault = finishFault(truth, finished, session.sources["finishedAt"]) { faults.append(fault) }
        }
        if let duration = session.durationNanoseconds, session.ending != .inferred, session.clockStepped != true,
            let started = session.startedAt, let finished = session.finishedAt,
            duration != max(0, finished.nanoseconds(since: started))
        {
            faults.append("duration \(duration) ns is not finish − start")
        }
        return faults
    }

    /// The runtime notes the start in its status a moment after the event; lines of the journal come up to a second later;
    /// the API knows whole seconds.
    private func startFault(_ truth: SessionTruth, _ at: Timestamp, _ source: Witness?) -> String? {
        if truth.neverStarted { return "started at \(at), and it never did" }
        let text = "started at \(at) by \(source?.rawValue ?? "nobody")"
        switch source {
        case .criStatus:
            if let wanted = truth.runtimeStart, differ(at, wanted, by: Self.millisecond) { return text }
        case .podStatus:
            if let wanted = truth.runtimeStart, differ(at, wanted, by: Self.second + Self.millisecond) { return text }
            return nil
        default: break
        }
        let isInside =
            at >= truth.createdFrom && at <= truth.startedBy.advanced(byNanoseconds: Self.lateness)
        return isInside ? nil : text
    }

    private func finishFault(_ truth: SessionTruth, _ at: Timestamp, _ source: Witness?) -> String? {
        let text = "finished at \(at) by \(source?.rawValue ?? "nobody")"
        let slack = source == .podStatus ? Self.second : 0
        if let wanted = truth.runtimeFinish { return differ(at, wanted, by: slack + Self.millisecond) ? text : nil }
        if let from = truth.lastAlive, at < from.advanced(byNanoseconds: -slack) { return text }
        if let to = truth.goneBy, at > to.advanced(byNanoseconds: Self.lateness) { return text }
        return nil
    }

    private func differ(_ left: Timestamp, _ right: Timestamp, by limit: Int64) -> Bool {
        left.nanoseconds(since: right).magnitude > UInt64(limit)
    }

    // MARK: Output

    /// What the record says to be complete must be what the log held.
    private func outputFault(_ truth: SessionTruth, _ record: RecordedSession) -> String? {
        guard truth.logged.isKnown else { return nil }
        guard let summary = record.session.output else {
            return truth.neverStarted || truth.logged.bytes == 0 || wasDisturbed(truth)
                ? nil : "no output, and nothing was down"
        }
        guard let bytes = record.output, bytes.count == summary.bytes, Digest(of: bytes) == summary.sha256 else {
            return "the stored output is not what the record says"
        }
        guard isClaimedComplete(summary) else {
            return wasDisturbed(truth) ? nil : "output not complete, and nothing was down: \(summary.note ?? "no note")"
        }
        if summary.truncated == false, truth.logged.bytes > truth.logged.tailBytes {
            return "output called whole, and it is not: \(summary.bytes) of \(truth.logged.bytes) bytes"
        }
        return Digest(of: bytes) == truth.logged.tail
            ? nil
            : "output of \(bytes.count) bytes called complete, and it is not: \(truth.logged.bytes) bytes were logged"
    }

    private func isClaimedComplete(_ summary: OutputSummary) -> Bool {
        !summary.lossy && summary.note == nil && summary.pinnedBy != .none
    }

    private func hasFullTail(_ truth: SessionTruth, _ record: RecordedSession) -> Bool {
        guard !truth.neverStarted, let bytes = record.output else { return false }
        return truth.logged.isKnown && Digest(of: bytes) == truth.logged.tail
    }

    // MARK: What may be unknown, and when

    private func unknowns(_ truth: SessionTruth, _ session: Session) -> [String] {
        var names: [String] = []
        if session.state == .unknown { names.append("how it ended") }
        if session.ending == .inferred { names.append("the ending, inferred,") }
        if session.exitCode == nil, session.state != .unknown { names.append("the exit code") }
        if !truth.neverStarted {
            if session.startedAt == nil { names.append("the start") }
            if session.finishedAt == nil, session.state != .unknown { names.append("the finish") }
        }
        if session.container == nil { names.append("the name") }
        if session.pod == nil { names.append("the pod") }
        if session.targetContainer == nil { names.append("the target") }
        if session.image == nil { names.append("the image") }
        if session.classification != .confirmed {
            names.append("the classification (\(session.classification.rawValue))")
        }
        return names
    }

    private func wasDisturbed(_ truth: SessionTruth) -> Bool {
        let to = (truth.removedBy ?? truth.startedBy).advanced(byNanoseconds: grace)
        return outages.contains { $0.overlaps(truth.createdFrom, to) }
    }

    /// What was frozen misses nothing, and asks too late for what is gone by then: that is no gap.
    private func wasFrozen(_ truth: SessionTruth) -> Bool {
        let to = (truth.removedBy ?? truth.startedBy).advanced(byNanoseconds: grace)
        return outages.contains { $0.what.hasSuffix("SIGSTOP") && $0.overlaps(truth.createdFrom, to) }
    }

    private func touchesGap(_ truth: SessionTruth) -> Bool {
        let to = (truth.removedBy ?? truth.startedBy).advanced(byNanoseconds: grace)
        return gaps.contains { $0.openedAt <= to && ($0.closedAt.map { $0 >= truth.createdFrom } ?? true) }
    }

    /// Whether a row of none of the driver's sessions may stand there: containers of the pods' own, of which nobody could
    /// say any more what they were because something was down: shortly before, or when they ended, for the journal of
    /// that time may be read much later. What ended up to two seconds before the agent did may have been on its way.
    func isBystander(_ session: Session) -> Bool {
        guard session.classification == .unresolved, session.containerID != nil else { return false }
        let wasDown = session.sealedAt.map { sealed in
            outages.contains { $0.overlaps(sealed.advanced(byNanoseconds: -10 * Self.second), sealed) }
        }
        let wasUnseen = (session.finishedAt ?? session.startedAt ?? session.createdAt).map { last in
            gaps.contains { gap in
                gap.source == SourceName.agent.rawValue
                    && gap.openedAt <= last.advanced(byNanoseconds: 2 * Self.second)
                    && gap.closedAt.map { $0 >= last } ?? true
            }
        }
        return wasDown ?? false || wasUnseen ?? false
    }

    /// Whether gaps, one after the other, cover the whole interval.
    private func covers(_ from: Timestamp, _ to: Timestamp) -> Bool {
        var covered = from
        for gap in gaps.sorted(by: { $0.openedAt < $1.openedAt }) where gap.openedAt <= covered {
            guard let closedAt = gap.closedAt else { return true }
            covered = max(covered, closedAt)
        }
        return covered >= to
    }
}
