// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Synchronization
import Testing

@testable import TailCapture

@Suite("A log keeper")
struct LogKeeperTests {
    private func text(_ tail: CapturedTail) -> String {
        String(decoding: tail.bytes, as: UTF8.self)
    }

    @Test("gives the same tail after the log and its directory are gone, and leaves nothing after the release")
    func survivesDeletion() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper()
        #expect(keeper.pin(id, logPath: path) == .absent)
        #expect(keeper.pinnedContainers().isEmpty)
        try scratch.write(line(1, "one") + line(2, "two", stream: "stderr"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        let before = keeper.capture(id, logPath: path)
        try scratch.remove(scratch.pods + "/ns_pod_uid")
        let after = keeper.capture(id, logPath: path)
        #expect(text(after) == "one\ntwo\n" && after == before)
        #expect(after.summary.pinnedBy == .hardlink && after.summary.totalBytes == 8 && !after.summary.truncated)
        #expect(keeper.capture(id, logPath: nil) == before)
        #expect(scratch.pinNames().count == 1 && scratch.pinNames()[0].hasPrefix(id.rawValue + "~0~"))
        #expect(!scratch.pinNames()[0].hasSuffix(".log"))
        let statistics = keeper.statistics
        #expect(statistics.links == 1 && statistics.pinnedBytes > 0)
        #expect(statistics.orphanedBytes == statistics.pinnedBytes)
        keeper.release(id)
        #expect(scratch.pinNames().isEmpty && keeper.pinnedContainers().isEmpty)
        #expect(keeper.statistics.links == 0 && keeper.state.withLock { $0.watches.isEmpty })
        let lost = keeper.capture(id, logPath: path)
        #expect(lost.summary.pinnedBy == .none && lost.summary.note?.contains("gone before it was pinned") == true)
    }

    @Test("finds the pins of an agent that was killed")
    func crash() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        try scratch.write(line(1, "one"), to: path)
        do {
            let first = try scratch.keeper()
            #expect(first.pin(id, logPath: path) == .held(.hardlink))
            #expect(first.pin(try containerID("b"), logPath: path) == .held(.hardlink))
        }
        try scratch.append(line(2, "two"), to: path)
        try scratch.remove(path)
        try scratch.write("no pin", to: scratch.pins + "/stranger")
        let second = try scratch.keeper()
        #expect(second.pinnedContainers() == [id, try containerID("b")])
        #expect(text(second.capture(id, logPath: nil)) == "one\ntwo\n")
        #expect(second.capture(id, logPath: path).summary.totalBytes == 8)
        #expect(second.pin(id, logPath: path) == .held(.hardlink))
        second.release(id)
        second.release(try containerID("b"))
        #expect(scratch.pinNames() == ["stranger"])
    }

    @Test("reads a log that nobody pinned, by the same safe walk")
    func unpinned() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let keeper = try scratch.keeper()
        try scratch.write(line(1, "one"), to: path)
        let tail = keeper.capture(try containerID(), logPath: path)
        #expect(text(tail) == "one\n" && tail.summary.pinnedBy == .unpinned && tail.summary.totalBytes == 4)
        #expect(scratch.pinNames().isEmpty)
        // Between the rename and the new file.
        try scratch.rename(path, to: path + ".20261121-025127")
        let between = keeper.capture(try containerID(), logPath: path)
        #expect(text(between) == "one\n" && between.summary.truncated && between.summary.totalBytes == nil)
        #expect(keeper.capture(try containerID(), logPath: nil).summary.pinnedBy == .none)
    }

    @Test("holds the descriptor where there are no links, and gives its tail for safekeeping")
    func descriptor() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper { $0.pins = .off }
        try scratch.write(line(1, "one"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.descriptor))
        let reports = Mutex<[CapturedTail]>([])
        let poll = {
            keeper.pollRotations { report in
                if case .checkpoint(id, let tail) = report { reports.withLock { $0.append(tail) } }
            }
        }
        poll()
        poll()
        #expect(reports.withLock { $0.map(text) } == ["one\n"])
        try scratch.append(line(2, "two"), to: path)
        try scratch.remove(path)
        poll()
        #expect(reports.withLock { $0.last.map(text) } == "one\ntwo\n")
        let tail = keeper.capture(id, logPath: path)
        #expect(text(tail) == "one\ntwo\n" && tail.summary.pinnedBy == .descriptor && tail.summary.totalBytes == 8)
        #expect(keeper.statistics.descriptors == 1)
        keeper.release(id)
        #expect(keeper.statistics.descriptors == 0)
    }

    // MARK: Rotation

    @Test("follows a rotation, and keeps the rotated file until the live one holds N")
    func rotation() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper { $0.tail = (try? TailLimits(bytes: 1024)) ?? .standard }
        try scratch.write(line(1, "one"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        try scratch.rename(path, to: path + ".20261121-025127")
        keeper.pollRotations { _ in }
        #expect(text(keeper.capture(id, logPath: path)) == "one\n")
        try scratch.write(line(2, "two"), to: path)
        keeper.pollRotations { _ in }
        #expect(scratch.pinNames().count == 2)
        // The next round packs the first file.
        try scratch.write(try gzip(Array(line(1, "one").utf8)), to: path + ".20261121-025127.gz")
        try scratch.remove(path + ".20261121-025127")
        try scratch.rename(path, to: path + ".20261121-025130")
        try scratch.write(line(3, "three"), to: path)
        let tail = keeper.capture(id, logPath: path)
        #expect(text(tail) == "one\ntwo\nthree\n")
        #expect(tail.summary.totalBytes == 14 && !tail.summary.truncated)
        #expect(keeper.statistics.rotationsTotal == 2)
        // The live file alone holds N now; the others go, and do not come back.
        try scratch.append(line(4, String(repeating: "x", count: 2000)), to: path)
        keeper.pollRotations { _ in }
        #expect(scratch.pinNames().count == 1)
        keeper.pollRotations { _ in }
        #expect(scratch.pinNames().count == 1)
        #expect(keeper.capture(id, logPath: path).summary.truncated)
        try scratch.remove(scratch.pods + "/ns_pod_uid")
        #expect(keeper.capture(id, logPath: nil).bytes == Array(repeating: 0x78, count: 1023) + [10])
        keeper.release(id)
        #expect(scratch.pinNames().isEmpty)
    }

    @Test("files of any size that a container made are taken for what they are")
    func enormous() throws {
        // A file system whose files may be as large as a number can say.
        let scratch = try Scratch(in: "/dev/shm")
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper()
        try scratch.write(line(1, "one"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        try #require(truncate(path, off_t.max) == 0)
        try scratch.rename(path, to: path + ".20261121-025127")
        try scratch.write(line(2, "two"), to: path)
        keeper.pollRotations { _ in }
        try #require(truncate(path, off_t.max) == 0)
        keeper.pollRotations { _ in }
        #expect(keeper.capture(id, logPath: path).summary.truncated)
        keeper.release(id)
    }

    @Test("that comes late pins the newest rotated file too, and claims no total")
    func late() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper()
        for name in ["0.log", "0.log.20261121-025130", "0.log.20261121-025127.gz"] {
            try scratch.write(try Fixture.bytes("rotation/" + name), to: try scratch.logPath(file: name))
        }
        try scratch.write("x", to: try scratch.logPath(file: "0.log.20261121-025133.tmp"))
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        #expect(scratch.pinNames().count == 2)
        let tail = keeper.capture(id, logPath: path)
        #expect(tail.frames.count == 162 && tail.summary.truncated && tail.summary.totalBytes == nil)
        #expect(tail.summary.logBytes == Int64(11_498 + 14_493 + 631))
        #expect(keeper.capture(id, logPath: path) == tail)
        try scratch.remove(scratch.pods + "/ns_pod_uid")
        // The packed file was not pinned; the two others were.
        #expect(keeper.capture(id, logPath: path).frames.count == 104)
    }

    @Test("that missed two rotations joins nothing over the hole")
    func hole() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        do {
            let keeper = try scratch.keeper()
            try scratch.write(line(1, "one"), to: path)
            #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        }
        try scratch.remove(path)
        try scratch.write(try gzip(Array(line(2, "two").utf8)), to: path + ".20261121-025127.gz")
        try scratch.write(line(3, "three"), to: path + ".20261121-025130")
        try scratch.write(line(4, "four"), to: path)
        let keeper = try scratch.keeper()
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        let tail = keeper.capture(id, logPath: path)
        #expect(text(tail) == "two\nthree\nfour\n" && tail.summary.truncated && tail.summary.totalBytes == nil)
        try scratch.remove(scratch.pods + "/ns_pod_uid")
        #expect(text(keeper.capture(id, logPath: path)) == "three\nfour\n")
    }

    @Test("sees a rotation by inotify, long before the next poll")
    func watcher() async throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper { $0.pollInterval = .seconds(3600) }
        try scratch.write(line(1, "one"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        let running = Task { await keeper.run { _ in } }
        defer { running.cancel() }
        for round in 0..<3 {
            try scratch.rename(path, to: path + ".20261121-02513\(round)")
            try scratch.write(line(2 + round, "round \(round)"), to: path)
            try await eventually("the new live file is pinned") { scratch.pinNames().count == 2 + round }
        }
        try scratch.remove(scratch.pods + "/ns_pod_uid")
        #expect(text(keeper.capture(id, logPath: path)) == "one\nround 0\nround 1\nround 2\n")
        try await eventually("the watch of the removed directory is gone") {
            keeper.state.withLock { $0.watches.isEmpty }
        }
        running.cancel()
        await running.value
    }

    @Test("says that a log was cut by somebody while it was in use")
    func truncated() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper()
        try scratch.write(line(1, "one") + line(2, "two"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        #expect(truncate(path, 0) == 0)
        keeper.pollRotations { _ in }
        try scratch.append(line(3, "three"), to: path)
        let tail = keeper.capture(id, logPath: path)
        #expect(text(tail) == "three\n" && tail.summary.lossy && tail.summary.truncated)
        #expect(tail.summary.totalBytes == nil && tail.summary.note?.contains("cut while it was in use") == true)
    }

    // MARK: Limits

    private func filled(_ number: Int, kilobytes: Int) -> String {
        line(number, String(repeating: "x", count: kilobytes * 1024)) + line(number + 1, "end")
    }

    @Test("copies the tail of a log that is too large, lets go of the link, and refreshes the copy")
    func containerLimit() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper { $0.pinBytesPerContainer = 256 * 1024 }
        try scratch.write(filled(1, kilobytes: 64), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        #expect(keeper.enforceLimits().isEmpty)
        try scratch.append(filled(3, kilobytes: 300), to: path)
        let copied = keeper.enforceLimits()
        #expect(copied[id]?.summary.pinnedBy == .copied && copied[id]?.bytes.count == 65_536)
        #expect(scratch.pinNames().isEmpty && keeper.statistics.copiedTotal == 1)
        #expect(keeper.pin(id, logPath: path) == .held(.copied))
        try scratch.append(line(5, "later"), to: path)
        let reports = Mutex<[ContainerID]>([])
        for _ in 0..<2 {
            keeper.pollRotations { report in
                if case .copied(let id, _) = report { reports.withLock { $0.append(id) } }
            }
        }
        #expect(reports.withLock { $0 } == [id])
        #expect(keeper.capture(id, logPath: path).summary.pinnedBy == .unpinned)
        try scratch.remove(path)
        let tail = keeper.capture(id, logPath: path)
        #expect(tail.summary.pinnedBy == .copied && text(tail).hasSuffix("end\nlater\n"))
        keeper.release(id)
        #expect(keeper.capture(id, logPath: path).summary.pinnedBy == .none)
    }

    @Test("keeps all pins together below the limit, giving up rotated files first")
    func totalLimit() throws {
        let scratch = try Scratch()
        let ids = try ["a", "b", "c"].map { try containerID($0) }
        let keeper = try scratch.keeper { $0.pinBytes = 700 * 1024 }
        for (index, id) in ids.enumerated() {
            let path = try scratch.logPath("c\(index)")
            if index == 0 { try scratch.write(filled(1, kilobytes: 200), to: path + ".20261121-025127") }
            try scratch.write(index == 0 ? line(9, "small") : filled(5, kilobytes: 250 + index), to: path)
            #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        }
        #expect(keeper.statistics.links == 4 && keeper.statistics.pinnedBytes > 700 * 1024)
        #expect(keeper.enforceLimits().isEmpty)
        #expect(keeper.statistics.links == 3 && keeper.statistics.droppedRotatedTotal == 1)
        #expect(keeper.statistics.pinnedBytes <= 700 * 1024)
        keeper.pollRotations { _ in }
        #expect(keeper.statistics.links == 3, "what was given up does not come back")
        try scratch.append(filled(7, kilobytes: 200), to: try scratch.logPath("c1"))
        #expect(keeper.enforceLimits().keys.sorted() == [ids[1]])
        #expect(keeper.statistics.pinnedBytes <= 700 * 1024)
    }

    @Test("gives up, below the free-space floor, the logs that only its links keep on the disk")
    func floor() throws {
        let scratch = try Scratch()
        let ids = try ["a", "b"].map { try containerID($0) }
        // No file system has 100 % free.
        let keeper = try scratch.keeper { $0.freeSpaceFloor = 1 }
        for id in ids {
            let path = try scratch.logPath(id.rawValue)
            try scratch.write(line(1, id.rawValue), to: path)
            #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        }
        #expect(keeper.enforceLimits().isEmpty, "their files are there anyway")
        try scratch.remove(try scratch.logPath(ids[0].rawValue))
        #expect(keeper.enforceLimits().keys.sorted() == [ids[0]])
        #expect(scratch.pinNames().count == 1)
        let tail = keeper.capture(ids[0], logPath: nil)
        #expect(text(tail) == ids[0].rawValue + "\n" && tail.summary.pinnedBy == .copied)
    }

    @Test("keeps only so many copies in memory, and says of the others where they should be")
    func copiesInMemory() throws {
        let scratch = try Scratch()
        let ids = try ["a", "b"].map { try containerID($0) }
        let keeper = try scratch.keeper {
            $0.pinBytes = 0
            $0.copiedBytes = 100
        }
        for (index, id) in ids.enumerated() {
            let path = try scratch.logPath("c\(index)")
            try scratch.write(line(1, id.rawValue), to: path)
            #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
            #expect(keeper.enforceLimits().count == 1)
            try scratch.remove(path)
        }
        #expect(keeper.statistics.copies == 1)
        #expect(keeper.capture(ids[1], logPath: nil).summary.pinnedBy == .copied)
        let dropped = keeper.capture(ids[0], logPath: nil)
        #expect(dropped.summary.pinnedBy == .none && dropped.summary.note?.contains("no longer in memory") == true)
        for id in ids { keeper.release(id) }
        #expect(keeper.state.withLock { $0.copiedBytes == 0 && $0.copies.isEmpty })
    }

    @Test("copies tails when it holds too many descriptors")
    func descriptorLimit() throws {
        let scratch = try Scratch()
        let keeper = try scratch.keeper {
            $0.pins = .off
            $0.heldDescriptors = 1
        }
        for (index, letter) in ["a", "b"].enumerated() {
            let path = try scratch.logPath("c\(index)")
            try scratch.write(line(1, letter), to: path)
            #expect(keeper.pin(try containerID(Character(letter)), logPath: path) == .held(.descriptor))
        }
        #expect(keeper.enforceLimits().count == 1 && keeper.statistics.descriptors == 1)
    }

    @Test("may be used from many threads at once")
    func concurrent() async throws {
        let scratch = try Scratch()
        let keeper = try scratch.keeper()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for letter in "abcdefgh" {
                group.addTask {
                    let id = try containerID(letter)
                    let path = try scratch.logPath(String(letter))
                    for round in 0..<20 {
                        try scratch.write(line(round, "\(letter)\(round)"), to: path)
                        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
                        try scratch.remove(path)
                        _ = keeper.enforceLimits()
                        #expect(
                            String(decoding: keeper.capture(id, logPath: path).bytes, as: UTF8.self)
                                == "\(letter)\(round)\n")
                        keeper.release(id)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(scratch.pinNames().isEmpty)
    }
}
