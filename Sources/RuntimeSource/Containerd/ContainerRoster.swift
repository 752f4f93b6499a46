// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// Which containers the runtime has, by its events and by its listings. Pure.
///
/// It makes a listing true although it is put together from two calls while events go on: containers touched by an event
/// since the listing began are in it or not as that event says, never with a state that may be out of date; and containers
/// of which only the record is listed (CRI learns of a container last) are in it as `unknown`.
struct ContainerRoster: Sendable {
    private struct Entry {
        var isSandbox: Bool?
        var isDescribed = false
        /// A listing found its record, and nothing in CRI: not asked again until events may have been lost.
        var isRecordOnly = false
    }

    private var entries: [ContainerID: Entry] = [:]
    /// Containers touched since the listing began, and whether they were there afterwards.
    private var touched: [ContainerID: Bool]?
    private(set) var wasListed = false

    /// How many are known, sandboxes included.
    var count: Int { entries.count }

    // MARK: Events

    mutating func recordWritten(_ id: ContainerID) {
        entries[id] = Entry()
        touch(id, isThere: true)
    }

    mutating func note(_ fact: Fact) {
        switch fact {
        case .taskCreated(let id, _, _), .taskStarted(let id, _, _):
            if entries[id] == nil { entries[id] = Entry() }
            touch(id, isThere: true)
        // These may be replayed after the record has gone: they prove nothing of its presence.
        case .taskExited(let id, _), .taskDeleted(let id, _), .outOfMemory(let id, _, _):
            if entries[id] != nil { touch(id, isThere: true) }
        case .containerRemoved(let id, _):
            entries[id] = nil
            touch(id, isThere: false)
        default: break
        }
    }

    mutating func described(_ id: ContainerID, isSandbox: Bool) {
        guard entries[id] != nil else { return }
        entries[id]?.isDescribed = true
        entries[id]?.isSandbox = isSandbox
    }

    private mutating func touch(_ id: ContainerID, isThere: Bool) {
        touched?[id] = isThere
    }

    // MARK: Listings

    mutating func beginListing() {
        touched = [:]
    }

    /// Containers that CRI did not list and whose record must be looked for. `thorough`: events may have been lost, so all
    /// of them, else only those that came since the last listing.
    func doubtful(listed: [ContainerID: RuntimeStatus.State], thorough: Bool) -> [ContainerID] {
        entries.compactMap { id, entry in
            guard listed[id] == nil, entry.isSandbox != true, thorough || !entry.isRecordOnly else { return nil }
            return id
        }
    }

    func undescribed(_ ids: some Sequence<ContainerID>) -> [ContainerID] {
        ids.filter { entries[$0]?.isDescribed != true }
    }

    /// - Parameters:
    ///   - listed: what CRI listed.
    ///   - recorded: whose record was found, and whether it is a sandbox's.
    ///   - thorough: as in `doubtful`.
    mutating func finishListing(
        listed: [ContainerID: RuntimeStatus.State], recorded: [ContainerID: Bool], thorough: Bool
    ) -> RuntimeListing {
        var present = listed
        for (id, isSandbox) in recorded where !isSandbox && present[id] == nil { present[id] = .unknown }
        if !thorough {
            for (id, entry) in entries where entry.isRecordOnly && present[id] == nil { present[id] = .unknown }
        }
        for (id, isThere) in touched ?? [:] {
            if !isThere {
                present[id] = nil
            } else if entries[id]?.isSandbox != true {
                present[id] = .unknown
            }
        }
        var next: [ContainerID: Entry] = [:]
        for id in present.keys {
            var entry = entries[id] ?? Entry()
            entry.isRecordOnly = listed[id] == nil && touched?[id] == nil
            next[id] = entry
        }
        // Sandboxes are not listed; they leave by their own event, or here when events may have been lost.
        for (id, entry) in entries where entry.isSandbox == true && (!thorough || touched?[id] == true) {
            next[id] = entry
        }
        entries = next
        touched = nil
        wasListed = true
        return RuntimeListing(containers: present)
    }
}
