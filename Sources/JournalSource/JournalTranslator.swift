// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// Makes facts of lines. Pure: no clock, no journal.
///
/// The runtime names a container in the line that makes it and speaks of it by its id from then on; so what those lines said
/// is kept, within bounds. `learn` takes the same from lines that are older than what is being told.
struct JournalTranslator: Sendable {
    /// What was made of one entry.
    struct Reading: Sendable {
        var facts: [Fact] = []
        /// For the count of lines: `created`, `exited`, …, `other` where it says nothing, `oversize`.
        var kind = "other"
    }

    private struct Known: Sendable {
        var name: String?
        var attempt: Int?
        var sandbox: ContainerID?
        var pod = PodName()
        var createdAt: Timestamp?
        /// A line spoke of it that is never about a sandbox.
        var isContainer = false
        /// Older lines were looked through for it once.
        var wasSought = false
        var toldSandbox = false
        var told: ContainerDescription?
    }

    private let units: JournalUnits
    private var sandboxes: BoundedMap<ContainerID, PodName>
    private var containers: BoundedMap<ContainerID, Known>
    /// Streams whose last entry was cut: the next one is no beginning of a line.
    private var cutStreams = BoundedMap<String, Bool>(capacity: 64)
    /// When the last entry of a unit, or of the kernel, was received.
    private var lastReceived: [String: Timestamp] = [:]
    /// Containers that were spoken of and whose name or pod is not known; at most `wantedLimit`.
    private(set) var wanted: Set<ContainerID> = []

    static let wantedLimit = 4096
    private static let kernel = "the kernel"

    init(units: JournalUnits, sandboxes: Int = 8192, containers: Int = 16_384) {
        self.units = units
        self.sandboxes = BoundedMap(capacity: sandboxes)
        self.containers = BoundedMap(capacity: containers)
    }

    // MARK: Live and after downtime

    mutating func take(_ entry: JournalEntry) -> Reading {
        switch entry.origin {
        case .loss(let messageID, let unit, let count): return take(loss: messageID, unit, count, entry)
        case .manager: return Reading(kind: "unit")
        case .kernel: lastReceived[Self.kernel] = entry.received
        case .unit(let unit): lastReceived[unit] = entry.received
        }
        guard entry.message.count < JournalEntry.longestMessage else {
            _ = begins(entry)
            return Reading(kind: "oversize")
        }
        guard begins(entry) else { return Reading() }
        let (lines, time) = Self.lines(of: entry)
        var reading = Reading()
        for line in lines { take(line, at: time ?? entry.received, &reading) }
        return reading
    }

    /// Takes only what stands for continuity: for the entry that the cursor was at, which has been told.
    mutating func pass(_ entry: JournalEntry) {
        _ = begins(entry)
    }

    private mutating func take(_ line: JournalLine, at time: Timestamp, _ reading: inout Reading) {
        switch line {
        case .sandbox(let id, let pod):
            reading.kind = "sandbox"
            // It was taken for a container before anybody said otherwise.
            learn(line, at: time)
            wanted.remove(id)
            guard let known = containers[id], !known.isContainer, !known.toldSandbox else { return }
            know(id) { $0.toldSandbox = true }
            var description = ContainerDescription(id: id, isSandbox: true, witness: .journal)
            description.namespace = pod?.namespace
            description.pod = pod?.name
            description.podUID = pod?.uid
            reading.facts.append(.container(description))
        case .created(let id, _, _, _):
            reading.kind = "created"
            learn(line, at: time)
            describe(id, &reading)
        case .named(let id, _, _):
            if reading.kind == "other" { reading.kind = "named" }
            learn(line, at: time)
            describe(id, &reading)
        case .event(let id, let event):
            reading.kind = Self.kind(event)
            guard sandboxes[id] == nil else { return }
            know(id) { $0.isContainer = true }
            describe(id, &reading)
            reading.facts.append(.journal(JournalStatement(container: id, event: event, at: time)))
        case .taskExited(let id, let code, let at):
            reading.kind = "exited"
            guard sandboxes[id] == nil else { return }
            know(id) { _ in }
            describe(id, &reading)
            let event = JournalStatement.Event.exited(code: code, finishedAt: at)
            reading.facts.append(.journal(JournalStatement(container: id, event: event, at: time)))
        }
    }

    private static func kind(_ event: JournalStatement.Event) -> String {
        switch event {
        case .started: "started"
        case .exited: "exited"
        case .outOfMemory: "oom"
        case .removed: "removed"
        case .attachClosed: "attach"
        }
    }

    // MARK: Who is who

    /// Takes from an older line what it says of names; newer lines have precedence.
    mutating func learn(_ entry: JournalEntry) {
        guard case .unit = entry.origin, entry.message.count < JournalEntry.longestMessage else { return }
        let (lines, time) = Self.lines(of: entry)
        for line in lines { learn(line, at: time ?? entry.received) }
    }

    private mutating func learn(_ line: JournalLine, at time: Timestamp) {
        switch line {
        case .sandbox(let id, let pod):
            let old = sandboxes[id]
            let merged = PodName(
                namespace: old?.namespace ?? pod?.namespace, name: old?.name ?? pod?.name, uid: old?.uid ?? pod?.uid)
            sandboxes.set(merged, for: id)
        case .created(let id, let sandbox, let name, let attempt):
            know(id) { known in
                known.isContainer = true
                known.name = known.name ?? name
                known.attempt = known.attempt ?? attempt
                known.sandbox = known.sandbox ?? sandbox
                known.createdAt = known.createdAt ?? time
            }
        case .named(let id, let pod, let container):
            guard sandboxes[id] == nil else { return }
            know(id) { known in
                known.name = known.name ?? container
                known.isContainer = known.isContainer || container != nil
                known.pod.namespace = known.pod.namespace ?? pod.namespace
                known.pod.name = known.pod.name ?? pod.name
                known.pod.uid = known.pod.uid ?? pod.uid
            }
        case .event, .taskExited: break
        }
    }

    private mutating func know(_ id: ContainerID, _ change: (inout Known) -> Void) {
        var known = containers[id] ?? Known()
        change(&known)
        containers.set(known, for: id)
    }

    /// Tells what is known of a container, if that is more than was told.
    private mutating func describe(_ id: ContainerID, _ reading: inout Reading) {
        guard let known = containers[id] else { return }
        let sandboxPod = known.sandbox.flatMap { sandboxes[$0] }
        var description = ContainerDescription(id: id, isSandbox: false, witness: .journal)
        description.container = known.name
        description.attempt = known.attempt
        description.sandboxID = known.sandbox?.rawValue
        description.createdAt = known.createdAt
        description.namespace = known.pod.namespace ?? sandboxPod?.namespace
        description.pod = known.pod.name ?? sandboxPod?.name
        description.podUID = known.pod.uid ?? sandboxPod?.uid
        let isWhole = known.name != nil && description.pod != nil && description.podUID != nil
        if isWhole {
            wanted.remove(id)
        } else if !known.wasSought, wanted.count < Self.wantedLimit {
            wanted.insert(id)
        }
        // What may yet turn out to be a sandbox is not said to be a container.
        guard known.isContainer, known.name != nil || description.podUID != nil, description != known.told else {
            return
        }
        know(id) { $0.told = description }
        reading.facts.append(.container(description))
    }

    /// After `learn`: what is now known of the containers that were wanted.
    mutating func describeWanted() -> [Fact] {
        var reading = Reading()
        for id in wanted {
            if let pod = sandboxes[id] { take(.sandbox(id, pod), at: Timestamp(nanoseconds: 0), &reading) }
            describe(id, &reading)
        }
        return reading.facts
    }

    /// Nobody asks for these again: where their names would be, has been looked.
    mutating func giveUpWanted() {
        for id in wanted { know(id) { $0.wasSought = true } }
        wanted.removeAll()
    }

    // MARK: Lines

    /// Whether the entry is the beginning of a line. Behind a cut one comes its remainder, whose first bytes whoever chose
    /// the text has chosen.
    private mutating func begins(_ entry: JournalEntry) -> Bool {
        guard let stream = entry.stream else { return !entry.isCut }
        let isRemainder = cutStreams[stream] == true
        if entry.isCut || isRemainder { cutStreams.set(entry.isCut, for: stream) }
        return !isRemainder && !entry.isCut
    }

    /// What an entry says, and the line's own time.
    static func lines(of entry: JournalEntry) -> ([JournalLine], Timestamp?) {
        switch entry.origin {
        case .kernel: return (KernelLine.read(entry.message), nil)
        case .unit(let unit):
            if JournalUnits.speaksForRuntime(unit), let line = LogrusLine(entry.message[...]) {
                let lines = ContainerdLine.read(line.message)
                return (lines.isEmpty ? CRIOLine.read(line) : lines, line.time)
            }
            if JournalUnits.speaksForKubelet(unit), let line = KlogLine(entry.message[...]) {
                // Its own time has no year and the node's zone.
                return (KubeletLine.read(line), nil)
            }
            return ([], nil)
        case .manager, .loss: return ([], nil)
        }
    }

    // MARK: Losses

    private func take(loss messageID: String, _ unit: String?, _ count: Int?, _ entry: JournalEntry) -> Reading {
        var reading = Reading(kind: "loss")
        let who: String
        if messageID == JournalMessage.missed {
            who = Self.kernel
        } else {
            // "Suppressed 41 messages from containerd.service", or the path of its cgroup.
            let text = String(decoding: entry.message, as: UTF8.self)
            let named = text.split(separator: " ").last.flatMap { $0.split(separator: "/").last }.map { String($0) }
            guard let ours = [unit, named].compactMap({ $0 }).first(where: units.contains) else { return reading }
            who = ours
        }
        // Before the last line that came through nothing was lost; where there was none, journald's own interval.
        let from = lastReceived[who] ?? entry.received.advanced(byNanoseconds: -30_000_000_000)
        reading.facts = [
            .intervalMissed(
                .journal, from: min(from, entry.received), to: entry.received,
                reason: who == Self.kernel
                    ? "journald missed lines of the kernel" : "journald dropped lines of \(who) at its rate limit",
                dropped: count)
        ]
        return reading
    }
}
