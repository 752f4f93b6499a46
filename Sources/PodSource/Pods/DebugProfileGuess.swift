// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Guesses `kubectl debug --profile` from what the profile leaves behind: kubectl stores the effect, not the name.
///
/// | profile | container's own securityContext | node pod |
/// |---|---|---|
/// | sysadmin | privileged | host namespaces, / at /host |
/// | restricted | runAsNonRoot, drop ALL, no escalation, RuntimeDefault | none of these |
/// | netadmin | add NET_ADMIN, NET_RAW | host namespaces, no /host |
/// | general | add SYS_PTRACE (nothing on a node pod) | host namespaces, / at /host |
/// | baseline | nothing | none of these |
///
/// `legacy` (kubectl's default up to 1.35) cannot be told from another: on ephemeral containers and copies it leaves what
/// `baseline` leaves, on node pods what `general` leaves. The one named is the one with the same effect, so `legacy` is
/// never guessed. Nil where the marks fit no profile, as after `--custom`. The pod's own security context is not
/// looked at: profiles write to the container.
enum DebugProfileGuess {
    static func guess(_ container: WireContainer, mode: SessionMode, spec: WirePodSpec?) -> DebugProfile? {
        let marks = marks(container.securityContext)
        guard mode == .node else {
            if let marks { return marks }
            return isBare(container.securityContext) ? .baseline : nil
        }
        let shares = [spec?.hostPID, spec?.hostNetwork, spec?.hostIPC].compactMap { $0 }
        let hosted = shares.count == 3 && shares.allSatisfy { $0 }
        let alone = !shares.contains(true)
        let rooted = mountsHostRoot(container, spec)
        switch marks {
        case .sysadmin: return .sysadmin
        case .netadmin: return hosted && !rooted ? .netadmin : nil
        case .restricted: return alone && !rooted ? .restricted : nil
        case .some: return nil
        case nil:
            guard isBare(container.securityContext) else { return nil }
            if hosted, rooted { return .general }
            return alone && !rooted ? .baseline : nil
        }
    }

    /// The profile that the container's own security context has all marks of; nil for none or something else.
    static func marks(_ context: WireSecurityContext?) -> DebugProfile? {
        guard let context else { return nil }
        let added = PodTranslator.capabilities(context.capabilities?.add)
        let dropped = PodTranslator.capabilities(context.capabilities?.drop)
        if context.privileged == true { return .sysadmin }
        if context.runAsNonRoot == true, context.allowPrivilegeEscalation == false, dropped == ["ALL"], added.isEmpty,
            context.seccompProfile?.type == "RuntimeDefault"
        {
            return .restricted
        }
        guard dropped.isEmpty else { return nil }
        if added == ["NET_ADMIN", "NET_RAW"] { return .netadmin }
        if added == ["SYS_PTRACE"] { return .general }
        return nil
    }

    private static func isBare(_ context: WireSecurityContext?) -> Bool {
        PodTranslator.effective(pod: nil, container: context) == nil
    }

    private static func mountsHostRoot(_ container: WireContainer, _ spec: WirePodSpec?) -> Bool {
        let roots = Set((spec?.volumes ?? []).filter { $0.hostPath?.path == "/" }.map(\.name))
        return container.volumeMounts.contains { $0.mountPath == "/host" && roots.contains($0.name) }
    }
}
