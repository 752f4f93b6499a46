// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Glibc
import SessionRecords
import Synchronization
import TestSupport

/// Notes when the first link to each container's log appears in the pin directory, by inotify: the agent is not asked.
final class PinWatcher: Sendable {
    private let pins = Mutex<[ContainerID: Int64]>([:])
    private let isOver = Atomic(false)
    private let descriptor: Int32
    private let finished = DispatchSemaphore(value: 0)

    /// The directory must be there: the agent makes it at its start.
    init(directory: String) throws {
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0, inotify_add_watch(descriptor, directory, UInt32(IN_CREATE)) >= 0 else {
            throw RigError.system("cannot watch \(directory)")
        }
        // A thread of its own: it must wake at once, whatever the pool of Swift tasks is doing.
        DispatchQueue(label: "lastword-bench.pins", qos: .userInteractive).async { self.watch() }
    }

    /// When the link appeared, by the wall clock in nanoseconds; nil if none has.
    func pinned(_ id: ContainerID) -> Int64? {
        pins.withLock { $0[id] }
    }

    /// Ends the watching.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        finished.wait()
        close(descriptor)
    }

    private func watch() {
        let header = MemoryLayout<inotify_event>.size
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 8)
        defer {
            buffer.deallocate()
            finished.signal()
        }
        while !isOver.load(ordering: .relaxed) {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&poller, 1, 100) > 0 else { continue }
            let now = Clock.wall()
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            var offset = 0
            while offset + header <= count {
                let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                let name = buffer[(offset + header)..<min(count, offset + header + Int(event.len))].prefix { $0 != 0 }
                offset += header + Int(event.len)
                // `<container id>~<sequence>~<inode>`
                let text = String(decoding: name, as: UTF8.self)
                guard let id = text.split(separator: "~").first.flatMap({ ContainerID($0) }) else { continue }
                pins.withLock { if $0[id] == nil { $0[id] = now } }
            }
        }
    }
}
