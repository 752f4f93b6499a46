// SPDX-License-Identifier: Apache-2.0
package import SystemJournal

/// Which journal is read, and whose lines.
package struct JournalSourceConfiguration: Hashable, Sendable {
    package var place: JournalPlace
    package var namespaces: JournalNamespaces
    /// Services whose lines are read; those that are not there do no harm.
    package var units: [String]
    /// Observations that may wait for the consumer; when half of it is full, reading waits.
    package var queueCapacity = 16_384
    /// How often a journal that is not there is looked for.
    package var retryInterval: Duration = .seconds(30)
    /// How many lines of the units are looked through backwards for the names of containers that were made before the
    /// cursor, and how long it is until that may be done again.
    package var lookBackEntries = 50_000
    package var lookBackInterval: Duration = .seconds(600)
    /// How often a quiet source moves on to the end of the journal, so that its cursor does not age until the journal has
    /// forgotten it.
    package var idleInterval: Duration = .seconds(600)

    /// How many entries one reader reads, and how many once the journal's end is reached: libsystemd keeps mapped what it has
    /// been through, tens of megabytes of a long history, and lets go of it with the reader alone.
    package var entriesOfReader = 50_000
    package var entriesOfReaderAtEnd = 5_000

    package static let standardUnits = [
        "containerd.service", "kubelet.service", "crio.service", "k3s.service", "k3s-agent.service",
        "rke2-server.service", "rke2-agent.service",
    ]

    package init(
        place: JournalPlace = .host, namespaces: JournalNamespaces = .standard,
        units: [String] = JournalSourceConfiguration.standardUnits
    ) {
        self.place = place
        self.namespaces = namespaces
        self.units = units
    }
}
