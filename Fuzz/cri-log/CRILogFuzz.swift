// SPDX-License-Identifier: Apache-2.0
import SessionRecords

@testable import TailCapture

/// Read backwards in blocks and bounded, a log gives what its lines give when they are read one after the other; with
/// less to keep it gives the end of that.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let log = Array(UnsafeBufferPointer(start: data, count: size))
    let forwards = content(of: log)
    let tail = TailReader.read(bytes: log)
    precondition(tail.bytes.elementsEqual(forwards.suffix(TailLimits.standard.bytes)), "the tail is another one")
    check(tail, within: TailLimits.standard)
    guard let limits = try? TailLimits(bytes: TailLimits.allowedBytes.lowerBound) else { return 0 }
    let short = TailReader.read(bytes: log, limits: limits)
    precondition(forwards.suffix(short.bytes.count).elementsEqual(short.bytes), "the short tail is no end of the log")
    check(short, within: limits)
    return 0
}

/// What the lines hold, in their order.
private func content(of log: [UInt8]) -> [UInt8] {
    var content: [UInt8] = []
    var rest = log[...]
    while !rest.isEmpty {
        let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
        let line = Array(rest[rest.startIndex..<end])
        if let record = try? CRILogLine(line) {
            precondition(record.contentOffset <= line.count, "the content begins behind the line's end")
            content += line[record.contentOffset...]
            if !record.isPartial, end < rest.endIndex { content.append(0x0A) }
        }
        rest = end < rest.endIndex ? rest[(end + 1)...] : []
    }
    return content
}

private func check(_ tail: CapturedTail, within limits: TailLimits) {
    precondition(tail.bytes.count <= limits.bytes, "more was kept than allowed")
    precondition(tail.frames.reduce(0) { $0 + $1.length } == tail.bytes.count, "the frames do not cover the output")
    precondition(OutputFrameCoding.decode(OutputFrameCoding.encode(tail.frames)) == tail.frames, "the frames are none")
    if let total = tail.summary.totalBytes {
        precondition(total >= tail.bytes.count, "less was printed than was kept")
        precondition(tail.summary.truncated == (total > tail.bytes.count), "truncated or not?")
    } else {
        precondition(tail.summary.truncated || tail.summary.lossy, "what is missing is not said")
    }
}
