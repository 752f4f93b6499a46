// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords

/// What a session printed, or why there is nothing to show.
struct TranscriptView {
    /// Marks that one page draws as such; what is behind them is one piece of text for each line. Output that consists of
    /// nothing else would make a page of many megabytes.
    private static let markLimit = 20_000

    let session: SessionID
    let summary: OutputSummary?
    let state: SessionState
    let output: StoredOutput?
    let part: Int?

    var view: View {
        var view: View = ["outputSummary": summary.map(Self.describe) ?? "", "hasLines": false, "isParted": false]
        switch output {
        case .kept(let bytes, let frames, _, _) where !bytes.isEmpty:
            add(Transcript(bytes: bytes, frames: frames, part: part), to: &view)
        case .kept: view["absence"] = Self.absence("Nothing was printed", "The session's output is empty.")
        case .erased(let act):
            view["absence"] = Self.absence(
                "The output was erased", "By \(act.actor) at \(HumanTime.wholeSeconds(act.at)): \(act.reason)")
        case .absent(let reason):
            view["absence"] =
                state == .running || state == .waiting
                ? Self.absence(
                    "Not yet", "The output comes when the session has ended. This page then shows it by itself.")
                : Self.absence("There is no output", reason)
        case nil: view["absence"] = Self.absence("There is no output", "The session is gone.")
        }
        return view
    }

    private static func absence(_ heading: String, _ text: String) -> View {
        ["absenceHeading": heading, "absenceText": VisibleText.line(text)]
    }

    private func add(_ transcript: Transcript, to view: inout View) {
        view["hasLines"] = true
        view["plainHref"] = "/sessions/\(session.rawValue)/output?format=plain"
        view["rawHref"] = "/sessions/\(session.rawValue)/output?format=raw"
        var marks = 0
        view["lines"] = transcript.lines.map { line -> View in
            var segments = VisibleText.segments(line.bytes)
            marks += segments.count - 1
            if marks > Self.markLimit {
                segments = [VisibleText.Segment(kind: .text, text: segments.map(\.text).joined())]
            }
            return [
                "lineNumber": line.number, "lineClock": line.time.map(PageTime.clock) ?? "–",
                "stream": line.stream == .stderr ? "err" : "out", "isError": line.stream == .stderr,
                "goesOn": line.goesOn, "segments": segments.map(Self.view),
            ]
        }
        guard transcript.parts > 1 else { return }
        view["isParted"] = true
        view["firstLine"] = transcript.lines.first?.number ?? 0
        view["lastLine"] = transcript.lines.last?.number ?? 0
        view["allLines"] = transcript.total
        if transcript.part > 1 {
            view["beginHref"] = PageLink.session(session, part: 1)
            view["earlierHref"] = PageLink.session(session, part: transcript.part - 1)
        }
        if transcript.part < transcript.parts {
            view["laterHref"] = PageLink.session(session, part: transcript.part + 1)
            view["endHref"] = PageLink.session(session, part: transcript.parts)
        }
    }

    private static func view(_ segment: VisibleText.Segment) -> View {
        let isText = segment.kind == .text
        return ["segment": segment.text, "isText": isText, "mark": segment.kind == .sequence ? "seq" : "mark"]
    }

    /// `37B, all of it`, `64KiB, the end of a log of 2.1MiB`.
    private static func describe(_ output: OutputSummary) -> String {
        if output.bytes == 0, output.pinnedBy == .none { return "" }
        var text = HumanTime.size(bytes: Int64(output.bytes))
        if output.truncated {
            text += ", the end"
            if let total = output.totalBytes { text += " of \(HumanTime.size(bytes: Int64(total)))" }
            if let log = output.logBytes { text += " of a log of \(HumanTime.size(bytes: log))" }
        } else {
            text += ", all of it"
        }
        return text + (output.lossy ? ", with losses" : "")
    }
}
