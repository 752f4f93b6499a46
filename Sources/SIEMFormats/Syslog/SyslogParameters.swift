// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The parameters of the `lastword` element, the most important first. What is unknown is left out; lists stand as JSON,
/// since receivers keep one value a name.
enum SyslogParameters {
    typealias Parameter = (name: String, value: String)

    static func of(_ event: SecurityEvent) -> [Parameter] {
        var list = ParameterList()
        list.add("id", event.id)
        list.add("feed", event.number)
        list.add("session", event.session?.id.rawValue ?? auditedSession(event))
        list.add("ledger", event.ledger)
        list.add("number", event.entryNumber)
        list.add("hash", event.hash?.description)
        list.add("fork", event.fork > 0 ? event.fork : nil)
        list.add("received_at", event.receivedAt)
        list.add("cluster", event.session?.cluster ?? event.cluster)
        switch event.subject {
        case .session(let session?):
            add(session, to: &list)
            list.add("pod_deleted_after", event.podDeletedAfter)
            list.add("running_for", event.runningFor)
        case .session(nil): list.add("unread", "later version")
        case .gap(let gap): add(gap, to: &list)
        case .alarm(let alarm): add(alarm, to: &list)
        case .audit(let audit):
            list.add("actor", audit.actor)
            list.add("action", audit.action)
            list.add("reason", audit.reason)
            list.add("detail", audit.detail)
        case .other: break
        case .stub(let reason): list.add("stub", reason)
        }
        return list.parameters
    }

    private static func auditedSession(_ event: SecurityEvent) -> String? {
        if case .audit(let audit) = event.subject { return audit.session?.rawValue }
        return nil
    }

    private static func add(_ session: Session, to list: inout ParameterList) {
        list.add("state", session.state.rawValue)
        list.add("namespace", session.namespace)
        list.add("pod", session.pod)
        list.add("container", session.container)
        list.add("exit_code", session.exitCode)
        list.add("signal", session.derivedSignal)
        list.add("reason", session.reason)
        list.add("oom_killed", session.oomKilled)
        list.add("cause", session.cause?.rawValue)
        list.add("ending", session.ending?.rawValue)
        list.add("duration", session.durationNanoseconds.map { Session.seconds(fromNanoseconds: $0) })
        list.add("started_at", session.startedAt)
        list.add("finished_at", session.finishedAt)
        list.add("revision", session.revision)
        list.add("mode", session.mode?.rawValue)
        list.add("classification", session.classification.rawValue)
        list.add("pod_uid", session.podUID?.rawValue)
        list.add("target", session.targetContainer)
        list.add("image", session.image)
        list.add("image_digest", session.imageDigest)
        list.add("privileged", session.securityContext?.privileged)
        list.add("capabilities", session.securityContext?.capabilitiesAdded)
        list.add("run_as_user", session.securityContext?.runAsUser)
        list.add("host_namespaces", session.hostNamespaces)
        list.add("host_paths", session.mounts.map { $0.compactMap(\.source) })
        list.add("profile", session.profile?.rawValue)
        list.add("tty", session.tty)
        list.add("stdin", session.stdin)
        list.add("requested_at", session.requestedAt)
        list.add("requested_by", session.requestedBy)
        addOutput(session.output, to: &list)
        list.add("pod_phase", session.podFate?.phase)
        list.add("pod_deleted_at", session.podFate?.deletedAt)
        list.add("owner_kind", session.owner?.kind)
        list.add("owner_name", session.owner?.name)
        list.add("message", session.message)
        list.add("command", session.command)
        list.add("args", session.args)
    }

    private static func addOutput(_ output: OutputSummary?, to list: inout ParameterList) {
        list.add("output_bytes", output?.bytes)
        list.add("output_total_bytes", output?.totalBytes)
        list.add("output_truncated", output?.truncated)
        list.add("output_sha256", output?.sha256.description)
        list.add("output_note", output?.note)
    }

    private static func add(_ gap: Gap, to list: inout ParameterList) {
        list.add("gap", gap.id)
        list.add("source", gap.source)
        list.add("kind", gap.kind.rawValue)
        list.add("opened_at", gap.openedAt)
        list.add("closed_at", gap.closedAt)
        list.add("closed_by", gap.closedBy)
        list.add("dropped", gap.dropped)
        list.add("reason", gap.reason)
    }

    private static func add(_ alarm: AlarmFacts, to list: inout ParameterList) {
        list.add("kind", alarm.kind)
        list.add("count", alarm.count)
        list.add("opened_at", alarm.openedAt)
        list.add("closed_at", alarm.closedAt)
        list.add("text", alarm.text)
    }
}

private struct ParameterList {
    private(set) var parameters: [SyslogParameters.Parameter] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value { parameters.append((name, value)) }
    }

    mutating func add(_ name: String, _ value: (some BinaryInteger)?) {
        add(name, value.map { "\($0)" })
    }

    mutating func add(_ name: String, _ value: Bool?) {
        add(name, value.map { "\($0)" })
    }

    mutating func add(_ name: String, _ value: Timestamp?) {
        add(name, value?.description)
    }

    mutating func add(_ name: String, _ values: [String]?) {
        guard let values, !values.isEmpty else { return }
        add(name, JSONValue.strings(values).compact)
    }
}
