// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Makes the `CapturedTail` of a container from the files of its log, read backwards from the end (`design.md` §4).
///
/// The kept bytes are a suffix of what the log says the container printed: the contents of all records in the order of
/// the log, `P` pieces as they are, each `F` with its newline, an unfinished last line without one. Each record is a
/// frame, so a line of several `P` pieces has several frames; the first frame may be the end of a record that N cut
/// into. The cost depends on N: at most `TailLimits.scanBytes` are read, whatever the files hold.
///
/// Nothing is thrown: what could not be read stands in the summary's `truncated`, `lossy` and `note`.
package enum TailReader {
    /// A gzipped file is unpacked in memory as a whole; beyond this it is left alone, whatever N is.
    static let unpackedBytes = 16 * 1024 * 1024

    /// Everything that is known of the sources besides their bytes.
    struct Context {
        /// The oldest source begins with the container's first record.
        var beginningKnown: Bool
        var pinnedBy: PinnedBy
        /// Something in the kept range is known to be missing.
        var lossy = false
        var notes: [String] = []

        init(beginningKnown: Bool, pinnedBy: PinnedBy) {
            self.beginningKnown = beginningKnown
            self.pinnedBy = pinnedBy
        }
    }

    /// One log in memory, from its first record on. Pure: this is what a fuzzer calls.
    package static func read(
        bytes: [UInt8], limits: TailLimits = .standard, pinnedBy: PinnedBy = .unpinned
    ) -> CapturedTail {
        read(
            [LogSource(bytes: bytes)], limits: limits,
            context: Context(beginningKnown: true, pinnedBy: pinnedBy))
    }

    /// The files of one log, newest first.
    static func read(_ sources: [LogSource], limits: TailLimits, context: Context) -> CapturedTail {
        let mayUnpack = sources.contains { if case .gzip = $0.content { true } else { false } }
        let known = sources.reduce(Int64(0)) { $0.addingReportingOverflow($1.size).partialValue }
        let capacity = mayUnpack ? limits.bytes : Int(max(0, min(known, Int64(limits.bytes))))
        return BackwardScan.with(capacity: capacity, budget: limits.scanBytes) { scan in
            var context = context
            // Whether something before the kept bytes was left unread.
            var unread = false
            for source in sources where source.size > 0 {
                if scan.assembly.isFull || unread {
                    unread = true
                    break
                }
                switch visit(source, &scan, &context) {
                case .start, .repeated: break
                case .full: unread = true
                case .limit:
                    unread = true
                    context.notes.append("not read beyond \(limits.scanBytes) bytes of log")
                case .lineTooLong:
                    unread = true
                    context.notes.append(
                        "a log line before the kept bytes is longer than what may be read (\(limits.scanBytes) bytes)")
                case .shrank:
                    unread = true
                    context.lossy = true
                    context.notes.append("\(source.name) became shorter while it was read")
                case nil: unread = true
                }
            }
            return summarize(scan, sources, context, unread: unread)
        }
    }

    /// Nil where a packed file could not be unpacked; the note says why.
    private static func visit(
        _ source: LogSource, _ scan: inout BackwardScan, _ context: inout Context
    ) -> BackwardScan.Stop? {
        guard case .gzip = source.content else { return scan.scan(source) }
        switch GzipReader.unpack(source, limit: min(scan.budget, unpackedBytes)) {
        case .unpacked(let bytes, let cost):
            // The scan counts the unpacked bytes again as it reads them; what is left must pay for both.
            scan.spend(cost)
            return scan.scan(source.unpacked(bytes))
        case .tooLarge:
            context.notes.append("\(source.name) is too large to be unpacked")
        case .damaged:
            context.notes.append("\(source.name) is damaged")
        }
        return nil
    }

    private static func summarize(
        _ scan: borrowing BackwardScan, _ sources: [LogSource], _ context: Context, unread: Bool
    ) -> CapturedTail {
        var notes = context.notes
        let (bytes, frames) = scan.assembly.finish()
        let lossy = context.lossy || scan.malformed > 0
        if scan.malformed > 0 { notes.append("\(scan.malformed) malformed log lines left out") }
        if !unread, !context.beginningKnown { notes.append("older output may have been rotated away") }
        var summary = OutputSummary(
            bytes: bytes.count, truncated: unread || scan.assembly.cutBytes > 0 || !context.beginningKnown,
            lossy: lossy, streams: Set(frames.map(\.stream.rawValue)).sorted(), sha256: Digest(of: bytes),
            framesSHA256: Digest(of: OutputFrameCoding.encode(frames)), pinnedBy: context.pinnedBy,
            note: notes.isEmpty ? nil : Bounds.clip(notes.joined(separator: "; "), to: Bounds.evidenceValueBytes))
        let (total, overflow) = scan.assembly.cutBytes.addingReportingOverflow(Int64(bytes.count))
        if !unread, context.beginningKnown, !lossy, !overflow {
            summary.totalBytes = Int(total)
        } else {
            summary.logBytes = sources.reduce(Int64(0)) { $0.addingReportingOverflow($1.size).partialValue }
        }
        return CapturedTail(bytes: bytes, frames: frames, summary: summary)
    }

    /// How many of the files, newest first, hold the last N bytes of content between them.
    enum Depth: Hashable {
        case files(Int)
        /// All of them hold only this much, or more could not be had within the limit.
        case insufficient(bytes: Int)
        /// What lies behind these files could not be reached anyway.
        case beyondReach(files: Int)
    }

    static func depth(_ sources: [LogSource], limits: TailLimits) -> Depth {
        BackwardScan.with(capacity: limits.bytes, budget: limits.scanBytes) { scan in
            for (index, source) in sources.enumerated() {
                let stop = scan.scan(source)
                if scan.assembly.isFull { return .files(index + 1) }
                if stop == .limit || stop == .lineTooLong { return .beyondReach(files: index + 1) }
            }
            return .insufficient(bytes: scan.assembly.count)
        }
    }
}
