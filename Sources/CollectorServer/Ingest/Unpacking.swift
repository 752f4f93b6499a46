// SPDX-License-Identifier: Apache-2.0
import CZlib

/// Unpacks gzip up to a limit, so that a small request cannot become a large one in memory.
enum Unpacking {
    enum Failure: Error {
        /// More than the limit.
        case tooLarge
        /// Not gzip, cut short, or a checksum that does not fit.
        case damaged
    }

    private static let chunk = 64 * 1024

    /// - Parameter reserve: is told of each piece before it is kept, and may throw.
    static func gunzip(_ packed: [UInt8], limit: Int, reserve: (Int) throws -> Void = { _ in }) throws -> [UInt8] {
        var stream = z_stream()
        // 16 + 15: a gzip wrapper alone, the largest window.
        guard inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Failure.damaged
        }
        defer { inflateEnd(&stream) }
        var packed = packed
        var result: [UInt8] = []
        var output = [UInt8](repeating: 0, count: chunk)
        try packed.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            while true {
                let (status, produced) = output.withUnsafeMutableBufferPointer { output in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    return (inflate(&stream, Z_NO_FLUSH), output.count - Int(stream.avail_out))
                }
                guard result.count + produced <= limit else { throw Failure.tooLarge }
                try reserve(produced)
                result.append(contentsOf: output[..<produced])
                switch status {
                case Z_OK: continue
                case Z_STREAM_END:
                    // gzip allows members one after the other.
                    if stream.avail_in == 0 { return }
                    guard inflateReset(&stream) == Z_OK else { throw Failure.damaged }
                // Also no progress without more input: it was cut short.
                default: throw Failure.damaged
                }
            }
        }
        return result
    }
}
