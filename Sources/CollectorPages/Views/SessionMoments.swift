// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// A session's times in their order, each with how far it is from the start.
struct SessionMoments {
    private let session: Session
    private let received: Timestamp

    init(_ session: Session, received: Timestamp) {
        self.session = session
        self.received = received
    }

    private struct Moment {
        let name: String
        let time: Timestamp
        var note: String?
        var style = ""
    }

    var views: [View] {
        let start = session.startedAt ?? session.beganAt
        let sorted = moments.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        return sorted.map { _, moment in
            var view: View = [
                "momentName": moment.name, "momentTime": PageTime.view(moment.time), "momentStyle": moment.style,
                "momentOffset": start.map {
                    moment.time == $0 ? "" : PageTime.offset(moment.time.nanoseconds(since: $0))
                } ?? "",
            ]
            view["momentNote"] = moment.note.map(VisibleText.line)
            return view
        }
    }

    private var moments: [Moment] {
        var moments: [Moment] = []
        func add(_ name: String, _ time: Timestamp?, _ field: String? = nil, note: String? = nil, style: String = "") {
            guard let time else { return }
            let witness = field.flatMap { session.sources[$0] }.map { "by \($0.rawValue)" }
            moments.append(Moment(name: name, time: time, note: note ?? witness, style: style))
        }
        add("Asked for", session.requestedAt)
        add("Created", session.createdAt, "createdAt")
        add("Started", session.startedAt, "startedAt", style: "start")
        add("Finished", session.finishedAt, "finishedAt", style: "end")
        add("End noticed", session.observedAt)
        add("Output complete", session.sealedAt, note: session.sealedBy.map { "by \($0.rawValue)" })
        add("Pod deleted", session.podFate?.deletedAt, note: session.podFate?.reason)
        add("Received here", received)
        return moments
    }
}
