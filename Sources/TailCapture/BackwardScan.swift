// SPDX-License-Identifier: Apache-2.0
import CSystemCalls
import Glibc
import SessionRecords

/// Reads log files from their ends backwards, in blocks, and puts the records into a `TailAssembly`.
///
/// A block ends where the next line to be read ends, so that a line that crosses the block's beginning is read again as
/// part of the block before it. A line longer than a block is measured block by block; then only its header and the
/// part of it that is kept are read. Every byte read counts against the budget.
struct BackwardScan {
    enum Stop: Hashable {
        /// The file's first byte was reached.
        case start
        /// The assembly is full, and there is more before it.
        case full
        /// The budget is used up.
        case limit
        /// The budget ended inside one line.
        case lineTooLong
        /// The file became shorter while it was read.
        case shrank
        /// The newest record of this file is not older than what was read before: it is the same file again.
        case repeated
    }

    private static let blockBytes = 64 * 1024

    var assembly: TailAssembly
    private(set) var malformed = 0
    private(set) var budget: Int
    private var times = LogTimeReader()
    private let block: UnsafeMutableRawBufferPointer

    /// `block` is scratch space that outlives the scan.
    private init(assembly: TailAssembly, budget: Int, block: UnsafeMutableRawBufferPointer) {
        self.assembly = assembly
        self.budget = budget
        self.block = block
    }

    /// Makes a scan, lets `body` use it, and frees its block.
    static func with<Value>(capacity: Int, budget: Int, _ body: (inout BackwardScan) -> Value) -> Value {
        // At least four blocks fit into the budget, so that a small N is not spent on the first read.
        let size = max(1024, min(blockBytes, budget / 4))
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { block.deallocate() }
        var scan = BackwardScan(assembly: TailAssembly(capacity: capacity), budget: budget, block: block)
        return body(&scan)
    }

    /// Something outside the scan read this much on its behalf.
    mutating func spend(_ bytes: Int) {
        budget = max(0, budget - bytes)
    }

    mutating func scan(_ source: LogSource) -> Stop {
        var end = source.size
        var mayRepeat = source.mayRepeat && assembly.oldest != nil
        while end > 0 {
            if assembly.isFull { return .full }
            let length = Int(min(Int64(block.count), end, Int64(budget)))
            guard length > 0 else { return .limit }
            let start = end - Int64(length)
            guard fill(length, source, at: start) else { return .shrank }
            let bytes = UnsafeRawBufferPointer(rebasing: block[0..<length])
            var position = length
            while position > 0 {
                let isTerminated = bytes[position - 1] == 0x0A
                let lineEnd = isTerminated ? position - 1 : position
                let lineStart: Int
                if let newline = Self.lastNewline(in: bytes, before: lineEnd) {
                    lineStart = newline + 1
                } else if start == 0 {
                    lineStart = 0
                } else {
                    break
                }
                if assembly.isFull { return .full }
                let line = UnsafeRawBufferPointer(rebasing: bytes[lineStart..<lineEnd])
                if take(line, isTerminated: isTerminated, mayRepeat: &mayRepeat) { return .repeated }
                position = lineStart
            }
            if position == length {
                let isTerminated = bytes[length - 1] == 0x0A
                let lineEnd = end - (isTerminated ? 1 : 0)
                switch takeLong(source, end: lineEnd, searched: start, isTerminated, mayRepeat: &mayRepeat) {
                case .next(let lineStart): end = lineStart
                case .stop(let reason): return reason
                }
            } else {
                end = start + Int64(position)
            }
        }
        return .start
    }

    /// A line within the block. True if it shows that the file was read before.
    private mutating func take(
        _ line: UnsafeRawBufferPointer, isTerminated: Bool, mayRepeat: inout Bool
    ) -> Bool {
        guard case .success(let record) = CRILogLine.read(line, times: &times) else {
            malformed += 1
            return false
        }
        if mayRepeat {
            mayRepeat = false
            if repeats(record) { return true }
        }
        let contentBytes = line.count - record.contentOffset
        // An `F` without LF is a line that the runtime had not finished writing: its newline is not claimed.
        _ = assembly.prepend(record, contentBytes: Int64(contentBytes), newline: !record.isPartial && isTerminated) {
            $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: line[(line.count - $0.count)...]))
            return true
        }
        return false
    }

    private enum LongLine {
        case next(end: Int64)
        case stop(Stop)
    }

    /// A line that does not fit into a block: it ends before `end` and begins before `start`, down to which there is no
    /// other LF.
    private mutating func takeLong(
        _ source: LogSource, end: Int64, searched start: Int64, _ isTerminated: Bool, mayRepeat: inout Bool
    ) -> LongLine {
        var searched = start
        var lineStart: Int64 = 0
        while searched > 0 {
            let length = Int(min(Int64(block.count), searched, Int64(budget)))
            guard length > 0 else { return .stop(.lineTooLong) }
            guard fill(length, source, at: searched - Int64(length)) else { return .stop(.shrank) }
            let bytes = UnsafeRawBufferPointer(rebasing: block[0..<length])
            if let newline = Self.lastNewline(in: bytes, before: length) {
                lineStart = searched - Int64(length) + Int64(newline) + 1
                break
            }
            searched -= Int64(length)
        }
        let headLength = Int(min(Int64(CRILogLine.headerBytes), end - lineStart))
        guard headLength <= budget else { return .stop(.lineTooLong) }
        guard fill(headLength, source, at: lineStart) else { return .stop(.shrank) }
        let head = UnsafeRawBufferPointer(rebasing: block[0..<headLength])
        guard case .success(let record) = CRILogLine.read(head, times: &times) else {
            malformed += 1
            return .next(end: lineStart)
        }
        if mayRepeat {
            mayRepeat = false
            if repeats(record) { return .stop(.repeated) }
        }
        let contentBytes = end - lineStart - Int64(record.contentOffset)
        guard Int64(budget) >= min(contentBytes, Int64(assembly.remaining)) else { return .stop(.lineTooLong) }
        var spent = 0
        let copied = assembly.prepend(
            record, contentBytes: contentBytes, newline: !record.isPartial && isTerminated
        ) {
            spent = $0.count
            return source.read(into: $0, at: end - Int64($0.count)) == $0.count
        }
        spend(spent)
        return copied ? .next(end: lineStart) : .stop(.shrank)
    }

    private func repeats(_ record: CRILogLine) -> Bool {
        guard let time = record.time, let oldest = assembly.oldest else { return false }
        return time >= oldest
    }

    private mutating func fill(_ length: Int, _ source: LogSource, at offset: Int64) -> Bool {
        spend(length)
        return source.read(into: UnsafeMutableRawBufferPointer(rebasing: block[0..<length]), at: offset) == length
    }

    private static func lastNewline(in bytes: UnsafeRawBufferPointer, before end: Int) -> Int? {
        guard let base = bytes.baseAddress, let found = lastword_last_byte(base, 0x0A, end) else { return nil }
        return found - base
    }
}
