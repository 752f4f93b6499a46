// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// What a `LogKeeper` is told.
package struct LogKeeperConfiguration: Sendable {
    /// Where the hard links go.
    package enum Pins: Hashable, Sendable {
        /// `.lastword/pins` beside podLogsDir.
        case beside
        case directory(String)
        /// No links: descriptors are held instead.
        case off
    }

    /// The kubelet's podLogsDir as the agent sees it.
    package var podLogsDirectory: String
    /// Other paths by which the runtime's LogPath may name that directory.
    package var aliases: [String] = []
    package var pins: Pins = .beside
    package var tail: TailLimits = .standard

    /// Allocated bytes of all pins together, and of one container's. Above it the tail is copied and the link goes.
    package var pinBytes: Int64 = 256 * 1024 * 1024
    package var pinBytesPerContainer: Int64 = 64 * 1024 * 1024
    /// Share of the file system that must stay free, 0 to 1. Below it, links that alone keep a deleted log on the disk
    /// go; a link to a file that has another name takes no space.
    package var freeSpaceFloor: Double = 0.1
    /// Rotated files of one log that are pinned while the newer ones do not hold N.
    package var rotatedPins = 4
    /// Descriptors held where there can be no link; beyond it tails are copied.
    package var heldDescriptors = 512
    /// Copied tails kept in memory; beyond it the oldest copy is left to whoever was told of it.
    package var copiedBytes = 16 * 1024 * 1024

    /// Who must own a log file.
    package var logOwner: UInt32 = 0
    /// How often directories are looked at without an event.
    package var pollInterval: Duration = .seconds(2)

    package init(podLogsDirectory: String = "/var/log/pods") {
        self.podLogsDirectory = podLogsDirectory
    }
}

/// What became of an attempt to keep a log alive; the same words as the tracker's `LogPin`.
package enum PinOutcome: Hashable, Sendable {
    case held(PinnedBy)
    /// The file is not there (yet).
    case absent
    /// In words.
    case refused(String)
}

/// What the keeper did on its own that its owner must make durable.
package enum LogKeeperReport: Sendable {
    /// A pin was given up at a limit; this is the tail it had. Store it: memory keeps only so many.
    case copied(ContainerID, CapturedTail)
    /// The tail of a log that is only held open, and would be lost with the process.
    case checkpoint(ContainerID, CapturedTail)
}

/// Numbers for metrics. Counters count since the start.
package struct LogKeeperStatistics: Hashable, Sendable {
    package var containers = 0
    package var links = 0
    package var descriptors = 0
    /// Allocated bytes of all links and descriptors.
    package var pinnedBytes: Int64 = 0
    /// Allocated bytes of files that have no other name than their pin: what the node would have free without us.
    package var orphanedBytes: Int64 = 0
    /// Copied tails in memory.
    package var copies = 0
    package var refusedTotal = 0
    package var copiedTotal = 0
    package var rotationsTotal = 0
    /// Rotated files given up at a limit although the newer ones do not hold N.
    package var droppedRotatedTotal = 0
    /// Links that could not be made and became descriptors.
    package var linkFailuresTotal = 0
    /// Directories that could not be watched: rotation there is seen by polling alone.
    package var watchFailuresTotal = 0

    package init() {}
}
