// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// The sources' own lives: when they saw nothing, and what closed that.
///
/// Our own absence is over when everybody has been asked who still knows of it: the runtime has been listed and, where
/// there is a journal to be read, that has been read to its end.
extension SessionTracker {
    /// A gap that began before this run. To be called before `resume`.
    package mutating func resumeGap(_ gap: Gap, source: SourceName) {
        gaps[source] = gap
        guard source == .agent || source == .runtime else { return }
        watchedUntil = min(watchedUntil ?? gap.openedAt, gap.openedAt)
    }

    mutating func takeLoss(
        of source: SourceName, reason: String, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        openGap(source, reason: reason, dropped: nil, receipt, &actions)
        if source == .journal { stopAwaitingJournal(receipt, &actions) }
    }

    mutating func takeAbsence(of source: SourceName, _ receipt: Receipt, _ actions: inout [Action]) {
        if source == .journal { stopAwaitingJournal(receipt, &actions) }
    }

    mutating func takeReturn(of source: SourceName, _ receipt: Receipt, _ actions: inout [Action]) {
        switch source {
        case .journal:
            journal.isRead = true
            closeGap(.journal, by: GapClosing.resumed, receipt, &actions)
            stopAwaitingJournal(receipt, &actions)
            return
        case .runtime: isListed = true
        default: break
        }
        closeGap(source, by: GapClosing.relisted, receipt, &actions)
        closeAbsence(receipt, &actions)
    }

    /// Our own absence ends when all who were to be asked have told what they know.
    mutating func closeAbsence(_ receipt: Receipt, _ actions: inout [Action]) {
        guard isListed, !journal.isAwaited, let gap = gaps[.agent] else { return }
        // What was dropped in this run is asked for again of the runtime alone.
        let isByJournal = journal.isRead && gap.dropped == nil
        closeGap(.agent, by: isByJournal ? GapClosing.relistedAndRead : GapClosing.relisted, receipt, &actions)
    }

    mutating func openGap(
        _ source: SourceName, reason: String, dropped: Int?, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        if var gap = gaps[source] {
            guard let dropped else { return }
            gap.dropped = (gap.dropped ?? 0) + dropped
            gaps[source] = gap
            return
        }
        if source == .agent { isListed = false }
        var gap = Gap(source: source.rawValue, openedAt: receipt.wall, reason: reason)
        gap.dropped = dropped
        gaps[source] = gap
        actions.append(.commit(.gap(gap)))
    }

    private mutating func closeGap(
        _ source: SourceName, by closing: String, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard var gap = gaps.removeValue(forKey: source) else { return }
        gap.closedAt = receipt.wall
        gap.closedBy = closing
        actions.append(.commit(.gap(gap)))
    }
}

extension Gap {
    /// An interval that is over and that nothing closed: nobody can say what was in it.
    static func missed(_ source: SourceName, from: Timestamp, to: Timestamp, reason: String, dropped: Int?) -> Gap {
        var gap = Gap(source: source.rawValue, openedAt: from, reason: reason)
        gap.closedAt = max(from, to)
        gap.dropped = dropped
        return gap
    }
}
