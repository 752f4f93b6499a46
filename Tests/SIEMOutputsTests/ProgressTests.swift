// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SIEMOutputs

@Suite("How far an output has come")
struct ProgressTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("only what was confirmed a window ago is settled; what is lost goes again from there")
    func window() {
        var progress = OutputProgress(mark: 10, window: .seconds(30))
        progress.noteSent(through: 20, events: 5, at: at(0))
        progress.settle(at: at(100))
        #expect(progress.settled == 10 && progress.isUnsettled && progress.unconfirmed == 10)
        progress.noteConfirmed(at: at(100))
        progress.noteSent(through: 30, events: 5, at: at(101))
        progress.noteConfirmed(at: at(110))
        progress.settle(at: at(129))
        #expect(progress.settled == 10)
        progress.settle(at: at(130))
        #expect(progress.settled == 20)
        progress.noteLost()
        #expect(progress.sent == 20 && progress.firstUnconfirmedAt == nil)
        progress.settle(at: at(200))
        #expect(progress.settled == 20, "lost before it was settled")
    }

    @Test("a receiver that comes and goes more often than the window holds nothing back for ever")
    func flapping() {
        var progress = OutputProgress(mark: 0, window: .seconds(30))
        for step in 0..<10 {
            progress.noteSent(through: 100, events: 1, at: at(10 * step))
            progress.noteConfirmed(at: at(10 * step + 1))
            progress.settle(at: at(10 * step + 2))
            if step < 3 { #expect(progress.settled == 0) }
            progress.noteLost()
        }
        #expect(progress.settled == 100)
    }

    @Test("what is sent again and not confirmed again is not settled, however old its first confirmation is")
    func again() {
        var progress = OutputProgress(mark: 0, window: .seconds(30))
        progress.noteSent(through: 100, events: 1, at: at(0))
        progress.noteConfirmed(at: at(1))
        progress.noteLost()
        progress.noteSent(through: 50, events: 1, at: at(40))
        progress.settle(at: at(60))
        #expect(progress.settled == 0)
        progress.noteConfirmed(at: at(61))
        progress.settle(at: at(61))
        #expect(progress.settled == 0)
        progress.noteSent(through: 100, events: 1, at: at(62))
        progress.noteConfirmed(at: at(63))
        progress.settle(at: at(63))
        #expect(progress.settled == 100)
    }

    @Test("lines for others move the mark without a question, but not past what is under way")
    func others() {
        var progress = OutputProgress(mark: 0, window: .seconds(30))
        progress.noteSent(through: 1000, events: 0, at: at(0))
        progress.settle(at: at(0))
        #expect(progress.settled == 1000 && !progress.isUnsettled)
        progress.noteSent(through: 1001, events: 1, at: at(1))
        progress.noteSent(through: 2000, events: 0, at: at(2))
        progress.settle(at: at(500))
        #expect(progress.settled == 1000)
        progress.noteConfirmed(at: at(501))
        progress.settle(at: at(531))
        #expect(progress.settled == 2000)
    }
}
