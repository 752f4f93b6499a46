// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// Tells which containers of a pod `kubectl debug` made, in its three modes. Pure; the signs were measured on recorded
/// pods and are listed beside each rule.
///
/// - *Ephemeral containers* exist for nothing else: confirmed.
/// - *Node pods* carry `app.kubernetes.io/managed-by=kubectl-debug` from kubectl 1.34 on: confirmed. Older ones are known
///   by their form alone: inferred.
/// - *Copies* carry no mark at all: inferred, from what kubectl takes away (labels, owner, probes) and adds (a shared
///   process namespace, a container at the end).
enum DebugRecognition {
    /// Sets `debugMode`, `classification` and `profile`.
    static func apply(to containers: inout [PodContainer], of pod: WirePod) {
        for index in containers.indices where containers[index].kind == .ephemeral {
            containers[index].debugMode = .ephemeral
            containers[index].classification = .confirmed
            // By position: the lists were translated in order, and a hostile pod may repeat names.
            let offset = index - (containers.count - (pod.spec?.ephemeralContainers.count ?? 0))
            guard let list = pod.spec?.ephemeralContainers, list.indices.contains(offset) else { continue }
            containers[index].profile = DebugProfileGuess.guess(list[offset], mode: .ephemeral, spec: pod.spec)
        }
        guard let spec = pod.spec else { return }
        guard let found = nodeDebugger(pod, spec) ?? copyDebugger(pod, spec) else { return }
        let index = spec.initContainers.count + found.index
        guard containers.indices.contains(index), containers[index].kind == .regular else { return }
        containers[index].debugMode = found.mode
        containers[index].classification = found.classification
        containers[index].profile = DebugProfileGuess.guess(spec.containers[found.index], mode: found.mode, spec: spec)
    }

    private struct Found {
        /// In `spec.containers`.
        let index: Int
        let mode: SessionMode
        let classification: Classification
    }

    // MARK: kubectl debug node/NAME

    private static func nodeDebugger(_ pod: WirePod, _ spec: WirePodSpec) -> Found? {
        if pod.metadata.labels["app.kubernetes.io/managed-by"] == "kubectl-debug" {
            // kubectl makes one container; what an admission webhook put beside it is not the debugger.
            if let index = spec.containers.firstIndex(where: { $0.name == "debugger" }) {
                return Found(index: index, mode: .node, classification: .confirmed)
            }
            guard !spec.containers.isEmpty else { return nil }
            return Found(
                index: 0, mode: .node, classification: spec.containers.count == 1 ? .confirmed : .inferred)
        }
        // kubectl before 1.34: the name cannot be chosen, and the pod goes to its node past the scheduler.
        guard let node = spec.nodeName, pod.metadata.ownerReferences.isEmpty, spec.containers.count == 1,
            spec.restartPolicy == "Never",
            spec.tolerations.contains(where: { $0.operator == "Exists" && ($0.key ?? "").isEmpty }),
            isGenerated(pod.metadata.name, prefix: "node-debugger-" + node + "-")
        else { return nil }
        return Found(index: 0, mode: .node, classification: .inferred)
    }

    // MARK: kubectl debug POD --copy-to

    private static func copyDebugger(_ pod: WirePod, _ spec: WirePodSpec) -> Found? {
        let metadata = pod.metadata
        // A copy is nobody's: no controller, no static pod, and never applied from a file.
        guard !spec.containers.isEmpty, metadata.ownerReferences.isEmpty,
            metadata.annotations["kubernetes.io/config.mirror"] == nil,
            !["file", "http"].contains(metadata.annotations["kubernetes.io/config.source"] ?? ""),
            metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"] == nil
        else { return nil }
        if let index = spec.containers.firstIndex(where: { isGenerated($0.name, prefix: "debugger-") }) {
            return Found(index: index, mode: .copy, classification: .inferred)
        }
        let stripped = metadata.labels.isEmpty && !spec.containers.contains(where: \.hasProbe)
        let creator = creator(of: pod)
        let likely: Bool
        switch creator {
        case .debugger:
            // `kubectl debug` is the one kubectl command that leaves its bare user agent on what it creates.
            likely = spec.shareProcessNamespace || metadata.labels.isEmpty
        case .another:
            likely = false
        case .unknown:
            likely = stripped && spec.shareProcessNamespace && spec.containers.count > 1
        }
        guard likely, let index = debugContainer(of: spec) else { return nil }
        return Found(index: index, mode: .copy, classification: .inferred)
    }

    private enum Creator {
        case debugger, another, unknown
    }

    /// Judged by the entry of `managedFields` that made the pod. `kubectl run`, `create` and `apply` name themselves
    /// (`kubectl-run`, …) and server-side apply is an operation of its own.
    private static func creator(of pod: WirePod) -> Creator {
        let makers = pod.metadata.managedFields.filter { ($0.subresource ?? "").isEmpty && !$0.containers.isEmpty }
        guard !makers.isEmpty else { return .unknown }
        if makers.contains(where: { $0.manager == "kubectl" && $0.operation == "Update" }) { return .debugger }
        let named = makers.contains { maker in
            maker.operation == "Apply" || maker.manager.hasPrefix("kubectl-") || maker.manager.hasPrefix("kube-")
        }
        return named ? .another : .unknown
    }

    /// Where the name does not tell (`-c NAME`, or an existing container that was given another command): the only
    /// one with stdin, else the only one with the marks of a profile, else the last, which is where kubectl appends.
    private static func debugContainer(of spec: WirePodSpec) -> Int? {
        let interactive = spec.containers.indices.filter { spec.containers[$0].stdin }
        if interactive.count == 1 { return interactive[0] }
        let profiled = spec.containers.indices.filter {
            DebugProfileGuess.marks(spec.containers[$0].securityContext) != nil
        }
        if profiled.count == 1 { return profiled[0] }
        return spec.containers.indices.last
    }

    /// Five characters of the alphabet that Kubernetes makes random names of: no vowels, no 0, 1, 3.
    private static let alphabet = Set("bcdfghjklmnpqrstvwxz2456789".utf8)

    static func isGenerated(_ name: String, prefix: String) -> Bool {
        guard name.utf8.starts(with: prefix.utf8) else { return false }
        let suffix = name.utf8.dropFirst(prefix.utf8.count)
        return suffix.count == 5 && suffix.allSatisfy(alphabet.contains)
    }
}
