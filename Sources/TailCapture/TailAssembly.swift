// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// The kept bytes while they are found from the end backwards: a buffer filled downwards, and the frames in reverse.
struct TailAssembly {
    private var storage: [UInt8]
    /// Everything from here on is filled; also what may still be taken.
    private(set) var remaining: Int
    private var reversedFrames: [OutputFrame] = []
    /// Bytes of the oldest record that did not fit any more.
    private(set) var cutBytes: Int64 = 0
    /// The time of the oldest record so far that had one.
    private(set) var oldest: Timestamp?
    /// Records seen, those without a byte included.
    private(set) var records = 0

    /// `capacity` is N, or less where less is to be had.
    init(capacity: Int) {
        storage = [UInt8](repeating: 0, count: capacity)
        remaining = capacity
    }

    var isFull: Bool { remaining == 0 }
    var count: Int { storage.count - remaining }

    /// Puts a record before all others. `copy` is asked for the last bytes of its content, as many as its buffer has,
    /// and says whether it could give them.
    mutating func prepend(
        _ line: CRILogLine, contentBytes: Int64, newline: Bool, copy: (UnsafeMutableRawBufferPointer) -> Bool
    ) -> Bool {
        let newlineBytes = newline ? 1 : 0
        let kept = Int(min(contentBytes, Int64(max(0, remaining - newlineBytes))))
        let length = kept + min(newlineBytes, remaining)
        let start = remaining - length
        let copied = storage.withUnsafeMutableBytes { all in
            if newline, remaining > 0 { all[remaining - 1] = 0x0A }
            return kept == 0 || copy(UnsafeMutableRawBufferPointer(rebasing: all[start..<(start + kept)]))
        }
        guard copied else { return false }
        remaining = start
        cutBytes += contentBytes - Int64(kept) + Int64(newlineBytes) - Int64(length - kept)
        if length > 0 {
            reversedFrames.append(OutputFrame(stream: line.stream, time: line.time, length: length))
        }
        if let time = line.time { oldest = time }
        records += 1
        return true
    }

    func finish() -> (bytes: [UInt8], frames: [OutputFrame]) {
        (Array(storage[remaining...]), reversedFrames.reversed())
    }
}
