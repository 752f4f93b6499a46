// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// A session's facts in the schema's fields.
enum ECSSession {
    static func write(_ session: Session, _ event: SecurityEvent, to document: inout ECSDocument) {
        writeProcess(session, to: &document)
        writeOutput(session.output, event.output, to: &document)
        writeContainer(session, to: &document)
        writePod(session, to: &document)
        document["error.message"] = session.message.map(JSONValue.string)
    }

    private static func writeProcess(_ session: Session, to document: inout ECSDocument) {
        document["process.exit_code"] = session.exitCode.map { .integer(Int64($0)) }
        let words = (session.command ?? []) + (session.args ?? [])
        if !words.isEmpty {
            var room = ECSFormat.argumentBytes
            document["process.args"] = .strings(
                words.prefix { word in
                    room -= word.utf8.count
                    return room >= 0
                }.map { $0 })
            document["process.args_count"] = .integer(Int64(words.count))
        }
        document["process.interactive"] = session.stdin.map(JSONValue.bool)
        document["process.pid"] = session.pid.map { .integer(Int64($0)) }
        document["process.start"] = session.startedAt.map { .string($0.description) }
        document["process.end"] = session.finishedAt.map { .string($0.description) }
    }

    private static func writeOutput(
        _ summary: OutputSummary?, _ output: OutputText?, to document: inout ECSDocument
    ) {
        guard let output, let summary else { return }
        // The agent's numbers, whatever they are.
        let kept = max(0, summary.bytes)
        let before = max(kept, summary.totalBytes ?? kept) - kept
        document["process.io.text"] = .string(output.text)
        document["process.io.total_bytes_captured"] = .integer(
            Int64(kept - min(output.skipped, kept)))
        document["process.io.total_bytes_skipped"] = .integer(
            Int64(before.addingClamped(output.skipped)))
        document["process.io.max_bytes_per_process_exceeded"] = .bool(summary.truncated || output.skipped > 0)
    }

    private static func writeContainer(_ session: Session, to document: inout ECSDocument) {
        document["container.id"] = session.containerID.map { .string($0.rawValue) }
        document["container.name"] = session.container.map(JSONValue.string)
        document["container.runtime"] = session.runtime.map(JSONValue.string)
        if let image = session.image {
            let (name, tag) = ImageName.parts(image)
            document["container.image.name"] = .string(name)
            document["container.image.tag"] = tag.map { .strings([$0]) }
        }
        document["container.image.hash.all"] = session.imageDigest.map { .strings([$0]) }
        document["container.security_context.privileged"] = session.securityContext?.privileged.map(JSONValue.bool)
    }

    private static func writePod(_ session: Session, to document: inout ECSDocument) {
        document["orchestrator.type"] = .string("kubernetes")
        document["orchestrator.cluster.id"] = session.clusterUID.map(JSONValue.string)
        document["orchestrator.namespace"] = session.namespace.map(JSONValue.string)
        document["orchestrator.resource.type"] = .string("pod")
        document["orchestrator.resource.name"] = session.pod.map(JSONValue.string)
        document["orchestrator.resource.id"] = session.podUID.map { .string($0.rawValue) }
        document["orchestrator.resource.parent.type"] = session.owner.map { .string($0.kind) }
        if !session.labels.isEmpty {
            document["orchestrator.resource.label"] = .strings(
                session.labels.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" })
        }
    }
}

/// `busybox:1.36` as name and tag; the port of a registry is no tag, a digest neither.
enum ImageName {
    static func parts(_ image: String) -> (name: String, tag: String?) {
        let name = image.prefix { $0 != "@" }
        let last = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        guard let colon = name[last...].firstIndex(of: ":") else { return (String(name), nil) }
        let tag = name[name.index(after: colon)...]
        return (String(name[..<colon]), tag.isEmpty ? nil : String(tag))
    }
}
