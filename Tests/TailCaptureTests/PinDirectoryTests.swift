// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Testing

@testable import TailCapture

@Suite("A pin directory")
struct PinDirectoryTests {
    private func code(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? LastwordError)?.code ?? "\(error)"
        }
    }

    @Test("is made beside podLogsDir, for its owner alone")
    func made() throws {
        let scratch = try Scratch()
        let keeper = try scratch.keeper()
        #expect(keeper.pinDirectory == scratch.pins && keeper.degradation == nil)
        for path in [scratch.pins, scratch.path + "/log/.lastword"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        }
    }

    @Test("is closed to others again if it was open")
    func mode() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.pins, withIntermediateDirectories: true)
        #expect(chmod(scratch.pins, 0o777) == 0)
        _ = try scratch.keeper()
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.pins)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    }

    @Test("is refused inside podLogsDir, by any name, before anything is made there")
    func inside() throws {
        let scratch = try Scratch()
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/alias", withDestinationPath: scratch.pods)
        for path in [scratch.pods, scratch.pods + "/.lastword/pins", scratch.path + "/alias/pins"] {
            #expect(code { _ = try scratch.keeper { $0.pins = .directory(path) } } == "pins.inside-pod-logs")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.pods).isEmpty)
    }

    @Test("is refused where it cannot be made, with a remedy")
    func unwritable() throws {
        let scratch = try Scratch()
        try scratch.write("x", to: scratch.path + "/file")
        for path in [scratch.path + "/file/pins", "relative/pins", scratch.path + "/../pins", "/proc/lastword/pins"] {
            #expect(code { _ = try scratch.keeper { $0.pins = .directory(path) } } == "pins.unwritable", "\(path)")
        }
        #expect(code { _ = try scratch.keeper { $0.podLogsDirectory = scratch.path + "/none" } } == "pins.no-pod-logs")
        #expect(code { _ = try scratch.keeper { $0.podLogsDirectory = scratch.path + "/file" } } == "pins.no-pod-logs")
    }

    @Test("belongs to one agent at a time")
    func locked() throws {
        let scratch = try Scratch()
        do {
            let first = try scratch.keeper()
            #expect(code { _ = try scratch.keeper() } == "pins.locked")
            // A trial does not need the lock.
            #expect(try LogKeeper.trial(scratch.configuration()).get().pinDirectory == first.pinDirectory)
        }
        _ = try scratch.keeper()
    }

    @Test("on another file system is said to be, and logs are held open instead")
    func otherFileSystem() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        try scratch.write(line(1, "one"), to: path)
        let other = "/dev/shm/lastword-tail-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { try? FileManager.default.removeItem(atPath: other) }
        let keeper = try scratch.keeper { $0.pins = .directory(other) }
        #expect(keeper.degradation?.code == "pins.cross-mount")
        #expect(keeper.degradation?.message.contains("/dev/shm") == true)
        let id = try containerID()
        #expect(keeper.pin(id, logPath: path) == .held(.descriptor))
        #expect(keeper.statistics.linkFailuresTotal == 1)
        try scratch.remove(path)
        #expect(keeper.capture(id, logPath: path).bytes == Array("one\n".utf8))
    }

    @Test(
        "in another mount of the same file system is said to be, and logs are held open instead",
        .enabled(if: geteuid() == 0, "needs root for a bind mount"))
    func otherMount() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        try scratch.write(line(1, "one"), to: path)
        let target = scratch.path + "/mounted"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: scratch.path + "/source", withIntermediateDirectories: true)
        // 4096 is MS_BIND. A sandbox may forbid mounts even to root: then there is nothing to test here.
        guard mount(scratch.path + "/source", target, nil, 4096, nil) == 0 else {
            print("skipped: mount is not allowed: \(SystemFailure("mount"))")
            return
        }
        defer { umount2(target, Int32(MNT_DETACH)) }
        do {
            let keeper = try scratch.keeper { $0.pins = .directory(target + "/pins") }
            #expect(keeper.degradation?.code == "pins.cross-mount")
            #expect(keeper.degradation?.message.contains(target) == true)
            #expect(keeper.pin(try containerID(), logPath: path) == .held(.descriptor))
        }
        // podLogsDir seen through a mount is refused as a place for pins like podLogsDir itself.
        #expect(mount(scratch.pods, target, nil, 4096, nil) == 0)
        defer { umount2(target, Int32(MNT_DETACH)) }
        #expect(code { _ = try scratch.keeper { $0.pins = .directory(target + "/pins") } } == "pins.inside-pod-logs")
    }

    @Test("is tried out with a real link where there is a log, and by its mount where there is none")
    func trial() throws {
        let scratch = try Scratch()
        #expect(try LogKeeper.trial(scratch.configuration()).get().evidence == .sameMount)
        let path = try scratch.logPath()
        try scratch.write(line(1, "one"), to: path)
        let trial = try LogKeeper.trial(scratch.configuration()).get()
        #expect(trial.evidence == .linked && trial.mountPoint?.hasPrefix("/") == true)
        #expect(scratch.pinNames().isEmpty)
        var off = scratch.configuration()
        off.pins = .off
        #expect(code { _ = try LogKeeper.trial(off).get() } == "pins.off")
    }

    @Test("removes what a trial that died left, and keeps no pin that is none")
    func leftovers() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.pins, withIntermediateDirectories: true)
        let id = try containerID()
        try scratch.write("x", to: scratch.pins + "/\(LinkTrial.prefix)1-2")
        try scratch.write("x", to: scratch.pins + "/\(id.rawValue)~0~1")
        let keeper = try scratch.keeper()
        #expect(keeper.pinnedContainers().isEmpty && scratch.pinNames().isEmpty)
    }

    @Test("names its pins so that they can be read back, and takes nothing else for one")
    func names() throws {
        let id = try containerID()
        for sequence in [0, 7, 1_000_000_000] {
            let name = PinName(container: id, sequence: sequence, inode: .max)
            #expect(PinName(name.text) == name)
        }
        for text in ["", "~", "a~0", "a~0~1~2", "a~-1~1", "a~01~1", "a~+1~1", ".x~0~1", "a~0~x", "a~1000000001~1"] {
            #expect(PinName(text) == nil, "\(text)")
        }
    }

    @Test("knows the kernel's table of mounts, blanks in paths included")
    func mountTable() {
        let line = #"36 35 98:0 /root /var/my\040log rw,ro shared:1 master:2 - ext4 /dev/sda rw"#
        #expect(
            MountTable.parse(line)
                == MountTable.Mount(id: 36, point: "/var/my log", fileSystem: "ext4", isReadOnly: true))
        for text in ["", "36 35", "x 35 98:0 / / rw - ext4 a b", #"36 35 98:0 / / rw 1 2 3 4"#] {
            #expect(MountTable.parse(text) == nil)
        }
    }

    @Test("takes for rotated logs what the kubelet's rotation names so, newest first")
    func rotatedNames() throws {
        let scratch = try Scratch()
        for name in [
            "0.log", "0.log.20261121-025127", "0.log.20261121-025127.gz", "0.log.20261121-025100.gz", "1.log",
            "0.log.20261121-025130.tmp", "0.log.20261121_025127", "1.log.20261121-025130", "0.log.2026", "0.log.gz",
        ] {
            try scratch.write("", to: try scratch.logPath(file: name))
        }
        let logs = try LogDirectory(path: scratch.pods, owner: geteuid())
        guard case .found(let place) = logs.locate(try scratch.logPath()) else {
            Issue.record("not found")
            return
        }
        #expect(place.rotated().map(\.name) == ["0.log.20261121-025127", "0.log.20261121-025100.gz"])
    }
}
