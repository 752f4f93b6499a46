// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// The kubelet's lines on containers; but for `Killing container` they exist with `--v=2` only.
///
/// What the kubelet calls a start is when it first saw the container, which after its own restart is long after it began:
/// only whose container it is, is taken from that.
enum KubeletLine {
    static func read(_ line: KlogLine) -> [JournalLine] {
        switch String(decoding: line.message, as: UTF8.self) {
        case "SyncLoop (PLEG): event for pod": podEvent(line)
        case "Generic (PLEG): container finished": finished(line)
        case "Killing container with a grace period": killing(line)
        default: []
        }
    }

    private static func podEvent(_ line: KlogLine) -> [JournalLine] {
        guard let event = line.object("event"), let type = event["Type"],
            let id = event["Data"].flatMap({ ContainerID($0) })
        else { return [] }
        switch type {
        case "ContainerStarted", "ContainerDied":
            var pod = podName(line)
            pod.uid = event["ID"].flatMap { PodUID($0) }
            return [.named(id, pod, container: nil)]
        case "ContainerRemoved": return [.event(id, .removed)]
        default: return []
        }
    }

    private static func finished(_ line: KlogLine) -> [JournalLine] {
        guard let id = line.text("containerID").flatMap({ LineText.containerID($0) }), let code = exitCode(line) else {
            return []
        }
        let named = line.text("podID").flatMap { LineText.podUID($0) }.map { uid in
            JournalLine.named(id, PodName(uid: uid), container: nil)
        }
        return [named, .event(id, .exited(code: code, finishedAt: nil))].compactMap { $0 }
    }

    private static func exitCode(_ line: KlogLine) -> Int? {
        guard let text = line.text("exitCode") else { return nil }
        var scanner = ByteScanner(text[...])
        // A negative code is CRI-O's for "not known".
        guard let code = scanner.number(), scanner.isAtEnd, (0...Int64(UInt32.max)).contains(code) else { return nil }
        return Int(code)
    }

    private static func killing(_ line: KlogLine) -> [JournalLine] {
        guard let id = line.text("containerID").flatMap({ LineText.containerID($0) }) else { return [] }
        var pod = podName(line)
        pod.uid = line.text("podUID").flatMap { LineText.podUID($0) }
        return [.named(id, pod, container: line.text("containerName").flatMap { LineText.name($0) })]
    }

    /// `pod="<namespace>/<name>"`.
    private static func podName(_ line: KlogLine) -> PodName {
        guard let text = line.text("pod") else { return PodName() }
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { return PodName() }
        return PodName(namespace: LineText.name(parts[0]), name: LineText.name(parts[1]))
    }
}
