// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which mount an open file lies in, from `/proc/self/fdinfo` and `/proc/self/mountinfo` (proc(5)).
enum MountTable {
    struct Mount: Hashable {
        let id: Int
        /// Where it is mounted.
        let point: String
        let fileSystem: String
        let isReadOnly: Bool
    }

    /// Nil where `/proc` does not say.
    static func mount(of file: OpenFile) -> Mount? {
        guard let info = text("/proc/self/fdinfo/\(file.descriptor)"),
            let line = info.split(separator: "\n").first(where: { $0.hasPrefix("mnt_id:") }),
            let id = Int(line.dropFirst("mnt_id:".count).drop(while: { $0 == " " || $0 == "\t" })),
            let table = text("/proc/self/mountinfo")
        else { return nil }
        return table.split(separator: "\n").lazy.compactMap(parse).first { $0.id == id }
    }

    /// `36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/sda rw`
    static func parse(_ line: some StringProtocol) -> Mount? {
        let fields = line.split(separator: " ")
        guard fields.count >= 10, let id = Int(fields[0]), let dash = fields.dropFirst(6).firstIndex(of: "-"),
            dash + 1 < fields.count
        else { return nil }
        return Mount(
            id: id, point: unescape(fields[4]), fileSystem: String(fields[dash + 1]),
            isReadOnly: fields[5].split(separator: ",").contains("ro"))
    }

    /// Blanks, tabs, newlines and backslashes stand as `\040` and so on.
    private static func unescape(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "\\"), index + 3 < source.count,
                let value = UInt8(String(decoding: source[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                index += 4
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A file of `/proc`, whose size is not known beforehand; at most 4 MiB.
    private static func text(_ path: String) -> String? {
        guard case .success(let file) = OpenFile.open(path, O_RDONLY) else { return nil }
        var bytes: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 8)
        defer { buffer.deallocate() }
        while bytes.count < 4 << 20 {
            let count = Glibc.read(file.descriptor, buffer.baseAddress, buffer.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[0..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
