// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// What `logs` prints of a captured output.
package struct OutputText: Hashable, Sendable {
    /// Nil: both streams, in the order of the log.
    package var stream: OutputStream?
    /// Each line begins with the time at which the runtime wrote down its beginning, `-` if that is unknown.
    package var timestamps = false
    /// The bytes as they are, not made safe.
    package var raw = false
    /// Only the last so many lines.
    package var tail: Int?

    package init() {}

    /// A piece of one line, or a whole one: what one frame holds up to a line feed.
    private struct Piece {
        var stream: OutputStream
        var time: Timestamp?
        var bytes: ArraySlice<UInt8>
    }

    package func render(_ captured: CapturedTail) -> [UInt8] {
        var pieces = pieces(of: captured)
        if let stream { pieces.removeAll { $0.stream != stream } }
        if let tail { pieces = Self.last(tail, of: pieces) }
        guard timestamps else { return shown(pieces.flatMap(\.bytes)) }
        return withTimes(pieces)
    }

    private func shown(_ bytes: [UInt8]) -> [UInt8] {
        raw ? bytes : TerminalText.output(bytes)
    }

    /// Cuts the bytes by frames and line feeds. Where frames and bytes disagree, as they may in a damaged store, every
    /// byte is still shown: what no frame covers counts as standard output of an unknown time.
    private func pieces(of captured: CapturedTail) -> [Piece] {
        var pieces: [Piece] = []
        var index = 0
        let bytes = captured.bytes
        let rest = OutputFrame(stream: .stdout, time: nil, length: bytes.count)
        for frame in captured.frames + [rest] {
            let end = index + min(max(0, frame.length), bytes.count - index)
            while index < end {
                let feed = bytes[index..<end].firstIndex(of: 0x0A)
                let next = feed.map { $0 + 1 } ?? end
                pieces.append(Piece(stream: frame.stream, time: frame.time, bytes: bytes[index..<next]))
                index = next
            }
        }
        return pieces
    }

    /// Keeps the pieces of the last `count` lines; each stream has lines of its own, and a line that has not ended
    /// counts.
    private static func last(_ count: Int, of pieces: [Piece]) -> [Piece] {
        var lines = 0
        var open: Set<OutputStream> = []
        var kept: [Piece] = []
        for piece in pieces.reversed() {
            // From behind, a line begins with its end: a line feed, or the stream's last bytes.
            if piece.bytes.last == 0x0A || !open.contains(piece.stream) {
                guard lines < count else {
                    // What is left may still be the beginning of a kept line of the other stream.
                    open.remove(piece.stream)
                    if open.isEmpty { break }
                    continue
                }
                lines += 1
                open.insert(piece.stream)
            }
            kept.append(piece)
        }
        return kept.reversed()
    }

    private func withTimes(_ pieces: [Piece]) -> [UInt8] {
        var result: [UInt8] = []
        var text: [UInt8] = []
        var unfinished: Set<OutputStream> = []
        var last: OutputStream?
        for piece in pieces {
            if !unfinished.contains(piece.stream) || last != piece.stream {
                result += shown(text)
                text = []
                // The other stream's line has not ended: begin a new one, so that times stand in the first column.
                if result.last != nil, result.last != 0x0A { result.append(0x0A) }
                result += Array((piece.time?.description ?? "-").utf8) + [0x20]
            }
            text += piece.bytes
            last = piece.stream
            if piece.bytes.last == 0x0A {
                unfinished.remove(piece.stream)
            } else {
                unfinished.insert(piece.stream)
            }
        }
        return result + shown(text)
    }
}
