// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// A last line without its newline: the process ended while it was being written.
enum TornLine {
    private static let chunk = 65_536

    /// Cuts the file behind its last newline; its size then.
    static func cut(
        _ descriptor: Int32, size: Int, failure: (String) -> LastwordError
    ) throws(LastwordError) -> Int {
        var end = size
        var buffer = [UInt8](repeating: 0, count: chunk)
        while end > 0 {
            let start = max(0, end - chunk)
            let count = pread(descriptor, &buffer, end - start, off_t(start))
            guard count == end - start else { throw failure("read") }
            if let newline = buffer[..<count].lastIndex(of: UInt8(ascii: "\n")) {
                end = start + newline + 1
                break
            }
            end = start
        }
        guard end < size else { return size }
        guard ftruncate(descriptor, off_t(end)) == 0, fsync(descriptor) == 0 else { throw failure("cut the end of") }
        return end
    }
}
