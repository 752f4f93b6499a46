// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RuntimeSource

@Suite("The queue of look-ups")
struct LookupQueueTests {
    @Test("an id asked for many times is looked up once, and what is given back comes again, first or last")
    func lookups() async {
        let lookups = LookupQueue()
        let ids = RecordedStreams.ids(4)
        for id in ids + ids { lookups.ask(id) }
        let first = await lookups.next(max: 2)
        #expect(first.map(\.id) == Array(ids[0...1]))
        lookups.giveBack([first[0]])
        lookups.giveBack([first[1]], last: true)
        #expect(await lookups.next(max: 10).map(\.id) == [ids[0], ids[2], ids[3], ids[1]])
    }

    @Test("an id read ahead becomes wanted when somebody asks for it")
    func wanted() async {
        let lookups = LookupQueue()
        let id = RecordedStreams.ids(1)[0]
        lookups.ask(id, wanted: false)
        lookups.ask(id)
        lookups.ask(id, wanted: false)
        #expect(await lookups.next(max: 1) == [LookupQueue.Lookup(id: id, wanted: true)])
    }
}
