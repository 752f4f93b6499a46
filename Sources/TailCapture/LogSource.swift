// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One file of a container's log, as the tail reader takes it.
package struct LogSource: Sendable {
    enum Content: Sendable {
        case file(OpenFile)
        case gzip(OpenFile)
        case bytes([UInt8])
    }

    let content: Content
    /// Bytes to read, fixed when the source was made: what is written later is not part of it.
    let size: Int64
    /// For notes.
    let name: String
    /// It was found by its name, not by its inode, and may be a packed copy of a file that was read already: then it is
    /// left out.
    let mayRepeat: Bool

    private init(content: Content, size: Int64, name: String, mayRepeat: Bool) {
        self.content = content
        self.size = size
        self.name = name
        self.mayRepeat = mayRepeat
    }

    /// A log in memory.
    package init(bytes: [UInt8], name: String = "log") {
        self.init(content: .bytes(bytes), size: Int64(bytes.count), name: name, mayRepeat: false)
    }

    init(file: OpenFile, size: Int64, name: String, isGzip: Bool = false, mayRepeat: Bool = false) {
        self.init(content: isGzip ? .gzip(file) : .file(file), size: size, name: name, mayRepeat: mayRepeat)
    }

    /// The same source, unpacked.
    func unpacked(_ bytes: [UInt8]) -> LogSource {
        LogSource(content: .bytes(bytes), size: Int64(bytes.count), name: name, mayRepeat: mayRepeat)
    }

    /// Fills the buffer from `offset` on; fewer bytes than asked for where the file ends, which it does early only if it
    /// was cut in the meantime.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
        switch content {
        case .file(let file), .gzip(let file):
            return file.read(into: buffer, at: offset)
        case .bytes(let bytes):
            guard offset >= 0, offset < Int64(bytes.count) else { return 0 }
            let count = min(buffer.count, bytes.count - Int(offset))
            bytes.withUnsafeBytes { all in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[Int(offset)..<(Int(offset) + count)]))
            }
            return count
        }
    }
}
