// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// One part of an output, cut into lines with their stream and time; parts are what a page can hold.
///
/// Only the lines of that part are kept: four million empty lines must not become four million values.
struct Transcript {
    /// One line, or a piece of a line that is very long or into which the other stream came.
    struct Line {
        /// From 1, in the whole output.
        let number: Int
        let stream: OutputStream
        let time: Timestamp?
        let bytes: ArraySlice<UInt8>
        /// The line goes on in the next one.
        let goesOn: Bool
    }

    /// Lines and bytes that one part holds at most; longer lines are cut.
    static let partLines = 2000
    static let partBytes = 128 << 10
    static let lineBytes = 16 << 10

    /// Of the part.
    let lines: [Line]
    /// Which part it is, from 1.
    let part: Int
    /// How many parts and lines there are.
    let parts: Int
    let total: Int

    /// - Parameter part: from 1; the last where it is nil or beyond.
    init(bytes: [UInt8], frames: [UInt8], part: Int?) {
        var scan = TranscriptScan(bytes: bytes, wanted: part ?? .max)
        OutputFrameCoding.forEach(frames) { scan.take($0) }
        // What no frame covers counts as standard output of an unknown time: every byte is shown.
        scan.take(OutputFrame(stream: .stdout, time: nil, length: bytes.count))
        scan.finish()
        lines = scan.kept
        self.part = scan.keptPart
        parts = scan.part
        total = scan.count
    }
}

/// Goes through an output once, frame by frame.
private struct TranscriptScan {
    let bytes: [UInt8]
    let wanted: Int
    var kept: [Transcript.Line] = []
    var keptPart = 1
    var part = 1
    var count = 0
    private var index = 0
    private var lines = 0
    private var size = 0
    private var open: (stream: OutputStream, time: Timestamp?, begin: Int)?

    init(bytes: [UInt8], wanted: Int) {
        self.bytes = bytes
        self.wanted = max(1, wanted)
    }

    mutating func take(_ frame: OutputFrame) {
        let end = index + min(max(0, frame.length), bytes.count - index)
        if let line = open, line.stream != frame.stream, index < end { close(at: index, goesOn: true) }
        while index < end {
            let begin = open?.begin ?? index
            if open == nil { open = (frame.stream, frame.time, index) }
            let border = min(end, begin + Transcript.lineBytes)
            if let feed = bytes[index..<border].firstIndex(of: 0x0A) {
                index = feed + 1
                close(at: index, goesOn: false)
            } else {
                index = border
                guard index - begin >= Transcript.lineBytes else { continue }
                // A line that ends just here does not go on.
                let isEnd = index < end && bytes[index] == 0x0A
                if isEnd { index += 1 }
                close(at: index, goesOn: !isEnd)
            }
        }
    }

    mutating func finish() {
        close(at: index, goesOn: false)
    }

    private mutating func close(at end: Int, goesOn: Bool) {
        guard let line = open else { return }
        open = nil
        count += 1
        var text = bytes[line.begin..<end]
        if text.last == 0x0A {
            text.removeLast()
            if text.last == 0x0D { text.removeLast() }
        }
        if lines >= Transcript.partLines || (lines > 0 && size + text.count > Transcript.partBytes) {
            part += 1
            (lines, size) = (0, 0)
        }
        lines += 1
        size += text.count
        // Until the wanted part has come, the newest one may be the last.
        guard part <= wanted else { return }
        if part != keptPart {
            kept.removeAll(keepingCapacity: true)
            keptPart = part
        }
        kept.append(
            Transcript.Line(number: count, stream: line.stream, time: line.time, bytes: text, goesOn: goesOn))
    }
}
