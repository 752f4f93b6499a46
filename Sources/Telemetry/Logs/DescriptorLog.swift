// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Writes log lines to a pipe, socket or file that the agent does not wait for.
///
/// Behind standard error stands the journal, or the very runtime that is being watched: when it hangs, its pipe fills. What
/// finds no room within `patience` is dropped, and so is what follows at once, until there is room; then a line says how many
/// were. No error is thrown: there is nowhere to tell it.
final class DescriptorLog: Sendable {
    private struct State {
        var isFull = false
        /// A line was begun and not ended.
        var isCut = false
        var dropped = 0
    }

    private let descriptor: Int32
    private let patience: Int32
    private let state = Mutex(State())

    /// Not more than the kernel takes from a writer whom `poll` has told of room (a page of a pipe).
    private static let pieceBytes = 4096

    /// - Parameter patience: milliseconds.
    init(_ descriptor: Int32, patience: Int32 = 50) {
        self.descriptor = descriptor
        self.patience = patience
    }

    func write(_ line: [UInt8]) {
        state.withLock { state in
            if state.isFull {
                guard hasRoom(0) else {
                    state.dropped += 1
                    return
                }
                state.isFull = false
                let notice =
                    (state.isCut ? "\n" : "")
                    + "level=warning msg=\"log lines dropped: nobody took them\" count=\(state.dropped)\n"
                state.isCut = false
                state.dropped = 0
                _ = put(Array(notice.utf8)[...])
            }
            let rest = put(line[...])
            guard !rest.isEmpty else { return }
            state.isFull = true
            state.isCut = rest.count < line.count
            state.dropped += 1
        }
    }

    /// What there was no room for.
    private func put(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = line
        while !rest.isEmpty {
            guard hasRoom(patience) else { return rest }
            let piece = rest.prefix(Self.pieceBytes)
            let written = piece.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            // A reader that is gone: not a matter of room.
            guard written > 0 else { return errno == EAGAIN ? rest : [] }
            rest = rest.dropFirst(written)
        }
        return rest
    }

    private func hasRoom(_ milliseconds: Int32) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let ready = poll(&poller, 1, milliseconds)
            if ready < 0, errno == EINTR { continue }
            return ready > 0
        }
    }
}
