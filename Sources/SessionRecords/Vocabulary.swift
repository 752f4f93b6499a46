// SPDX-License-Identifier: Apache-2.0

/// A source of evidence (`design.md` §2). The text is what a record says.
package enum Witness: String, Sendable, Codable, CaseIterable {
    /// A task or container event of containerd's bus, seen live.
    case containerdEvent = "containerd-event"
    /// The container's record in containerd: labels, CRI metadata, OCI spec.
    case containerRecord = "container-record"
    /// CRI `ContainerStatus` or `ListContainers`, asked.
    case criStatus = "cri-status"
    /// The pod object's spec and metadata.
    case podSpec = "pod-spec"
    /// The pod object's status.
    case podStatus = "pod-status"
    /// A line of containerd, the kubelet or the kernel in the journal.
    case journal
    /// The container's log file.
    case logFile = "log-file"
    /// A log pin found on disk.
    case pin
}

/// How a debug container came to be (`kubectl debug`'s three modes), or `regular` under `scope: all`.
package enum SessionMode: String, Sendable, Codable, CaseIterable {
    case ephemeral, copy, node, regular
}

/// How sure it is that the container is a debug container (`design.md` §2).
package enum Classification: String, Sendable, Codable, CaseIterable {
    case confirmed, inferred, unresolved
}

/// Where a session stands (`design.md` §5).
package enum SessionState: String, Sendable, Codable, CaseIterable {
    case waiting, running, ended
    case neverStarted = "never-started"
    case unknown
}

/// How the ending is known: seen as it happened, asked for afterwards, or concluded.
package enum Ending: String, Sendable, Codable, CaseIterable {
    case observed, recovered, inferred
}

/// Why it ended, where a witness allows to say so.
package enum EndingCause: String, Sendable, Codable, CaseIterable {
    case podDeleted = "pod-deleted"
    case podEvicted = "pod-evicted"
    case targetRestarted = "target-restarted"
    case nodeReboot = "node-reboot"
    case startFailed = "start-failed"
}

/// What sealed the output: the runtime's own word that it is drained, the deadline behind the exit, or the agent's
/// finding, afterwards, that nothing more can come.
package enum SealedBy: String, Sendable, Codable, CaseIterable {
    case taskDelete = "task-delete"
    case deadline
    case recovery
}

/// How the log's bytes were kept alive (`design.md` §4, log pins).
package enum PinnedBy: String, Sendable, Codable, CaseIterable {
    case hardlink, descriptor, copied
    /// Read from the log file itself, which was still there and not pinned.
    case unpinned
    /// There was nothing to read any more.
    case none
}

/// A guess at `kubectl debug --profile`, made from the effective security context.
package enum DebugProfile: String, Sendable, Codable, CaseIterable {
    case legacy, general, baseline, restricted, netadmin, sysadmin
}

/// One thing that one witness said. A record's evidence is a sorted set of these.
package struct Evidence: Hashable, Sendable, Comparable, Codable {
    package let witness: Witness
    /// What the statement is about: `create`, `start`, `exit`, `delete`, `oom`, `spec`, `status`, …
    package let fact: String
    /// The witness's own time of it, where it gave one.
    package let at: Timestamp?
    /// What was said, at most 1 KiB.
    package let value: String?

    package init(witness: Witness, fact: String, at: Timestamp? = nil, value: String? = nil) {
        self.witness = witness
        self.fact = fact
        self.at = at
        self.value = value.map { Bounds.clip($0, to: Bounds.evidenceValueBytes) }
    }

    package static func < (lhs: Evidence, rhs: Evidence) -> Bool {
        let left = lhs.at?.nanoseconds ?? .min
        let right = rhs.at?.nanoseconds ?? .min
        if left != right { return left < right }
        if lhs.witness != rhs.witness { return lhs.witness.rawValue < rhs.witness.rawValue }
        if lhs.fact != rhs.fact { return lhs.fact < rhs.fact }
        return (lhs.value ?? "") < (rhs.value ?? "")
    }
}

/// The pod's controlling owner, as its `ownerReferences` names it.
package struct Owner: Hashable, Sendable, Codable {
    package let kind: String
    package let name: String

    package init(kind: String, name: String) {
        self.kind = Bounds.name(kind)
        self.name = Bounds.name(name)
    }
}

/// One mount of the container; host paths as the runtime has them.
package struct MountPoint: Hashable, Sendable, Codable, Comparable {
    package let destination: String
    package let source: String?
    package let readOnly: Bool

    package init(destination: String, source: String?, readOnly: Bool) {
        self.destination = Bounds.clip(destination, to: Bounds.pathBytes)
        self.source = source.map { Bounds.clip($0, to: Bounds.pathBytes) }
        self.readOnly = readOnly
    }

    package static func < (lhs: MountPoint, rhs: MountPoint) -> Bool {
        lhs.destination < rhs.destination
    }
}

/// The security context in effect, merged from the pod's and the container's, or read from the runtime's own record.
/// What nobody said is nil or empty.
package struct SecurityContext: Hashable, Sendable, Codable {
    package var privileged: Bool?
    package var runAsUser: Int64?
    package var runAsNonRoot: Bool?
    package var allowPrivilegeEscalation: Bool?
    package var readOnlyRootFilesystem: Bool?
    /// Sorted, without the `CAP_` prefix.
    package var capabilitiesAdded: [String] = []
    package var capabilitiesDropped: [String] = []
    /// `RuntimeDefault`, `Unconfined` or `Localhost`.
    package var seccompProfile: String?

    package init() {}
}

/// The pod's fate as the pod source told it (`design.md` §5, "afterwards").
package struct PodFate: Hashable, Sendable, Codable {
    package var phase: String?
    package var reason: String?
    /// When the pod object was seen to be gone, or its `deletionTimestamp` was set.
    package var deletedAt: Timestamp?
    /// `Type=Status` of each condition, sorted.
    package var conditions: [String] = []
    /// Sum of the restarts of its regular containers.
    package var restarts: Int?

    package init() {}
}

/// What stands in a record about the output; the bytes themselves and the frames are stored beside it.
package struct OutputSummary: Hashable, Sendable, Codable {
    /// Bytes kept: the last N KiB.
    package var bytes: Int
    /// Bytes of the whole output; known only where all of it was read.
    package var totalBytes: Int?
    /// Size of the known log files on disk, where the whole output was not read.
    package var logBytes: Int64?
    /// Whether output before the kept bytes exists or existed.
    package var truncated: Bool
    /// Whether something inside the kept range could not be read or was malformed.
    package var lossy: Bool
    /// `stdout`, `stderr`: which streams the kept bytes hold, sorted.
    package var streams: [String]
    package var sha256: Digest
    package var framesSHA256: Digest
    package var pinnedBy: PinnedBy
    /// Why there is none or not all of it, in words: `log file gone before it was pinned`.
    package var note: String?

    package init(
        bytes: Int, totalBytes: Int? = nil, logBytes: Int64? = nil, truncated: Bool, lossy: Bool, streams: [String],
        sha256: Digest, framesSHA256: Digest, pinnedBy: PinnedBy, note: String? = nil
    ) {
        self.bytes = bytes
        self.totalBytes = totalBytes
        self.logBytes = logBytes
        self.truncated = truncated
        self.lossy = lossy
        self.streams = streams
        self.sha256 = sha256
        self.framesSHA256 = framesSHA256
        self.pinnedBy = pinnedBy
        self.note = note
    }
}

/// Limits on text from outside; what is longer is cut between two Unicode scalars and ends in `…`.
package enum Bounds {
    package static let nameBytes = 512
    package static let pathBytes = 4096
    package static let evidenceValueBytes = 1024
    package static let messageBytes = 4096
    /// One argument of a command, and how many of them.
    package static let argumentBytes = 16_384
    package static let arguments = 256
    package static let labels = 64
    package static let mounts = 128

    package static func name(_ text: String) -> String {
        clip(text, to: nameBytes)
    }

    /// The text, or its beginning with `…` where it has more than `limit` bytes of UTF-8 (at least 3, the length of `…`).
    package static func clip(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        // Not at a grapheme: one base letter with a million accents is one, and looking for its border costs as much.
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: max(0, limit - 3))
        while end > text.utf8.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return String(text[..<end]) + "…"
    }

    /// A command line: at most `arguments` elements of at most `argumentBytes` each.
    package static func command(_ words: [String]) -> [String] {
        words.prefix(arguments).map { clip($0, to: argumentBytes) }
    }
}
