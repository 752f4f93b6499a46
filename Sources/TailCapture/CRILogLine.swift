// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SessionRecords

/// What stands before the content in one line of a container log:
/// `<RFC 3339 time> SP <stdout|stderr> SP <tag>[:<tag>…] SP <content>`, as the kubelet's
/// `staging/src/k8s.io/cri-client/pkg/logs/logs.go` reads it.
///
/// The content is everything behind the third space, any bytes but LF; it may be empty. The first tag says whether the
/// record is partial (`P`) or ends with a newline of the output (`F`); further tags are ignored.
package struct CRILogLine: Hashable, Sendable {
    /// Why a line is none.
    package enum Malformation: String, Error, Hashable, Sendable {
        case time = "no time"
        case stream = "no stream"
        case tag = "no tag"
        case unfinished = "ends before the content"
    }

    /// Time, stream and tags are looked for in this many bytes; a header that needs more is malformed. A real one has
    /// at most 46.
    package static let headerBytes = 256

    /// Nil where the time has the form of one and cannot be told.
    package let time: Timestamp?
    package let stream: OutputStream
    /// A piece of a longer output line: no newline follows its content.
    package let isPartial: Bool
    /// Where the content begins in the line.
    package let contentOffset: Int

    /// Reads one line without its LF, or at least its first `headerBytes`.
    package init(_ line: [UInt8]) throws(Malformation) {
        var times = LogTimeReader()
        let result: Result<CRILogLine, Malformation> = line.withUnsafeBytes { bytes in
            Self.read(bytes, times: &times)
        }
        self = try result.get()
    }

    private init(time: Timestamp?, stream: OutputStream, isPartial: Bool, contentOffset: Int) {
        self.time = time
        self.stream = stream
        self.isPartial = isPartial
        self.contentOffset = contentOffset
    }

    /// The same on borrowed bytes; `times` carries the last date from line to line.
    static func read(_ line: UnsafeRawBufferPointer, times: inout LogTimeReader) -> Result<CRILogLine, Malformation> {
        let limit = min(line.count, headerBytes)
        let head = UnsafeRawBufferPointer(rebasing: line[0..<limit])
        guard let timeEnd = space(in: head, from: 0) else { return .failure(.time) }
        let time: Timestamp?
        switch times.read(UnsafeRawBufferPointer(rebasing: head[0..<timeEnd])) {
        case .moment(let moment): time = moment
        case .unreadable: time = nil
        case .malformed: return .failure(.time)
        }
        let streamStart = timeEnd + 1
        // Both names have six letters.
        guard head.count > streamStart + 6, head[streamStart + 6] == 0x20 else { return .failure(.stream) }
        let name = UnsafeRawBufferPointer(rebasing: head[streamStart..<(streamStart + 6)])
        let stream: OutputStream
        if equal(name, "stdout") {
            stream = .stdout
        } else if equal(name, "stderr") {
            stream = .stderr
        } else {
            return .failure(.stream)
        }
        let tagStart = streamStart + 7
        guard tagStart < head.count else { return .failure(.tag) }
        guard let tagEnd = space(in: head, from: tagStart) else { return .failure(.unfinished) }
        let letter = head[tagStart]
        guard letter == UInt8(ascii: "P") || letter == UInt8(ascii: "F"),
            tagEnd == tagStart + 1 || head[tagStart + 1] == UInt8(ascii: ":")
        else { return .failure(.tag) }
        return .success(
            CRILogLine(
                time: time, stream: stream, isPartial: letter == UInt8(ascii: "P"), contentOffset: tagEnd + 1))
    }

    private static func space(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, 0x20, bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private static func equal(_ bytes: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        guard let base = bytes.baseAddress, bytes.count == name.utf8CodeUnitCount else { return false }
        return memcmp(base, name.utf8Start, bytes.count) == 0
    }
}
