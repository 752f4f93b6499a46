// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import Synchronization

/// The reader of our output went away (`lastword list | head -1`): the command ends there, and that is no error.
struct ClosedPipe: Error {}

/// Where bytes go: a descriptor or, in tests, memory. Gathers up to `capacity` bytes before it passes them on.
package final class OutputSink: Sendable {
    private let pending = Mutex<[UInt8]>([])
    private let capacity: Int
    private let send: @Sendable ([UInt8]) throws -> Void

    /// `capacity` 0 passes everything on at once.
    package init(capacity: Int, send: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.capacity = capacity
        self.send = send
    }

    /// Throws `ClosedPipe`, or a `LastwordError` for a full disk and the like.
    package static func descriptor(_ descriptor: Int32, capacity: Int) -> OutputSink {
        OutputSink(capacity: capacity) { try write($0, to: descriptor) }
    }

    package func write(_ bytes: [UInt8]) throws {
        try pending.withLock { pending in
            pending.append(contentsOf: bytes)
            guard pending.count > capacity else { return }
            let chunk = pending
            pending = []
            try send(chunk)
        }
    }

    package func flush() throws {
        try pending.withLock { pending in
            guard !pending.isEmpty else { return }
            let chunk = pending
            pending = []
            try send(chunk)
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE: throw ClosedPipe()
            case EAGAIN:
                // Somebody before us left the terminal non-blocking.
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&request, 1, -1)
            default:
                throw LastwordError(
                    code: "cli.output", message: "cannot write the output: \(String(cString: strerror(errno)))",
                    remedy: errno == ENOSPC ? "make room where it is written to" : nil)
            }
        }
    }
}
