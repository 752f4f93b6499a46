// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// The messages of containerd's CRI plugin (`instrumented_service.go`, `events.go`; 1.6, 1.7 and 2.x).
///
/// Each is matched from both its ends: what stands between them, a name above all, may hold anything, and cannot move them.
enum ContainerdLine {
    /// Empty for a message that says nothing of this kind.
    static func read(_ message: [UInt8]) -> [JournalLine] {
        line(message).map { [$0] } ?? []
    }

    private static func line(_ message: [UInt8]) -> JournalLine? {
        var scanner = ByteScanner(message[...])
        if scanner.skip("CreateContainer within sandbox ") { return created(&scanner) }
        if scanner.skip("RunPodSandbox for ") { return sandbox(scanner.rest) }
        if scanner.skip("StartContainer for ") { return success(&scanner).map { .event($0, .started) } }
        if scanner.skip("RemoveContainer for ") { return success(&scanner).map { .event($0, .removed) } }
        if scanner.skip("StopPodSandbox for ") || scanner.skip("RemovePodSandbox for ")
            || scanner.skip("RemovePodSandbox ")
        {
            return scanner.quoted().flatMap { LineText.containerID($0) }.map { .sandbox($0, nil) }
        }
        if scanner.skip("received container exit event ") { return exit(scanner.rest, isContainer: true) }
        if scanner.skip("received sandbox exit event ") { return sandboxExit(scanner.rest) }
        if scanner.skip("received exit event ") || scanner.skip("TaskExit event ") {
            return exit(scanner.rest, isContainer: false)
        }
        if scanner.skip("TaskOOM event ") { return outOfMemory(scanner.rest) }
        if scanner.skip("Attach stream ") { return attachClosed(&scanner) }
        return nil
    }

    /// `"<sandbox>" for <metadata> returns container id "<id>"`.
    private static func created(_ scanner: inout ByteScanner) -> JournalLine? {
        guard let sandbox = scanner.quoted().flatMap({ LineText.containerID($0) }), scanner.skip(" for "),
            let (metadata, id) = split(scanner.rest, before: " returns container id ")
        else { return nil }
        if let known = GoStruct("ContainerMetadata", metadata), let name = known.text("Name") {
            guard let name = LineText.name(name.utf8) else { return nil }
            return .created(id, sandbox: sandbox, name: name, attempt: known.number("Attempt").map { Int($0) })
        }
        guard let known = ProtobufText(metadata), let name = known.text("name").flatMap({ LineText.name($0) }) else {
            return nil
        }
        return .created(id, sandbox: sandbox, name: name, attempt: known.numberOrZero("attempt").map { Int($0) })
    }

    /// `<metadata> returns sandbox id "<id>"`.
    private static func sandbox(_ rest: ArraySlice<UInt8>) -> JournalLine? {
        guard let (metadata, id) = split(rest, before: " returns sandbox id ") else { return nil }
        var pod = PodName()
        if let known = GoStruct("PodSandboxMetadata", metadata) {
            pod.name = known.text("Name").flatMap { LineText.name($0.utf8) }
            pod.namespace = known.text("Namespace").flatMap { LineText.name($0.utf8) }
            pod.uid = known.text("Uid").flatMap { PodUID($0) }
        } else if let known = ProtobufText(metadata) {
            pod.name = known.text("name").flatMap { LineText.name($0) }
            pod.namespace = known.text("namespace").flatMap { LineText.name($0) }
            pod.uid = known.text("uid").flatMap { LineText.podUID($0) }
        } else {
            return .sandbox(id, nil)
        }
        return .sandbox(id, pod)
    }

    /// `"<id>" returns successfully`.
    private static func success(_ scanner: inout ByteScanner) -> ContainerID? {
        guard let id = scanner.quoted(), scanner.skip(" returns successfully"), scanner.isAtEnd else { return nil }
        return LineText.containerID(id)
    }

    private static func exit(_ rest: ArraySlice<UInt8>, isContainer: Bool) -> JournalLine? {
        guard let exit = TaskExitText(rest) else { return nil }
        if isContainer { return .event(exit.container, .exited(code: exit.code, finishedAt: exit.at)) }
        return .taskExited(exit.container, code: exit.code, at: exit.at)
    }

    private static func sandboxExit(_ rest: ArraySlice<UInt8>) -> JournalLine? {
        TaskExitText(rest).map { .sandbox($0.container, nil) }
    }

    private static func outOfMemory(_ rest: ArraySlice<UInt8>) -> JournalLine? {
        let id: ContainerID? =
            if let gogo = GoStruct("TaskOOM", TaskExitText.withoutUnrecognized(rest)) {
                gogo.text("ContainerID").flatMap { ContainerID($0) }
            } else {
                ProtobufText(rest)?.text("container_id").flatMap { LineText.containerID($0) }
            }
        return id.map { .event($0, .outOfMemory) }
    }

    /// `"<id>-attach-<random>-<stream>" closed`.
    private static func attachClosed(_ scanner: inout ByteScanner) -> JournalLine? {
        guard let bytes = scanner.quoted(), scanner.skip(" closed"), scanner.isAtEnd,
            let name = String(validating: bytes, as: UTF8.self)
        else { return nil }
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[parts.count - 3] == "attach", let stream = parts.last,
            ["stdin", "stdout", "stderr"].contains(stream),
            let id = ContainerID(parts.dropLast(3).joined(separator: "-"))
        else { return nil }
        return .event(id, .attachClosed(stream: String(stream)))
    }

    /// What stands before the words, and the quoted id behind them with which the message ends.
    private static func split(_ rest: ArraySlice<UInt8>, before words: StaticString) -> (
        ArraySlice<UInt8>, ContainerID
    )? {
        guard rest.last == UInt8(ascii: "\""), let open = rest.dropLast().lastIndex(of: UInt8(ascii: "\"")) else {
            return nil
        }
        let count = words.utf8CodeUnitCount
        guard open - rest.startIndex >= count, words.withUTF8Buffer({ rest[(open - count)..<open].elementsEqual($0) }),
            let id = LineText.containerID(rest[(open + 1)...].dropLast())
        else { return nil }
        return (rest[..<(open - count)], id)
    }
}

/// A task's exit, in either form.
struct TaskExitText {
    let container: ContainerID
    let code: Int
    let at: Timestamp?

    /// Nil for what is no such text, and for an exec's, which ends no container.
    init?(_ bytes: ArraySlice<UInt8>) {
        if let gogo = GoStruct("TaskExit", Self.withoutUnrecognized(bytes)) {
            guard let id = gogo.text("ContainerID").flatMap({ ContainerID($0) }), gogo.text("ID") == id.rawValue,
                let status = gogo.number("ExitStatus").flatMap(Self.code)
            else { return nil }
            (container, code, at) = (id, status, gogo.time("ExitedAt"))
            return
        }
        guard let text = ProtobufText(bytes),
            let id = text.text("container_id").flatMap({ LineText.containerID($0) }),
            // containerd fills both in; an exec has an id of its own.
            text.text("id").map({ $0.elementsEqual(id.rawValue.utf8) }) == true,
            let status = text.numberOrZero("exit_status").flatMap(Self.code)
        else { return nil }
        (container, code) = (id, status)
        at = text.number("exited_at.seconds").flatMap { seconds in
            Timestamp(seconds: seconds, nanos: text.number("exited_at.nanos") ?? 0)
        }
    }

    private static func code(_ value: Int64) -> Int? {
        (0...Int64(UInt32.max)).contains(value) ? Int(value) : nil
    }

    /// gogo ends its structs with `XXX_unrecognized:[],}`: brackets, not braces, and always empty.
    static func withoutUnrecognized(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let tail = Array("XXX_unrecognized:[],}".utf8)
        guard bytes.count > tail.count, bytes.suffix(tail.count).elementsEqual(tail) else { return bytes }
        return bytes.dropLast(tail.count) + [UInt8(ascii: "}")]
    }
}
