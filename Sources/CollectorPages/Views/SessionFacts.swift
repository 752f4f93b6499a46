// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords

/// The record's facts in groups; what it does not know is left out.
struct SessionFacts {
    private let session: Session
    private let stored: StoredSession
    private let isUnlimited: Bool

    init(_ session: Session, _ stored: StoredSession, isUnlimited: Bool) {
        self.session = session
        self.stored = stored
        self.isUnlimited = isUnlimited
    }

    var groups: [View] {
        [
            group("Container", container), group("Privileges", privileges), group("Pod", pod),
            group("How it ended", ending), group("Output", output), group("Record", record),
        ].compactMap(\.self)
    }

    private typealias Fact = (name: String, value: String?, isCode: Bool)

    private func group(_ title: String, _ facts: [Fact]) -> View? {
        let views = facts.compactMap { fact -> View? in
            guard let value = fact.value, !value.isEmpty else { return nil }
            return ["factName": fact.name, "factValue": VisibleText.line(value), "isCode": fact.isCode]
        }
        return views.isEmpty ? nil : ["groupTitle": title, "facts": views]
    }

    private var container: [Fact] {
        [
            ("Mode", session.mode?.rawValue, false),
            (
                "Debug container",
                session.classification.rawValue + (session.classificationSource.map { ", by \($0.rawValue)" } ?? ""),
                false
            ),
            ("Image digest", session.imageDigest, true), ("Container ID", session.containerID?.rawValue, true),
            ("Target ID", session.targetContainerID, true), ("Sandbox ID", session.sandboxID, true),
            ("Attempt", session.attempt.map(String.init), false), ("PID", session.pid.map(String.init), false),
            ("Environment", session.envNames?.joined(separator: " "), true),
            ("Runtime", [session.runtime, session.runtimeVersion].compactMap(\.self).joined(separator: " "), false),
        ]
    }

    private var privileges: [Fact] {
        [
            ("Profile", session.profile.map { "\($0.rawValue), guessed" }, false),
            ("Security", session.securityContext.map(\.words), false),
            ("Host namespaces", session.hostNamespaces?.joined(separator: " "), false),
            ("Terminal", session.tty.map { $0 ? "yes" : "no" }, false),
            ("Standard input", session.stdin.map { $0 ? "open" : "closed" }, false),
            ("Mounts", session.mounts?.map(\.words).joined(separator: ", "), true),
        ]
    }

    private var pod: [Fact] {
        let fate = session.podFate
        return [
            ("Cluster", session.cluster, false), ("Pod UID", session.podUID?.rawValue, true),
            ("Owner", session.owner.map { "\($0.kind)/\($0.name)" }, false),
            (
                "Labels",
                session.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "), true
            ),
            ("Phase afterwards", fate?.phase, false), ("Reason", fate?.reason, false),
            ("Conditions", fate?.conditions.joined(separator: " "), false),
            ("Restarts", fate?.restarts.map(String.init), false),
        ]
    }

    private var ending: [Fact] {
        [
            ("Exit code", session.exitCode.map { "\($0)" + (by("exitCode")) }, false),
            ("Signal", session.derivedSignal.map { "\(SignalName.text($0)), derived" }, false),
            ("Reason", session.reason, false),
            ("OOM killed", session.oomKilled.map { ($0 ? "yes" : "no") + by("oomKilled") }, false),
            ("Known by", session.ending?.rawValue, false), ("Cause", session.cause?.rawValue, false),
        ]
    }

    private func by(_ field: String) -> String {
        session.sources[field].map { ", by \($0.rawValue)" } ?? ""
    }

    private var output: [Fact] {
        guard let output = session.output else { return [] }
        return [
            ("Kept", "\(output.bytes) bytes", false), ("Streams", output.streams.joined(separator: " "), false),
            ("Pinned by", output.pinnedBy.rawValue, false), ("Sealed by", session.sealedBy?.rawValue, false),
            ("SHA-256", output.sha256.description, true), ("Frames SHA-256", output.framesSHA256.description, true),
        ]
    }

    private var record: [Fact] {
        var facts: [Fact] = [
            ("Session ID", session.id.rawValue, true), ("Revision", String(session.revision), false),
        ]
        // Ledgers are a node's, and a number tells how much else the node has recorded.
        if isUnlimited {
            facts += [("Ledger", stored.ledger, true), ("Entry", String(stored.number), false)]
        }
        return facts
    }
}
