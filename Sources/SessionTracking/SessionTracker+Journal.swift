// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// How far the journal has been read, and what is waited for on its account.
struct JournalProgress: Sendable {
    /// Its history is still being read: of containers that are gone it may yet say how they ended.
    var isAwaited: Bool
    /// It was read to its end in this run.
    var isRead = false
    /// Not all of its lines could be read in this run.
    var hasHole = false
    /// Containers of which it spoke and of which the store has nothing yet: a cursor that is past those lines would lose
    /// them, so it is held back.
    var unkept: Set<ContainerID> = []
    /// The newest cursor that was not committed yet.
    var cursor: (source: SourceName, text: String)?
    /// From when on the next cursor may be committed, by the boot-time clock.
    var nextCursorAt: Int64 = .min
    var isCursorDue = false

    init(isAwaited: Bool) {
        self.isAwaited = isAwaited
    }
}

/// What the journal says: a second witness while we watch, the last one of what came and went while we did not.
extension SessionTracker {
    mutating func take(_ statement: JournalStatement, _ receipt: Receipt, _ actions: inout [Action]) {
        let id = statement.container
        if case .exited(_, let finishedAt?) = statement.event { noteTargetExit(id, at: finishedAt, receipt, &actions) }
        if case .removed = statement.event {
            // As with the runtime's own event: of what is not followed it is no news.
            takeRemoval(id, at: statement.at, receipt, &actions)
            return
        }
        guard touch(id, receipt, &actions) else { return }
        switch statement.event {
        case .started:
            containers[id]?.hasTask = true
            containers[id]?.facts.claims.addStart(statement.at, by: .journal)
            containers[id]?.facts.claims.add(Evidence(witness: .journal, fact: "start", at: statement.at))
        case .exited(let code, let finishedAt):
            containers[id]?.hasTask = true
            containers[id]?.facts.claims.addExit(
                ExitClaim(exitCode: code, finishedAt: finishedAt), by: .journal, receivedAt: receipt.wall)
            doubtEnding(of: id, receipt)
        case .outOfMemory: containers[id]?.facts.claims.addOutOfMemory(by: .journal)
        case .attachClosed(let stream):
            containers[id]?.facts.claims.add(
                Evidence(witness: .journal, fact: "attach-closed", at: statement.at, value: stream))
        case .removed: break
        }
        noteAbsentPod(of: id)
        advance(id, receipt, &actions)
        noteUnkept(id)
    }

    /// Who the container is, by the journal: the runtime is asked all the same, and counts for more.
    mutating func takeName(_ description: ContainerDescription, _ receipt: Receipt, _ actions: inout [Action]) {
        let id = description.id
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.facts.claims.addDescription(description)
        index(id)
        noteAbsentPod(of: id)
        nameTargeting(id, name: description.container, receipt, &actions)
        joinWaiting(id, &actions)
        advance(id, receipt, &actions)
        noteUnkept(id)
    }

    // MARK: Waiting for it

    /// Whether the container is gone, nobody who is sure has said how it ended, and the journal may yet do so. What is
    /// known is kept meanwhile, and not told.
    func awaitsJournal(_ tracked: Tracked) -> Bool {
        journal.isAwaited && tracked.facts.claims.isGone && !hasRuntimeEnding(tracked)
    }

    /// It has been read, or will not be: what was kept back for its sake is told.
    mutating func stopAwaitingJournal(_ receipt: Receipt, _ actions: inout [Action]) {
        guard journal.isAwaited else { return }
        journal.isAwaited = false
        for id in containers.keys.sorted() where containers[id]?.facts.claims.isGone == true {
            advance(id, receipt, &actions)
        }
        closeAbsence(receipt, &actions)
        commitCursor(receipt, &actions)
    }

    /// Whether the container was made while we watched: then it was looked at, and has no row because it is none of ours.
    /// What is in our row is never the journal's word alone.
    func wasJudged(_ claims: Claims) -> Bool {
        guard let watchedUntil, claims.isJournalAlone else { return false }
        // The lines behind the cursor would have named it, had it been made later.
        guard let createdAt = claims.created[.journal] else { return !journal.hasHole }
        return createdAt < watchedUntil.advanced(byNanoseconds: -Self.judgementNanoseconds)
    }

    /// Until a container that was made is described, on a node that is busy.
    private static let judgementNanoseconds: Int64 = 10_000_000_000

    /// A container that had ended before all pods were listed, and whose pod was not among them: nobody will say any more
    /// what it was.
    private mutating func noteAbsentPod(of id: ContainerID) {
        guard let claims = containers[id]?.facts.claims, claims.pod == nil, let uid = claims.podUID,
            !pods.contains(uid), let listedAt = podsListedAt, let finishedAt = claims.exits[.journal]?.finishedAt,
            finishedAt < listedAt
        else { return }
        containers[id]?.facts.progress.gaveUp = true
        containers[id]?.facts.progress.podAbsent = true
    }

    // MARK: The cursor

    mutating func take(
        _ cursor: String, of source: SourceName, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        journal.cursor = (source, cursor)
        commitCursor(receipt, &actions)
    }

    /// Commits the newest cursor, behind all that was made of the lines before it. Not while a line's container is only in
    /// memory, and not with every line: an idle node would write for the cursor's sake alone. What is read again after a
    /// restart makes no difference.
    mutating func commitCursor(_ receipt: Receipt, _ actions: inout [Action]) {
        guard let (source, cursor) = journal.cursor else { return }
        if receipt.boottime >= journal.nextCursorAt {
            journal.unkept = journal.unkept.filter { isUnkept($0) }
            if journal.unkept.isEmpty {
                actions.append(.commit(.cursor(source, cursor)))
                journal.cursor = nil
            }
            journal.nextCursorAt = receipt.boottime + configuration.cursorInterval
        }
        guard journal.cursor != nil, !journal.isCursorDue else { return }
        journal.isCursorDue = true
        deadlines.add(.cursor, at: journal.nextCursorAt)
    }

    private mutating func noteUnkept(_ id: ContainerID) {
        if isUnkept(id) { journal.unkept.insert(id) }
    }

    private func isUnkept(_ id: ContainerID) -> Bool {
        guard let tracked = containers[id] else { return false }
        return tracked.committed == nil
    }
}

extension SessionFacts {
    /// After a reboot no container of before goes on: of one whose end nobody saw, the reboot is the cause.
    mutating func noteReboot(bootID: String?) {
        guard let bootID, let last = progress.bootID, last != bootID, claims.containerID != nil,
            claims.ending?.claim.isMadeUp ?? true
        else { return }
        claims.openAtReboot = true
    }
}
