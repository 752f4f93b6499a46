// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Testing

@testable import TailCapture

@Suite("A hostile log path")
struct LogKeeperAttackTests {
    /// Neither pinned nor read, with a reason that has this in it, and no link left.
    private func expectRefused(
        _ path: String, _ scratch: Scratch, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for pins in [LogKeeperConfiguration.Pins.beside, .off] {
            let keeper = try scratch.keeper { $0.pins = pins }
            let outcome = keeper.pin(try containerID(), logPath: path)
            guard case .refused(let why) = outcome else {
                Issue.record("\(outcome) for \(path)", sourceLocation: sourceLocation)
                continue
            }
            #expect(why.contains(reason), sourceLocation: sourceLocation)
            #expect(keeper.statistics.refusedTotal == 1, sourceLocation: sourceLocation)
            let tail = keeper.capture(try containerID(), logPath: path)
            #expect(tail.bytes.isEmpty && tail.summary.pinnedBy == .none, sourceLocation: sourceLocation)
            #expect(tail.summary.note?.contains(reason) == true, sourceLocation: sourceLocation)
            #expect(scratch.pinNames().isEmpty && keeper.pinnedContainers().isEmpty, sourceLocation: sourceLocation)
        }
    }

    @Test("outside podLogsDir, relative, or with components that are none is refused")
    func outside() throws {
        let scratch = try Scratch()
        try scratch.write(line(1, "secret"), to: scratch.path + "/secret")
        try scratch.write(line(1, "secret"), to: scratch.pods + "/../secret")
        _ = try scratch.logPath()
        for path in [
            scratch.path + "/secret", "/etc/passwd", scratch.pods + "x/ns_pod_uid/debugger/0.log", scratch.pods,
        ] {
            try expectRefused(path, scratch, "not below")
        }
        for path in [
            scratch.pods + "/ns_pod_uid/../../secret", scratch.pods + "/./secret", "pods/secret", "", "/",
            scratch.pods + "//secret", scratch.pods + "/ns_pod_uid/\0/0.log",
            scratch.pods + "/" + String(repeating: "x/", count: 5000) + "0.log",
        ] {
            try expectRefused(path, scratch, path == "/" ? "not below" : "not a plain absolute path")
        }
    }

    @Test("through a symbolic link, at the file or at a directory, is refused")
    func symbolicLinks() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        try scratch.write(line(1, "secret"), to: scratch.path + "/secret")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: scratch.path + "/secret")
        try expectRefused(path, scratch, "is a symbolic link")
        try FileManager.default.createDirectory(atPath: scratch.path + "/elsewhere", withIntermediateDirectories: true)
        try scratch.write(line(1, "secret"), to: scratch.path + "/elsewhere/0.log")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.pods + "/ns_pod_uid/linked", withDestinationPath: scratch.path + "/elsewhere")
        try expectRefused(
            scratch.pods + "/ns_pod_uid/linked/0.log", scratch, "linked in the log path is a symbolic link")
    }

    @Test("that is a FIFO or a directory is refused at once")
    func otherKinds() throws {
        let scratch = try Scratch()
        let fifo = try scratch.logPath("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        try expectRefused(fifo, scratch, "is a FIFO")
        let directory = try scratch.logPath("directory")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try expectRefused(directory, scratch, "is a directory")
        try expectRefused(fifo + "/0.log", scratch, "0.log in the log path is a FIFO")
    }

    @Test("that names a file of another owner is refused")
    func owner() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        try scratch.write(line(1, "foreign"), to: path)
        let keeper = try scratch.keeper { $0.logOwner = geteuid() + 1 }
        guard case .refused(let reason) = keeper.pin(try containerID(), logPath: path) else {
            Issue.record("pinned")
            return
        }
        #expect(reason.contains("belongs to user \(geteuid())"))
        #expect(keeper.capture(try containerID(), logPath: path).bytes.isEmpty && scratch.pinNames().isEmpty)
    }

    @Test(
        "that is a hard link to a foreign user's file is refused", .enabled(if: geteuid() == 0, "needs root for chown"))
    func hardLink() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        try scratch.write(line(1, "foreign"), to: scratch.path + "/foreign")
        #expect(chown(scratch.path + "/foreign", 1234, 1234) == 0)
        #expect(link(scratch.path + "/foreign", path) == 0)
        try expectRefused(path, scratch, "belongs to user 1234")
    }

    @Test("that turns into something else between the look and the link leaves no link")
    func swapped() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        try scratch.write(line(1, "one"), to: path)
        let keeper = try scratch.keeper()
        let pins = try #require(keeper.pins)
        guard case .found(let place) = keeper.logs.locate(path) else {
            Issue.record("not found")
            return
        }
        let seen = try place.directory.status(of: "0.log").get()
        func attempt(_ inode: UInt64) -> PinDirectory.LinkOutcome {
            pins.link(
                "0.log", in: place.directory, expecting: inode, as: PinName(container: id, sequence: 0, inode: inode))
        }
        guard case .moved = attempt(seen.inode + 1) else { Issue.record("another inode was pinned"); return }
        try scratch.remove(path)
        guard case .moved = attempt(seen.inode) else { Issue.record("a missing file was pinned"); return }
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
        guard case .refused(let why) = attempt(seen.inode) else { Issue.record("a link was pinned"); return }
        #expect(why.contains("symbolic link") && scratch.pinNames().isEmpty)
    }

    @Test("that becomes a symbolic link after it was pinned changes nothing of what was pinned")
    func replacedLater() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper()
        try scratch.write(line(1, "one"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        try scratch.remove(path)
        try scratch.write(line(2, "secret"), to: scratch.path + "/secret")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: scratch.path + "/secret")
        for _ in 0..<3 { keeper.pollRotations { _ in } }
        #expect(keeper.statistics.refusedTotal == 1)
        let tail = keeper.capture(id, logPath: path)
        #expect(tail.bytes == Array("one\n".utf8))
        #expect(tail.summary.note?.contains("no longer safe") == true)
    }
}
