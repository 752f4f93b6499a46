// SPDX-License-Identifier: Apache-2.0
import SessionRecords

@testable import TailCapture

/// A time that is read writes itself so that it is read again as the same; a log's reader of times says the same as it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let time = Timestamp(rfc3339: bytes[...])
    if let time {
        precondition(Timestamp(rfc3339: time.description) == time, "a time is lost on its way to text and back")
    }
    var reader = LogTimeReader()
    let readings = bytes.withUnsafeBytes { raw in [reader.read(raw), reader.read(raw)] }
    precondition(readings[0] == readings[1], "the log's reader reads the same time twice and differently")
    switch readings[0] {
    case .moment(let moment): precondition(moment == time, "the log's reader reads another time")
    case .unreadable, .malformed: precondition(time == nil, "the log's reader does not read a time")
    }
    return 0
}
