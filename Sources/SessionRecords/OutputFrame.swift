// SPDX-License-Identifier: Apache-2.0

/// Which of the container's two streams a piece of output came from. A terminal has one: `stdout`.
package enum OutputStream: String, Sendable, CaseIterable {
    case stdout, stderr
}

/// One record of the log inside the kept output: which stream wrote these bytes, and when the runtime wrote them down.
///
/// Frames lie one after the other: a frame begins where the one before it ended, the first at offset 0.
package struct OutputFrame: Hashable, Sendable {
    package var stream: OutputStream
    /// The log line's time; nil if it was unreadable.
    package var time: Timestamp?
    /// Bytes of output in this frame, with the newline that a full record stands for.
    package var length: Int

    package init(stream: OutputStream, time: Timestamp?, length: Int) {
        self.stream = stream
        self.time = time
        self.length = length
    }
}

/// The frames as they are stored, hashed and sent (`docs/record-format.md`, "Frames").
///
/// Version byte 1; then for each frame: one byte of flags (bit 0: stderr, bit 1: a time follows), the length as an
/// unsigned LEB128 number, and, with bit 1, the time as a zigzag LEB128 difference in nanoseconds from the last time
/// given (the first from the epoch).
package enum OutputFrameCoding {
    private static let version: UInt8 = 1

    package static func encode(_ frames: [OutputFrame]) -> [UInt8] {
        var bytes: [UInt8] = [version]
        bytes.reserveCapacity(1 + frames.count * 8)
        var last: Int64 = 0
        for frame in frames {
            bytes.append((frame.stream == .stderr ? 1 : 0) | (frame.time == nil ? 0 : 2))
            appendVarint(UInt64(frame.length), to: &bytes)
            if let time = frame.time?.nanoseconds {
                let delta = time &- last
                appendVarint(UInt64(bitPattern: (delta << 1) ^ (delta >> 63)), to: &bytes)
                last = time
            }
        }
        return bytes
    }

    /// Nil if the bytes are not frames, or describe 2^40 bytes of output or more in all. What is decoded encodes to these
    /// bytes again: there is one form, so that one hash stands for the frames.
    package static func decode(_ bytes: [UInt8]) -> [OutputFrame]? {
        var frames: [OutputFrame] = []
        guard walk(bytes, { frames.append($0) }) != nil else { return nil }
        return frames
    }

    /// How many bytes of output the frames describe, without making a list of them, which could be many times as large.
    /// Nil if the bytes are not frames, or one of them is of nothing: no agent writes such a one.
    package static func describedBytes(_ bytes: [UInt8]) -> Int? {
        var hasEmpty = false
        guard let total = walk(bytes, { hasEmpty = hasEmpty || $0.length == 0 }), !hasEmpty else { return nil }
        return total
    }

    /// Gives each frame in turn, without making a list of them. False if the bytes are not frames: then those before the
    /// fault have been given.
    @discardableResult
    package static func forEach(_ bytes: [UInt8], _ body: (OutputFrame) -> Void) -> Bool {
        walk(bytes, body) != nil
    }

    /// Gives each frame, and then the sum of their lengths; nil as soon as something is no frame.
    private static func walk(_ bytes: [UInt8], _ body: (OutputFrame) -> Void) -> Int? {
        guard bytes.first == version else { return nil }
        var index = 1
        var last: Int64 = 0
        var total: UInt64 = 0
        while index < bytes.count {
            let flags = bytes[index]
            index += 1
            guard flags < 4, let length = readVarint(bytes, &index), length < 1 << 40 else { return nil }
            // No overflow: both are below 2^40.
            total += length
            guard total < 1 << 40 else { return nil }
            var time: Timestamp?
            if flags & 2 != 0 {
                guard let zigzag = readVarint(bytes, &index) else { return nil }
                last = last &+ (Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1))
                time = Timestamp(nanoseconds: last)
            }
            body(OutputFrame(stream: flags & 1 == 0 ? .stdout : .stderr, time: time, length: Int(length)))
        }
        return Int(total)
    }

    private static func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func readVarint(_ bytes: [UInt8], _ index: inout Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard shift < 63 || (shift == 63 && byte <= 1) else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            // A last byte of 0 adds nothing: the number has a shorter form, which is the one that counts.
            if byte < 0x80 { return byte == 0 && shift > 0 ? nil : value }
            shift += 7
        }
        return nil
    }
}

/// The captured output of one container: its last bytes, the frames that they consist of, and what is said of them.
package struct CapturedTail: Hashable, Sendable {
    /// Raw bytes from a container: an attacker's words. Show them only through the escaping of the place.
    package var bytes: [UInt8]
    package var frames: [OutputFrame]
    package var summary: OutputSummary

    package init(bytes: [UInt8], frames: [OutputFrame], summary: OutputSummary) {
        self.bytes = bytes
        self.frames = frames
        self.summary = summary
    }

    /// Nothing could be read, and why.
    package static func lost(_ note: String) -> CapturedTail {
        let none = OutputFrameCoding.encode([])
        return CapturedTail(
            bytes: [], frames: [],
            summary: OutputSummary(
                bytes: 0, truncated: true, lossy: true, streams: [], sha256: Digest(of: []),
                framesSHA256: Digest(of: none), pinnedBy: .none, note: note))
    }
}
