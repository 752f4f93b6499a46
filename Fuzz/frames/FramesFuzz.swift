// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Bytes that are frames have one form only: what was decoded encodes to the same bytes, so that their hash is theirs.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    guard let frames = OutputFrameCoding.decode(bytes) else { return 0 }
    precondition(OutputFrameCoding.encode(frames) == bytes, "decoded frames encode to other bytes")
    let total = frames.reduce(0) { $0 + $1.length }
    precondition(total < 1 << 40, "frames describe more output than there can be")
    return 0
}
