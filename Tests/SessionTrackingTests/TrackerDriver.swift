// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import SessionTracking

/// Plays a node around a `SessionTracker`: a virtual clock, a runtime that answers, a pinner, a tail reader and a store.
///
/// It checks at every commit what has to hold of a ledger (`violations`).
struct TrackerDriver {
    var tracker: SessionTracker
    private(set) var configuration: TrackerConfiguration
    private(set) var now: Receipt
    /// Fixed at the beginning: scenarios name times as seconds after it.
    static let epoch = Timestamp(nanoseconds: 1_795_228_800_000_000_000)

    // MARK: The node
    /// What the runtime has: records (asked by `describe`) and statuses (asked by `askStatus`).
    var records: [ContainerID: ContainerDescription] = [:]
    var statuses: [ContainerID: RuntimeStatus] = [:]
    /// What a capture reads; nothing readable where there is none.
    var tails: [ContainerID: CapturedTail] = [:]
    var pinAnswer: LogPin = .held(.hardlink)
    /// Which effects answer by themselves.
    var answersLookups = true
    var answersPins = true
    var answersCaptures = true

    // MARK: What came of it
    private(set) var actions: [Action] = []
    private(set) var rows: [SessionID: SessionCommit] = [:]
    private(set) var outputs: [SessionID: CapturedTail] = [:]
    private(set) var entries: [(type: EntryType, session: Session)] = []
    private(set) var gaps: [Gap] = []
    private(set) var cursors: [String] = []
    /// Commits of sessions' rows, with an entry or without.
    private(set) var commits = 0
    private(set) var pins: Set<ContainerID> = []
    private(set) var settled: Set<SessionID> = []
    private(set) var forgotten: Set<SessionID> = []
    private(set) var violations: [String] = []
    private var boots = 1

    init(_ configure: (inout TrackerConfiguration) -> Void = { _ in }) {
        var configuration = TrackerConfiguration(origin: RecordOrigin(node: "worker-0", cluster: "prod"))
        configuration.bootID = "boot-1"
        configure(&configuration)
        self.configuration = configuration
        tracker = SessionTracker(configuration: configuration)
        now = Receipt(wall: Self.epoch, boottime: 1_000_000_000)
    }

    /// A moment of the scenario.
    static func at(_ seconds: Double) -> Timestamp {
        epoch.advanced(byNanoseconds: Int64((seconds * 1_000_000_000).rounded()))
    }

    // MARK: Driving

    /// Moves the clock to a moment of the scenario (never back), with the deadlines that come due on the way.
    mutating func clock(_ seconds: Double) {
        let wall = Self.at(seconds)
        let target = now.boottime + max(0, wall.nanoseconds(since: now.wall))
        while let due = tracker.nextDeadline, due <= target {
            move(by: max(0, due - now.boottime))
            handle(.tick)
        }
        move(by: target - now.boottime)
        handle(.tick)
    }

    mutating func wait(_ seconds: Double) {
        clock(Double(now.wall.nanoseconds(since: Self.epoch)) / 1e9 + seconds)
    }

    /// Sets the wall clock forth or back, as an operator or NTP does.
    mutating func stepClock(by seconds: Double) {
        now = Receipt(wall: now.wall.advanced(byNanoseconds: Int64(seconds * 1e9)), boottime: now.boottime)
    }

    /// Tells the tracker a fact at a moment; the receipt is a millisecond later.
    mutating func tell(_ fact: Fact, at seconds: Double) {
        clock(seconds + 0.001)
        handle(fact)
    }

    mutating func tell(_ fact: Fact) {
        move(by: 1_000)
        handle(fact)
    }

    private mutating func move(by nanoseconds: Int64) {
        now = Receipt(
            wall: now.wall.advanced(byNanoseconds: nanoseconds), boottime: now.boottime + nanoseconds)
    }

    private mutating func handle(_ fact: Fact) {
        take(tracker.handle(Observation(fact, receipt: now)))
    }

    private mutating func take(_ new: [Action]) {
        var answers: [Fact] = []
        for action in new {
            actions.append(action)
            switch action {
            case .describe(let id): if answersLookups { answers.append(record(of: id)) }
            case .askStatus(let id): if answersLookups { status(of: id).map { answers.append($0) } }
            case .pin(let id, _):
                if case .held = pinAnswer { pins.insert(id) }
                if answersPins { answers.append(.logPinned(id, pinAnswer)) }
            case .releasePin(let id): release(id)
            case .capture(let id, _): if answersCaptures { answers.append(.outputCaptured(id, tail(of: id))) }
            case .commit(let commit): store(commit)
            }
        }
        for answer in answers { tell(answer) }
    }

    func record(of id: ContainerID) -> Fact { records[id].map { .container($0) } ?? .containerUnknown(id) }

    private func status(of id: ContainerID) -> Fact? {
        if let status = statuses[id] { return .containerStatus(status) }
        return records[id] == nil ? .containerStatusUnknown(id) : nil
    }

    func tail(of id: ContainerID) -> CapturedTail { tails[id] ?? .lost("log file gone before it was pinned") }

    private mutating func release(_ id: ContainerID) {
        pins.remove(id)
        let session = SessionID(container: id)
        if let row = rows[session], row.session.sealedAt != nil, row.session.output == nil, configuration.capturesOutput
        {
            violations.append("pin of \(id) released before its output was committed")
        }
    }

    // MARK: The store

    private mutating func store(_ commit: Commit) {
        switch commit {
        case .session(let commit): store(commit)
        case .forget(let id):
            if entries.contains(where: { $0.session.id == id }) { violations.append("\(id) forgotten after telling") }
            if rows.removeValue(forKey: id) == nil { violations.append("\(id) forgotten without a row") }
            outputs.removeValue(forKey: id)
            forgotten.insert(id)
        case .settle(let id):
            if !settled.insert(id).inserted { violations.append("\(id) settled twice") }
        case .gap(let gap): gaps.append(gap)
        case .cursor(_, let text): cursors.append(text)
        }
    }

    private mutating func store(_ commit: SessionCommit) {
        let id = commit.session.id
        if settled.contains(id) { violations.append("\(id) committed after it was settled") }
        if commit.session.revision <= rows[id]?.session.revision ?? 0 {
            violations.append("revision of \(id) did not grow: \(commit.session.revision)")
        }
        if let tail = commit.output {
            if tail.summary != commit.session.output { violations.append("output and its summary differ in \(id)") }
            outputs[id] = tail
        } else if commit.session.output != outputs[id]?.summary {
            violations.append("summary of \(id) without its output")
        }
        rows[id] = commit
        commits += 1
        guard let entry = commit.entry else { return }
        let told = entries.filter { $0.session.id == id }.map(\.type)
        switch entry {
        case .sessionStarted: if !told.isEmpty { violations.append("\(id) started after \(told)") }
        case .sessionEnded: if told.contains(.sessionEnded) { violations.append("\(id) ended twice") }
        case .sessionAmended: if told.isEmpty { violations.append("\(id) amended before it was told") }
        default: violations.append("\(entry) is no entry of a session")
        }
        entries.append((entry, commit.session))
    }

    // MARK: Reading

    func session(_ id: ContainerID) -> Session? { rows[SessionID(container: id)]?.session }

    func entryTypes(_ id: ContainerID) -> [EntryType] { entryTypes(SessionID(container: id)) }

    func entryTypes(_ id: SessionID) -> [EntryType] { entries.filter { $0.session.id == id }.map(\.type) }

    func entrySessions(_ id: ContainerID) -> [Session] {
        entries.map(\.session).filter { $0.id == SessionID(container: id) }
    }

    func count(_ matches: (Action) -> Bool) -> Int { actions.count(where: matches) }

    /// Position of the first action that matches, for saying what came before what.
    func first(_ matches: (Action) -> Bool) -> Int? { actions.firstIndex(where: matches) }

    // MARK: Death and return

    /// The agent dies and a new one takes up what the store has, all of it read back from JSON.
    mutating func restart(reboot: Bool = false) throws {
        if reboot {
            now = Receipt(wall: now.wall, boottime: 5_000_000)
            boots += 1
            configuration.bootID = "boot-\(boots)"
        }
        tracker = SessionTracker(configuration: configuration)
        var resumed: [(session: Session, facts: SessionFacts)] = []
        for (id, row) in rows.sorted(by: { $0.key < $1.key }) where !settled.contains(id) {
            guard let facts = row.facts else { continue }
            let encoded = try JSONEncoder().encode(facts)
            let session = try JSONDecoder().decode(Session.self, from: Data(row.session.json.canonical))
            resumed.append((session, try JSONDecoder().decode(SessionFacts.self, from: encoded)))
        }
        tracker.ignore(
            rows.values.map(\.session).filter { settled.contains($0.id) }.compactMap(\.containerID), receipt: now)
        take(tracker.resume(resumed, receipt: now))
    }

    /// What the runtime source does on every connection.
    mutating func relist() {
        let states = records.mapValues { statuses[$0.id]?.state ?? RuntimeStatus.State.running }
        tell(.runtimeListing(RuntimeListing(containers: states)))
        tell(.sourceRestored(.runtime))
    }
}
