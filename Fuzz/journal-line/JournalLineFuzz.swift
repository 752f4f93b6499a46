// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

@testable import JournalSource

/// A line of anybody's making says the same each time it is read, within bounds; a message that is quoted as logrus quotes
/// it is read back as it was; a stored position is refused or survives.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let units = ["containerd.service", "crio.service", "kubelet.service", "k3s.service"]
    var origins = units.map { JournalEntry.Origin.unit($0) } + [.kernel, .manager(unit: "containerd.service")]
    origins.append(.loss(messageID: JournalMessage.dropped, unit: nil, count: size))
    var translator = JournalTranslator(units: JournalUnits(units), sandboxes: 2, containers: 2)
    // As a line, and as the message of one.
    for message in [bytes, line(bytes)] {
        for origin in origins {
            let entry = JournalEntry(origin: origin, message: message, received: Timestamp(nanoseconds: 1))
            let first = JournalTranslator.lines(of: entry)
            let second = JournalTranslator.lines(of: entry)
            precondition(first == second, "read twice, differently")
            precondition(first.0.count <= 2, "more statements than a line can make")
            translator.learn(entry)
            for fact in translator.take(entry).facts + translator.describeWanted() {
                guard case .container(let description) = fact else { continue }
                for name in [description.container, description.pod, description.namespace] {
                    precondition((name ?? "").utf8.count <= 253, "a name without bound")
                }
            }
        }
        translator.giveUpWanted()
    }
    if let text = String(validating: bytes, as: UTF8.self) {
        let read = LogrusLine(line(bytes)[...])
        precondition(bytes.isEmpty || read?.message == bytes, "a message is lost on its way through quotes")
        if let position = JournalPosition(text) {
            precondition(JournalPosition(position.text) == position, "a position is lost on its way to text and back")
        }
    }
    return 0
}

/// The bytes as the message of a line, quoted as Go quotes them.
private func line(_ message: [UInt8]) -> [UInt8] {
    var line = Array("time=\"2026-11-21T08:19:28.2Z\" level=info msg=\"".utf8)
    for byte in message {
        switch byte {
        case 34, 92: line += [92, byte]
        case 10: line += Array("\\n".utf8)
        case 0..<32, 127: line += Array("\\x0".utf8.dropLast(byte < 16 ? 0 : 1)) + Array(String(byte, radix: 16).utf8)
        default: line.append(byte)
        }
    }
    return line + [34]
}
