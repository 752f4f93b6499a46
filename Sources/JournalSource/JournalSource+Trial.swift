// SPDX-License-Identifier: Apache-2.0
package import SessionRecords
package import SystemJournal

/// What a trial found.
package struct JournalTrial: Hashable, Sendable {
    package var inventory: JournalInventory
    /// When the last line of each unit was received; units without one are missing.
    package var lastLines: [String: Timestamp]

    /// What an operator should know although the journal can be read; nil if there is nothing.
    package var remark: String? {
        if let trouble = inventory.trouble { return trouble }
        return lastLines.isEmpty
            ? "no line of the container runtime or the kubelet is in the journal (k3s and RKE2 write to files)" : nil
    }
}

extension JournalSource {
    /// One try at everything that `run` needs, for `check` and `doctor`. Blocks on the disk, for a moment.
    /// - Throws: `LastwordError` with a remedy: there is no journal, or it may not be read.
    package static func trialAccess(_ configuration: JournalSourceConfiguration) throws(LastwordError) -> JournalTrial {
        let inventory = JournalInventory(of: configuration.place)
        guard inventory.isReadable else {
            let isRefused = inventory.refused > 0 || !inventory.closedDirectories.isEmpty
            throw LastwordError(
                code: isRefused ? "journal.access" : inventory.tooNew > 0 ? "journal.format" : "journal.absent",
                message: "cannot read the journal at \(configuration.place): \(inventory.trouble ?? "no files")",
                remedy: isRefused
                    ? "give the agent the group systemd-journal, by its number where it runs in a container"
                    : inventory.tooNew > 0
                        ? "use an image whose libsystemd is at least as new as the node's"
                        : "mount the node's /var/log/journal and /run/log/journal, or switch the journal off")
        }
        let reader = try JournalReader(configuration.place, namespaces: configuration.namespaces, longest: 256)
        var lastLines: [String: Timestamp] = [:]
        for unit in configuration.units {
            guard let match = JournalMatch("_SYSTEMD_UNIT", unit) else { continue }
            try reader.read(onlyMatching: [[match]])
            try reader.seekToEnd()
            if try reader.previous() { lastLines[unit] = try reader.received() }
        }
        return JournalTrial(inventory: inventory, lastLines: lastLines)
    }
}
