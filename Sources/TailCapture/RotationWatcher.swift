// SPDX-License-Identifier: Apache-2.0
import CSystemCalls
import Glibc
import Synchronization

/// inotify on the directories of pinned logs: one descriptor for all, another to wake whoever waits.
///
/// A directory is watched through the descriptor by which it was found, so that nothing can stand in its place by then.
final class RotationWatcher: Sendable {
    /// Nil where the kernel gave none (its limit of instances): then polling alone sees rotations.
    private let inotify: OpenFile?
    private let wake: OpenFile?
    private let isStopped = Atomic(false)

    struct Events {
        /// Watches with something to see.
        var watches: Set<Int32> = []
        /// Watches that the kernel ended: the directory is gone.
        var ended: Set<Int32> = []
        /// Events were lost: look everywhere.
        var overflowed = false
        var stopped = false
    }

    private static let interest =
        UInt32(IN_CREATE) | UInt32(IN_MOVED_FROM) | UInt32(IN_MOVED_TO) | UInt32(IN_DELETE) | UInt32(IN_ONLYDIR)

    init() {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        inotify = descriptor >= 0 ? OpenFile(owning: descriptor) : nil
        let event = lastword_eventfd()
        wake = event >= 0 ? OpenFile(owning: event) : nil
    }

    /// The watch of a directory, the same for the same directory; nil if it cannot be watched.
    func watch(_ directory: OpenFile) -> Int32? {
        guard let inotify else { return nil }
        let watch = inotify_add_watch(
            inotify.descriptor, "/proc/self/fd/\(directory.descriptor)", Self.interest)
        return watch >= 0 ? watch : nil
    }

    func forget(_ watch: Int32) {
        guard let inotify else { return }
        // Fails if the directory is gone, and the watch with it.
        inotify_rm_watch(inotify.descriptor, watch)
    }

    /// Ends the present and all later waits.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        guard let wake else { return }
        var one: UInt64 = 1
        // Can fail only if the counter is full, which wakes as well.
        _ = write(wake.descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Waits for events, for `stop`, or for so many milliseconds.
    func wait(milliseconds: Int32) -> Events {
        var descriptors = [
            pollfd(fd: wake?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: inotify?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        var events = Events()
        // Interrupted or out of time is the same: nothing seen.
        let count = poll(&descriptors, 2, max(0, milliseconds))
        // Heard also where there was no descriptor left to wake by, if later.
        events.stopped = isStopped.load(ordering: .acquiring)
        guard count > 0 else { return events }
        if descriptors[1].revents != 0 { drain(into: &events) }
        return events
    }

    private func drain(into events: inout Events) {
        guard let inotify else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 8)
        defer { buffer.deallocate() }
        let header = MemoryLayout<inotify_event>.size
        while true {
            let count = Glibc.read(inotify.descriptor, buffer.baseAddress, buffer.count)
            guard count > 0 else { return }
            var offset = 0
            while offset + header <= count {
                let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
                    events.overflowed = true
                } else if event.mask & UInt32(IN_IGNORED) != 0 {
                    events.ended.insert(event.wd)
                } else {
                    events.watches.insert(event.wd)
                }
                offset += header + Int(event.len)
            }
        }
    }
}
