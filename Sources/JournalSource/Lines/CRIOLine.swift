// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// The messages of CRI-O: who a container is and that it was removed. How it ended, CRI-O does not log.
enum CRIOLine {
    static func read(_ line: LogrusLine) -> [JournalLine] {
        var scanner = ByteScanner(line.message[...])
        if scanner.skip("Created container ") {
            guard let (id, name) = identity(&scanner) else { return [] }
            return [.named(id, name.0, container: name.1)]
        }
        if scanner.skip("Removed container ") {
            return identity(&scanner).map { [.event($0.0, .removed)] } ?? []
        }
        if scanner.skip("Started container"), scanner.isAtEnd {
            guard let id = line.fields["containerID"].flatMap({ LineText.containerID($0) }) else { return [] }
            guard let name = line.fields["description"].flatMap({ names($0[...]) }) else {
                return [.event(id, .started)]
            }
            return [.named(id, name.0, container: name.1), .event(id, .started)]
        }
        return []
    }

    /// `<id>: <namespace>/<pod>/<container>`.
    private static func identity(_ scanner: inout ByteScanner) -> (ContainerID, (PodName, String))? {
        guard let id = scanner.token(until: { $0 == UInt8(ascii: ":") }).flatMap({ LineText.containerID($0) }),
            scanner.skip(": "), let names = names(scanner.rest)
        else { return nil }
        return (id, names)
    }

    private static func names(_ bytes: ArraySlice<UInt8>) -> (PodName, String)? {
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 3, let namespace = LineText.name(parts[0]), let pod = LineText.name(parts[1]),
            let container = LineText.name(parts[2])
        else { return nil }
        return (PodName(namespace: namespace, name: pod), container)
    }
}
