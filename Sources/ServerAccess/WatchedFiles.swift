// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Something that is made of a few small files, and made anew when one of them has changed: rotated tokens and certificates
/// come into effect with the next use.
package final class WatchedFiles<Value: Sendable>: Sendable {
    /// What shows that a file is another one, or has been written to.
    private struct Stamp: Hashable {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        var size: Int64 = 0
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0

        /// By path: what the kubelet replaces is a symlink on the way.
        init(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return }
            (device, inode, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
            (seconds, nanoseconds) = (Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec))
        }
    }

    private let paths: [String]
    private let read: @Sendable () throws -> Value
    private let state = Mutex<(value: Value, stamps: [Stamp])?>(nil)

    /// - Parameter read: makes the value of the files at `paths`.
    package init(_ paths: [String], read: @escaping @Sendable () throws -> Value) {
        self.paths = paths
        self.read = read
    }

    /// The value as the files are now. Throws what `read` throws: what cannot be read any more is not used any more, since a
    /// removed token is meant to be gone.
    package func current() throws -> Value {
        // Taken before reading: a change in between is then seen the next time.
        let stamps = paths.map(Stamp.init)
        if let kept = state.withLock({ $0 }), kept.stamps == stamps { return kept.value }
        do {
            let value = try read()
            state.withLock { $0 = (value, stamps) }
            return value
        } catch {
            invalidate()
            throw error
        }
    }

    /// The server refused what was made of them: read again before the next use, whatever the files look like.
    package func invalidate() {
        state.withLock { $0 = nil }
    }
}
