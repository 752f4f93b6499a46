// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Whether a container is a session of ours, and of which kind.
package enum SessionScope: Hashable, Sendable {
    case session(SessionMode?, Classification, Witness?)
    /// Nothing speaks for or against it yet: kept alive and in the row, told to nobody.
    case undecided
    /// One of the pod's own containers, a sandbox, or outside the configured namespaces.
    case outOfScope

    package var mode: SessionMode? {
        if case .session(let mode, _, _) = self { return mode }
        return nil
    }

    package var classification: Classification {
        if case .session(_, let classification, _) = self { return classification }
        return .unresolved
    }

    package var source: Witness? {
        if case .session(_, _, let source) = self { return source }
        return nil
    }
}

/// Where this agent runs, as every record names it.
package struct RecordOrigin: Hashable, Sendable {
    package var node: String
    package var cluster: String?
    package var clusterUID: String?

    package init(node: String, cluster: String? = nil, clusterUID: String? = nil) {
        self.node = node
        self.cluster = cluster
        self.clusterUID = clusterUID
    }
}

/// What the tracker is told once.
package struct TrackerConfiguration: Hashable, Sendable {
    package enum Scope: String, Sendable {
        case debug, all
    }

    package var origin: RecordOrigin
    package var scope: Scope = .debug
    /// Empty: all. Exclusion wins.
    package var includedNamespaces: Set<String> = []
    package var excludedNamespaces: Set<String> = []
    package var allowedLabels: Set<String> = []
    /// Whether a pod source is configured: only then does waiting for its word make sense.
    package var hasPodSource = true
    /// Whether a journal is to be read: then it is waited for before an ending is told that nobody sure has seen.
    package var hasJournal = false
    /// Nanoseconds after which that wait is over in any case.
    package var journalDeadline: Int64 = 300_000_000_000
    /// Nanoseconds between two commits of the journal's cursor.
    package var cursorInterval: Int64 = 5_000_000_000
    /// Nanoseconds after which it is noted that the runtime has been watched though nothing else is to be committed.
    package var sightInterval: Int64 = 60_000_000_000
    /// The kernel's id of this boot; nil where it cannot be read, and then no reboot is noticed.
    package var bootID: String?
    /// The kubelet's directory of logs, for one whose path nobody can be asked about any more; nil: none is guessed.
    package var podLogsDirectory: String?
    package var capturesOutput = true
    /// Where output is captured; empty: everywhere. Exclusion wins.
    package var outputIncludedNamespaces: Set<String> = []
    package var outputExcludedNamespaces: Set<String> = []
    /// Nanoseconds from the exit until the output is sealed without `/tasks/delete` (`output.sealDeadline`).
    package var sealDeadline: Int64 = 5_000_000_000
    /// Nanoseconds from creation until a container that has not started is asked for.
    package var startDeadline: Int64 = 2_000_000_000
    /// Nanoseconds for which an ended container may stay undecided before it is told as unresolved.
    package var classificationDeadline: Int64 = 600_000_000_000
    /// Nanoseconds of the same error after which a session without a container is told as never started.
    package var waitingDeadline: Int64 = 600_000_000_000
    /// Nanoseconds for which a pod is remembered after its deletion, and a container that is over or none of ours after
    /// its removal: late news of it is known as such for as long.
    package var podMemory: Int64 = 900_000_000_000
    /// Nanoseconds between the last thing to be told and the end of following a session.
    package var settleDelay: Int64 = 30_000_000_000
    /// Sessions for which that delay is observed at once; beyond it they are settled without, so that a burst of endings
    /// takes bounded memory.
    package var settlesWaiting = 256
    /// Followed containers of one living pod above which runs that its status no longer names are settled.
    package var runsFollowed = 32

    package init(origin: RecordOrigin) {
        self.origin = origin
    }

    func covers(namespace: String?) -> Bool {
        Self.chooses(namespace, from: includedNamespaces, without: excludedNamespaces)
    }

    func capturesOutput(in namespace: String?) -> Bool {
        capturesOutput
            && Self.chooses(namespace, from: outputIncludedNamespaces, without: outputExcludedNamespaces)
    }

    private static func chooses(
        _ namespace: String?, from included: Set<String>, without excluded: Set<String>
    ) -> Bool {
        guard let namespace else { return included.isEmpty }
        return !excluded.contains(namespace) && (included.isEmpty || included.contains(namespace))
    }
}

extension Claims {
    /// The rules of `design.md` §2, from the surest to the least sure. `told` is what cannot be untold: it stays a
    /// session, also where a new configuration leaves its namespace out.
    func scope(_ configuration: TrackerConfiguration, told: Bool = false) -> SessionScope {
        if description?.isSandbox == true, !told { return .outOfScope }
        // While the runtime can still be asked, what the journal calls it is not the last word.
        if description?.witness == .journal, pod == nil, !isGone, !told { return .undecided }
        let namespace = description?.namespace ?? pod?.facts.namespace
        let isDescribed = description != nil || pod != nil
        if isDescribed, !told, !configuration.covers(namespace: namespace) { return .outOfScope }
        let debug = description?.isSandbox == true ? .outOfScope : debugScope(configuration)
        switch debug {
        case .session: return debug
        case .outOfScope where told || configuration.scope == .all: break
        case .undecided where configuration.scope == .all && isDescribed: break
        default: return debug
        }
        return pod?.container == nil
            ? .session(.regular, .inferred, .containerRecord) : .session(.regular, .confirmed, .podSpec)
    }

    private func debugScope(_ configuration: TrackerConfiguration) -> SessionScope {
        if let container = pod?.container {
            guard let mode = container.debugMode else { return .outOfScope }
            return .session(mode, container.classification, .podSpec)
        }
        // The pod is known and has no container of this name: our copy of it is older than the container.
        if pod != nil, containerName != nil { return .session(.ephemeral, .inferred, .podSpec) }
        guard let description else { return .undecided }
        let witness: Witness = description.witness == .journal ? .journal : .containerRecord
        if description.joinsTarget { return .session(.ephemeral, .inferred, witness) }
        if let pod = description.pod, pod.hasPrefix("node-debugger-"), DebuggerName.endsInSuffix(pod) {
            return .session(.node, .inferred, witness)
        }
        if let name = description.container, DebuggerName.matches(name) {
            return .session(.ephemeral, .inferred, witness)
        }
        // Not a container of Kubernetes at all; the journal may only not have said of which pod it was.
        if description.podUID == nil, description.witness != .journal { return .outOfScope }
        return configuration.hasPodSource ? .undecided : .outOfScope
    }

    /// Whether, when nobody will say any more what it was, it is better forgotten than told as unresolved: a container
    /// that was started again is nearly always one of the pod's own, in a crash loop.
    var isForgettable: Bool { description?.attempt ?? 0 > 0 }
}

/// Names that `kubectl debug` makes up: five characters of Kubernetes' random alphabet (`reference/kubernetes.md` §2).
enum DebuggerName {
    private static let alphabet = Set("bcdfghjklmnpqrstvwxz2456789")

    static func matches(_ name: String) -> Bool {
        name.hasPrefix("debugger-") && name.utf8.count == 14 && endsInSuffix(name)
    }

    static func endsInSuffix(_ name: String) -> Bool {
        guard let hyphen = name.lastIndex(of: "-") else { return false }
        let suffix = name[name.index(after: hyphen)...]
        return suffix.count == 5 && suffix.allSatisfy(alphabet.contains)
    }
}
