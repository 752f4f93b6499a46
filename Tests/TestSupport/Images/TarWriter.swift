// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Writes a tar archive (POSIX ustar) in memory: the same entries give the same bytes, so digests are stable.
struct TarWriter {
    private var bytes: [UInt8] = []

    private enum Kind: UInt8 {
        case file = 0x30
        case symbolicLink = 0x32
        case directory = 0x35
    }

    /// - Parameter path: relative, without a slash at the end; at most 99 bytes.
    mutating func addDirectory(_ path: String, mode: Int = 0o755) throws {
        try addHeader(path + "/", kind: .directory, mode: mode, size: 0, link: "")
    }

    mutating func addFile(_ path: String, _ content: [UInt8], mode: Int = 0o644) throws {
        try addHeader(path, kind: .file, mode: mode, size: content.count, link: "")
        bytes.append(contentsOf: content)
        pad()
    }

    mutating func addFile(_ path: String, _ content: String) throws {
        try addFile(path, Array(content.utf8))
    }

    mutating func addSymbolicLink(_ path: String, to target: String) throws {
        try addHeader(path, kind: .symbolicLink, mode: 0o777, size: 0, link: target)
    }

    /// The archive with its end: two empty blocks.
    func finished() -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: 1024)
    }

    private mutating func pad() {
        let rest = bytes.count % 512
        if rest > 0 { bytes.append(contentsOf: [UInt8](repeating: 0, count: 512 - rest)) }
    }

    private mutating func addHeader(_ path: String, kind: Kind, mode: Int, size: Int, link: String) throws {
        guard path.utf8.count < 100, link.utf8.count < 100 else {
            throw RigError.failed("name too long for the archive: \(path)")
        }
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        func octal(_ number: Int, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(path, at: 0)
        put(octal(mode, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        header[156] = kind.rawValue
        put(link, at: 157)
        put("ustar", at: 257)
        put("00", at: 263)
        put("root", at: 265)
        put("root", at: 297)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6), at: 148)
        header[154] = 0
        bytes.append(contentsOf: header)
    }
}
