// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// Files that were put aside: the path with the time behind it, which sorts by age. Files of other names are not ours.
struct SetAside {
    let path: String

    /// `events.jsonl.20261126T205337123456789Z`; nil where it cannot be had.
    func freeName(at moment: Timestamp) -> String? {
        for step in 0..<1000 {
            let name = path + "." + Self.text(moment.advanced(byNanoseconds: Int64(step)))
            var status = stat()
            if lstat(name, &status) != 0 { return errno == ENOENT ? name : nil }
        }
        return nil
    }

    /// Of the same length for every moment.
    private static func text(_ moment: Timestamp) -> String {
        let parts = moment.description.dropLast().split(separator: ".")
        let seconds = (parts.first ?? "").filter { $0 != "-" && $0 != ":" }
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        return seconds + fraction + String(repeating: "0", count: max(0, 9 - fraction.utf8.count)) + "Z"
    }

    private static let length = "20261126T205337123456789Z".utf8.count

    /// Keeps the newest ones.
    func removeOldest(beyond count: Int) {
        let directory = EventFile.directory(of: path)
        let prefix = (path.split(separator: "/").last.map(String.init) ?? path) + "."
        guard let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(prefix), Self.isMoment(name.dropFirst(prefix.count)) { names.append(name) }
        }
        for name in names.sorted().dropLast(count) { unlink(directory + "/" + name) }
    }

    private static func isMoment(_ text: Substring) -> Bool {
        guard text.utf8.count == length, text.hasSuffix("Z") else { return false }
        return text.dropLast().enumerated().allSatisfy { index, character in
            index == 8 ? character == "T" : ("0"..."9").contains(character)
        }
    }
}
