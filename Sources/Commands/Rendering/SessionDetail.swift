// SPDX-License-Identifier: Apache-2.0
package import CollectorClient
package import SessionRecords

/// The human form of `show`: everything the record knows, in sections; what it does not know is left out.
package enum SessionDetail {
    /// - Parameter details: what a collector says besides.
    package static func render(
        _ session: Session, _ details: CollectorDetails? = nil, palette: Palette = .plain
    ) -> String {
        var text = SectionText()
        addSession(session, to: &text)
        addWhere(session, to: &text)
        addWhat(session, to: &text)
        addWhen(session, to: &text)
        addEnding(session, to: &text)
        addFate(session, to: &text)
        addOutput(session, to: &text)
        addEvidence(session, to: &text)
        if let details { addCollector(session, details, to: &text) }
        return text.render(palette: palette)
    }

    private static func addSession(_ session: Session, to text: inout SectionText) {
        text.section("Session")
        text.add("ID", session.id.rawValue)
        text.add("State", session.state.rawValue)
        text.add("Mode", session.mode?.rawValue)
        text.add(
            "Classification",
            session.classification.rawValue + (session.classificationSource.map { " (by \($0.rawValue))" } ?? ""))
        text.add("Revision", String(session.revision))
        text.add("Successor", session.successor?.rawValue)
    }

    private static func addWhere(_ session: Session, to text: inout SectionText) {
        text.section("Where")
        text.add("Cluster", session.cluster)
        text.add("Cluster UID", session.clusterUID)
        text.add("Node", session.node)
        text.add("Namespace", session.namespace)
        text.add("Pod", session.pod)
        text.add("Pod UID", session.podUID?.rawValue)
        text.add("Owner", session.owner.map { "\($0.kind)/\($0.name)" })
        text.add("Labels", session.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
    }

    private static func addWhat(_ session: Session, to text: inout SectionText) {
        text.section("What")
        text.add("Container", session.container)
        text.add("Container ID", session.containerID?.rawValue)
        text.add("Sandbox ID", session.sandboxID)
        text.add("Attempt", session.attempt.map(String.init))
        text.add("Target", session.targetContainer)
        text.add("Target ID", session.targetContainerID)
        text.add("Image", session.image)
        text.add("Digest", session.imageDigest)
        text.add("Command", session.command.map(ShellWords.text))
        text.add("Arguments", session.args.map(ShellWords.text))
        text.add("Environment", session.envNames.map { $0.joined(separator: " ") })
        text.add("Terminal", session.tty.map { $0 ? "yes" : "no" })
        text.add("Standard input", session.stdin.map { $0 ? "open" : "closed" })
        text.add("Profile", session.profile.map { "\($0.rawValue) (guessed)" })
        text.add("Security", session.securityContext.map(\.words))
        text.add("Host namespaces", session.hostNamespaces.map { $0.joined(separator: " ") })
        text.add("Mounts", (session.mounts ?? []).map(\.words))
        text.add("Runtime", [session.runtime, session.runtimeVersion].compactMap(\.self).joined(separator: " "))
        text.add("PID", session.pid.map(String.init))
    }

    private static func addWhen(_ session: Session, to text: inout SectionText) {
        func time(_ time: Timestamp?, _ field: String) -> String? {
            time.map { "\($0)" + (session.sources[field].map { " (by \($0.rawValue))" } ?? "") }
        }
        text.section("When")
        text.add(
            "Requested", session.requestedAt.map { "\($0)" + (session.requestedBy.map { " (client \($0))" } ?? "") })
        text.add("Created", time(session.createdAt, "createdAt"))
        text.add("Started", time(session.startedAt, "startedAt"))
        text.add("Finished", time(session.finishedAt, "finishedAt"))
        text.add("Observed", session.observedAt?.description)
        text.add("Sealed", session.sealedAt?.description)
        text.add("Duration", session.durationNanoseconds.map { Session.seconds(fromNanoseconds: $0) + " s" })
        if session.clockStepped == true {
            text.add("Clock", "stepped during the session; the duration is by the node's uptime", style: .warning)
        }
    }

    private static func addEnding(_ session: Session, to text: inout SectionText) {
        text.section("How it ended")
        if let code = session.exitCode {
            let source = session.sources["exitCode"].map { " (by \($0.rawValue))" } ?? ""
            if session.isMadeUpEnding {
                text.add(
                    "Exit code", "\(code), which is no evidence of how the process ended\(source)", style: .warning)
            } else {
                text.add("Exit code", "\(code)\(source)", style: code == 0 ? nil : .bad)
            }
        }
        text.add(
            "Signal", session.derivedSignal.map { "\(SignalName.text($0)), if the code follows the shells' 128 + n" })
        text.add("Reason", session.reason)
        text.add("Message", session.message)
        text.add(
            "OOM killed", session.oomKilled.map { $0 ? "yes" : "no" }, style: session.oomKilled == true ? .bad : nil)
        text.add("Cause", session.cause?.rawValue)
        text.add("Known by", session.ending.map(ending))
    }

    private static func addFate(_ session: Session, to text: inout SectionText) {
        guard let fate = session.podFate else { return }
        text.section("Pod afterwards")
        text.add("Phase", fate.phase)
        text.add("Reason", fate.reason)
        text.add("Deleted", fate.deletedAt?.description)
        text.add("Conditions", fate.conditions.joined(separator: " "))
        text.add("Restarts", fate.restarts.map(String.init))
    }

    private static func addOutput(_ session: Session, to text: inout SectionText) {
        guard let output = session.output else { return }
        text.section("Output")
        text.add("Kept", kept(output), style: output.truncated || output.lossy ? .warning : nil)
        text.add("Streams", output.streams.joined(separator: " "))
        text.add("SHA-256", output.sha256.description)
        text.add("Frames SHA-256", output.framesSHA256.description)
        text.add("Pinned by", output.pinnedBy.rawValue)
        text.add("Sealed by", session.sealedBy?.rawValue)
        text.add("Note", output.note)
    }

    private static func addEvidence(_ session: Session, to text: inout SectionText) {
        guard !session.evidence.isEmpty else { return }
        text.section("Evidence")
        var table = TextTable(titles: ["TIME", "WITNESS", "FACT", "VALUE"])
        text.add(
            table: table.whole(
                session.evidence.sorted().map { evidence in
                    [
                        TextTable.Cell(evidence.at?.description), TextTable.Cell(evidence.witness.rawValue),
                        TextTable.Cell(evidence.fact), TextTable.Cell(evidence.value),
                    ]
                }))
    }

    /// Only what sets it apart: of most sessions a collector says nothing that their nodes do not.
    private static func addCollector(_ session: Session, _ details: CollectorDetails, to text: inout SectionText) {
        text.section("At the collector")
        text.add("On hold", details.hold.map(act))
        text.add("Output erased", details.erased.map(act), style: .warning)
        text.add(
            "Also told by",
            (details.others ?? []).map { other in
                let code = other.session.exitCode.map { ", exit code \($0)" } ?? ""
                let place = other.number.map { " number \($0)" } ?? ""
                let ending = other.session.state.rawValue + code
                return "\(other.node ?? "a node"), ledger \(other.ledger)\(place): \(ending)"
            })
    }

    private static func act(_ act: CollectorDetails.Act) -> String {
        [act.at?.description, act.actor.map { "by \($0)" }, act.reason].compactMap(\.self).joined(separator: ", ")
    }
}

extension Session {
    /// The record, with `collector` where a collector says something of it that its node does not.
    func json(with details: CollectorDetails?) -> JSONValue {
        guard case .object(var object) = json, let details else { return json }
        func act(_ act: CollectorDetails.Act) -> JSONValue {
            var object = JSONObject()
            object["actor"] = act.actor.map(JSONValue.string)
            object["reason"] = act.reason.map(JSONValue.string)
            object["at"] = act.at.map { .string($0.description) }
            return .object(object)
        }
        var facts = JSONObject()
        facts["hold"] = details.hold.map(act)
        facts["erased"] = details.erased.map(act)
        if let others = details.others, !others.isEmpty {
            facts["others"] = .array(
                others.map { other in
                    var object = JSONObject([("ledger", .string(other.ledger))])
                    object["node"] = other.node.map(JSONValue.string)
                    object["number"] = other.number.map(JSONValue.integer)
                    object["receivedAt"] = other.receivedAt.map { .string($0.description) }
                    object["session"] = other.session.json
                    return .object(object)
                })
        }
        if !facts.members.isEmpty { object["collector"] = .object(facts) }
        return .object(object)
    }
}

extension SessionDetail {
    private static func kept(_ output: OutputSummary) -> String {
        if output.bytes == 0, output.pinnedBy == .none { return "nothing" }
        let kept = output.bytes
        var text = "\(kept) byte\(kept == 1 ? "" : "s")"
        if output.truncated {
            text += ", the end"
            if let total = output.totalBytes { text += " of \(total)" }
            if let log = output.logBytes { text += " of a log of \(log)" }
        } else {
            text += ", all of it"
        }
        return text + (output.lossy ? ", with losses" : "")
    }

    private static func ending(_ ending: Ending) -> String {
        switch ending {
        case .observed: "observed as it happened"
        case .recovered: "recovered: asked afterwards"
        case .inferred: "inferred: no witness saw it"
        }
    }
}
