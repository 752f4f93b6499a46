// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// A session's record as attributes: OpenTelemetry's names where there are some, `lastword.…` otherwise. The table is in
/// `docs/record-format.md`.
enum SessionView {
    /// Whose container it is.
    static func addResource(_ session: Session, to list: inout AttributeList) {
        list.add(AttributeName.namespace, session.namespace)
        list.add(AttributeName.podName, session.pod)
        list.add(AttributeName.podUID, session.podUID?.rawValue)
        if let owner = session.owner, let key = ownerKeys[owner.kind] { list.add(key, owner.name) }
        for label in session.labels.sorted(by: { $0.key < $1.key }) {
            list.add("k8s.pod.label.\(label.key)", label.value)
        }
        list.add(AttributeName.containerName, session.container)
        list.add(AttributeName.containerID, session.containerID?.rawValue)
    }

    private static let ownerKeys = [
        "Deployment": "k8s.deployment.name", "ReplicaSet": "k8s.replicaset.name", "Job": "k8s.job.name",
        "StatefulSet": "k8s.statefulset.name", "DaemonSet": "k8s.daemonset.name", "CronJob": "k8s.cronjob.name",
    ]

    static func addRecord(
        _ session: Session, arguments: SendingPolicy.Amount, output: SendingPolicy.Amount, to list: inout AttributeList
    ) {
        list.add("lastword.schema_version", Session.schemaVersion)
        list.add("lastword.session.id", session.id.rawValue)
        list.add("lastword.session.revision", session.revision)
        list.add("lastword.session.state", session.state.rawValue)
        list.add("lastword.session.mode", session.mode?.rawValue)
        list.add("lastword.session.classification", session.classification.rawValue)
        addWhat(session, arguments, to: &list)
        addWhen(session, to: &list)
        addEnding(session, hasMessage: arguments == .full && output == .full, to: &list)
        addOutput(session, to: &list)
    }

    private static func addWhat(
        _ session: Session, _ arguments: SendingPolicy.Amount, to list: inout AttributeList
    ) {
        list.add("k8s.container.restart_count", session.attempt)
        list.add("container.runtime.name", session.runtime)
        list.add("container.runtime.version", session.runtimeVersion)
        list.add("container.image.name", session.image)
        list.add("container.image.repo_digests", session.imageDigest.map { [$0] })
        let words = (session.command ?? []) + (session.args ?? [])
        switch arguments {
        case .full: list.add("process.command_args", words.isEmpty ? nil : words)
        case .excerpt: list.add("process.command_args", words.first.map { [$0] })
        case .none: break
        }
        list.add("lastword.target.container.name", session.targetContainer)
        list.add("lastword.target.container.id", session.targetContainerID)
        list.add("lastword.env.names", session.envNames)
        list.add("lastword.tty", session.tty)
        list.add("lastword.stdin", session.stdin)
        list.add("lastword.profile", session.profile?.rawValue)
        list.add("lastword.host_namespaces", session.hostNamespaces)
        list.add("lastword.mounts", session.mounts.map { $0.map { "\($0.source ?? "-"):\($0.destination)" } })
        list.add("process.pid", session.pid)
        guard let security = session.securityContext else { return }
        list.add("lastword.security_context.privileged", security.privileged)
        list.add("lastword.security_context.run_as_user", security.runAsUser)
        list.add("lastword.security_context.run_as_non_root", security.runAsNonRoot)
        list.add("lastword.security_context.allow_privilege_escalation", security.allowPrivilegeEscalation)
        list.add("lastword.security_context.read_only_root_filesystem", security.readOnlyRootFilesystem)
        list.add("lastword.security_context.capabilities_added", security.capabilitiesAdded)
        list.add("lastword.security_context.capabilities_dropped", security.capabilitiesDropped)
        list.add("lastword.security_context.seccomp_profile", security.seccompProfile)
    }

    private static func addWhen(_ session: Session, to list: inout AttributeList) {
        list.add("lastword.requested_at", session.requestedAt)
        list.add("lastword.requested_by", session.requestedBy)
        list.add("lastword.created_at", session.createdAt)
        list.add("lastword.started_at", session.startedAt)
        list.add("lastword.finished_at", session.finishedAt)
        list.add("lastword.observed_at", session.observedAt)
        list.add("lastword.sealed_at", session.sealedAt)
        list.add("lastword.duration", session.durationNanoseconds.map(Session.seconds(fromNanoseconds:)))
    }

    /// - Parameter hasMessage: the runtime's words, which may repeat the command line, or the end of the output.
    private static func addEnding(_ session: Session, hasMessage: Bool, to list: inout AttributeList) {
        list.add("process.exit.code", session.exitCode)
        list.add("lastword.signal", session.derivedSignal)
        list.add("lastword.reason", session.reason)
        if hasMessage { list.add("lastword.message", session.message) }
        list.add("lastword.oom_killed", session.oomKilled)
        list.add("lastword.cause", session.cause?.rawValue)
        list.add("lastword.ending", session.ending?.rawValue)
        list.add("lastword.successor", session.successor?.rawValue)
    }

    private static func addOutput(_ session: Session, to list: inout AttributeList) {
        guard let output = session.output else { return }
        list.add("lastword.output.bytes", output.bytes)
        list.add("lastword.output.total_bytes", output.totalBytes)
        list.add("lastword.output.log_bytes", output.logBytes)
        list.add("lastword.output.truncated", output.truncated)
        list.add("lastword.output.lossy", output.lossy)
        list.add("lastword.output.streams", output.streams)
        list.add("lastword.output.sha256", output.sha256.description)
        list.add("lastword.output.frames_sha256", output.framesSHA256.description)
        list.add("lastword.output.sealed_by", session.sealedBy?.rawValue)
        list.add("lastword.output.pinned_by", output.pinnedBy.rawValue)
        list.add("lastword.output.note", output.note)
    }
}
