// SPDX-License-Identifier: Apache-2.0
import CZlib

/// Unpacks a rotated log that the kubelet has gzipped. The end of a gzip stream can be had only through its beginning,
/// so the limit is on all of it.
enum GzipReader {
    enum Outcome {
        /// All of it, and what was spent: packed and unpacked bytes together.
        case unpacked([UInt8], cost: Int)
        /// More than `limit`.
        case tooLarge
        /// Not gzip, cut short, or a checksum that does not fit.
        case damaged
    }

    private static let chunk = 64 * 1024

    static func unpack(_ source: LogSource, limit: Int) -> Outcome {
        var stream = z_stream()
        // 16 + 15: a gzip wrapper alone, the largest window.
        guard inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return .damaged
        }
        defer { inflateEnd(&stream) }
        let input = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
        defer {
            input.deallocate()
            output.deallocate()
        }
        var result: [UInt8] = []
        var offset: Int64 = 0
        var cost = 0
        var memberEnded = false
        while offset < source.size {
            let wanted = min(Int64(chunk), source.size - offset)
            let got = source.read(into: UnsafeMutableRawBufferPointer(rebasing: input[0..<Int(wanted)]), at: offset)
            guard got > 0 else { return .damaged }
            offset += Int64(got)
            cost += got
            guard cost <= limit else { return .tooLarge }
            stream.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.avail_in = UInt32(got)
            repeat {
                if memberEnded {
                    // gzip allows members one after the other.
                    guard inflateReset(&stream) == Z_OK else { return .damaged }
                    memberEnded = false
                }
                stream.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32(chunk)
                let status = inflate(&stream, Z_NO_FLUSH)
                let produced = chunk - Int(stream.avail_out)
                cost += produced
                guard cost <= limit else { return .tooLarge }
                result.append(contentsOf: output[0..<produced])
                switch status {
                case Z_STREAM_END: memberEnded = true
                case Z_OK: break
                // No progress was possible: more input is needed.
                case Z_BUF_ERROR: break
                default: return .damaged
                }
                if status == Z_BUF_ERROR { break }
                // A full output means that there may be more, but not behind a member's end.
            } while stream.avail_in > 0 || (stream.avail_out == 0 && !memberEnded)
        }
        return memberEnded ? .unpacked(result, cost: cost) : .damaged
    }
}
