// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Synchronization
import Testing

@testable import TailCapture

@Suite("The mark of a log")
struct LogMarkTests {
    @Test("stays while nobody writes, and changes with every byte and every new file")
    func changes() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper()
        #expect(keeper.mark(id) == nil)
        try scratch.write(line(1, "one"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        let first = try #require(keeper.mark(id))
        _ = keeper.capture(id, logPath: path)
        #expect(keeper.mark(id) == first)
        try scratch.append(line(2, "two"), to: path)
        let second = try #require(keeper.mark(id))
        #expect(second != first)
        try scratch.rename(path, to: path + ".20261121-080000")
        #expect(keeper.mark(id) == second)
        try scratch.write(line(3, "three"), to: path)
        _ = keeper.capture(id, logPath: path)
        #expect(keeper.mark(id) != second)
        keeper.release(id)
        #expect(keeper.mark(id) == nil)
    }

    @Test("is not given where a new file could come unseen, or a pin is gone from the disk")
    func unsure() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let id = try containerID()
        let keeper = try scratch.keeper()
        try scratch.write(line(1, "one"), to: path)
        #expect(keeper.pin(id, logPath: path) == .held(.hardlink))
        let watch = keeper.state.withLock { state in
            let watch = state.logs[id]?.watch
            state.logs[id]?.watch = nil
            return watch
        }
        #expect(watch != nil && keeper.mark(id) == nil)
        keeper.state.withLock { $0.logs[id]?.watch = watch }
        #expect(keeper.mark(id) != nil)
        for name in scratch.pinNames() { try scratch.remove(scratch.pins + "/" + name) }
        #expect(keeper.mark(id) == nil)
    }
}
