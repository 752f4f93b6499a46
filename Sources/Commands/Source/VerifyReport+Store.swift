// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords

extension VerifyReport {
    init(_ report: VerificationReport) {
        self.init()
        ledger = report.ledger
        entries = Int64(report.entries)
        records = Int64(report.records)
        outputs = Int64(report.outputs)
        if report.entries > 0 {
            firstNumber = report.anchor.number + 1
            head = NotedHead(number: report.head.number, hash: report.head.hash)
        }
        if report.anchor.number > 0 { anchor = NotedHead(number: report.anchor.number, hash: report.anchor.hash) }
        for (head, verdict) in report.heads {
            add(NotedHead(number: head.head.number, hash: head.head.hash), by: head.keeper, Verdict(verdict))
        }
        problems = report.findings.map(\.text)
        let more = report.findingCount - report.findings.count
        if more > 0 { problems.append("and \(more) more") }
    }
}

extension VerifyReport.Verdict {
    fileprivate init(_ verdict: HeadVerdict) {
        self =
            switch verdict {
            case .agrees: .agrees
            case .differs: .differs
            case .missing: .missing
            case .otherLedger: .otherLedger
            case .removed: .removed
            }
    }
}
