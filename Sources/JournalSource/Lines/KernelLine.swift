// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// The kernel's line on whom its OOM killer chose:
/// `oom-kill:constraint=…,…,oom_memcg=…,task_memcg=/kubepods/…/<container>,task=<name>,pid=…,uid=…`.
enum KernelLine {
    static func read(_ message: [UInt8]) -> [JournalLine] {
        let text = String(decoding: message, as: UTF8.self)
        guard text.hasPrefix("oom-kill:") else { return [] }
        let fields = text.split(separator: ",")
        // The name of the task is its own to choose, and holds 15 bytes: too few for a path with an id. But where there are
        // two, something else is odd.
        let paths = fields.filter { $0.hasPrefix("task_memcg=") }
        guard paths.count == 1, let path = paths.first, let id = container(in: path.dropFirst(11)) else { return [] }
        return [.event(id, .outOfMemory)]
    }

    /// The container whose cgroup a path names. The outermost below the pods' own counts: what is below it, the container
    /// may have made itself.
    private static func container(in path: Substring) -> ContainerID? {
        let parts = path.split(separator: "/")
        let start = parts.firstIndex { $0.hasPrefix("kubepods") } ?? parts.startIndex
        for part in parts[start...] {
            // <id>, cri-containerd-<id>.scope, crio-<id>.scope
            let name = part.hasSuffix(".scope") ? part.dropLast(6) : part
            let id = name.suffix(64)
            let rest = name.dropLast(64)
            guard id.utf8.count == 64, id.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
                rest.isEmpty || rest.hasSuffix("-")
            else { continue }
            return ContainerID(id)
        }
        return nil
    }
}
