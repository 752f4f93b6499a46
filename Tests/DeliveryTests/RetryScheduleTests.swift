// SPDX-License-Identifier: Apache-2.0
import Delivery
import TestSupport
import Testing

@Suite("Waiting between attempts")
struct RetryScheduleTests {
    @Test("waits grow up to the cap, are spread over all of it, and never fall below the floor")
    func fullJitter() {
        let schedule = RetrySchedule(base: .seconds(1), cap: .seconds(60))
        var random = SeededGenerator(seed: 3)
        for failures in 1...40 {
            let ceiling = min(Duration.seconds(60), .seconds(1 << min(failures - 1, 10)))
            let waits = (0..<200).map { _ in schedule.delay(failures: failures, using: &random) }
            #expect(waits.allSatisfy { $0 >= schedule.floor && $0 <= ceiling })
            #expect(waits.contains { $0 < ceiling / 3 } && waits.contains { $0 > ceiling * 2 / 3 })
        }
        #expect(schedule.delay(failures: .max, using: &random) <= .seconds(60))
    }

    @Test("what the receiver asks for is never undercut, and is honoured up to the cap")
    func retryAfter() {
        let schedule = RetrySchedule()
        var random = SeededGenerator(seed: 3)
        for _ in 0..<100 {
            let wait = schedule.delay(failures: 9, retryAfter: .seconds(30), using: &random)
            #expect(wait >= .seconds(30) && wait <= .seconds(31))
        }
        #expect(schedule.delay(failures: 1, retryAfter: .seconds(999_999), using: &random) <= .seconds(3601))
    }

    @Test("a fault that a person must end is asked after more slowly")
    func lasting() {
        let schedule = RetrySchedule()
        var random = SeededGenerator(seed: 3)
        let waits = (0..<500).map { _ in schedule.delay(failures: 20, isLasting: true, using: &random) }
        #expect(waits.contains { $0 > .seconds(200) } && waits.allSatisfy { $0 <= .seconds(300) })
    }

    @Test("Retry-After is seconds or a date; anything else is not there")
    func header() {
        let date: (String) -> Int64? = { $0.hasPrefix("Fri") ? 90 : nil }
        #expect(RetrySchedule.retryAfter("120", secondsUntil: date) == .seconds(120))
        #expect(RetrySchedule.retryAfter("Fri, 21 Nov 2026 07:28:00 GMT", secondsUntil: date) == .seconds(90))
        for text in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            #expect(RetrySchedule.retryAfter(text, secondsUntil: date) == nil)
        }
        #expect(RetrySchedule.retryAfter(nil, secondsUntil: date) == nil)
    }

    @Test("each status is the fault of one of the two")
    func statuses() {
        for status in [400, 413, 422] { #expect(DeliveryFault.of(status: status) == .entry) }
        for status in [429, 500, 501, 502, 503, 504, 599] {
            #expect(DeliveryFault.of(status: status) == .endpoint(isLasting: false))
        }
        for status in [301, 401, 403, 404, 405, 407, 415, 451] {
            #expect(DeliveryFault.of(status: status) == .endpoint(isLasting: true))
        }
    }
}
