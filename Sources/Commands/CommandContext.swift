// SPDX-License-Identifier: Apache-2.0
package import CollectorClient
package import SessionRecords
package import SystemJournal

/// Everything that a command touches outside itself, so that tests can put something else in its place.
package struct CommandContext: Sendable {
    /// How the program was called, for its help.
    package var program = ProgramName.lastword
    package var standardOutput: OutputSink
    package var standardError: OutputSink
    package var environment: [String: String]
    /// Whether standard output is a terminal.
    package var isTerminal: Bool
    /// Width to wrap help at; nil: the terminal's.
    package var columns: Int?
    package var now: @Sendable () -> Timestamp
    /// Waits between two polls of `--watch`; throws to end it.
    package var pause: @Sendable (Duration) async throws -> Void
    /// Opens the store in this directory for reading.
    package var openStore: @Sendable (_ path: String) async throws -> SessionSource
    /// Whether there is a store in this directory.
    package var hasStore: @Sendable (_ path: String) -> Bool
    /// Makes ready to ask a collector.
    package var openCollector: @Sendable (_ access: CollectorAccess) async throws -> SessionSource
    /// The heads of a ledger in a journal.
    package var journalHeads: @Sendable (_ place: JournalPlace, _ ledger: String) -> KeptHeads
    /// What `doctor` checks, in this order.
    package var doctorChecks: @Sendable (DoctorTarget) -> [DoctorCheck]

    package init(
        standardOutput: OutputSink, standardError: OutputSink, environment: [String: String], isTerminal: Bool,
        columns: Int?, now: @escaping @Sendable () -> Timestamp,
        pause: @escaping @Sendable (Duration) async throws -> Void,
        openStore: @escaping @Sendable (String) async throws -> SessionSource,
        hasStore: @escaping @Sendable (String) -> Bool,
        openCollector: @escaping @Sendable (CollectorAccess) async throws -> SessionSource,
        journalHeads: @escaping @Sendable (JournalPlace, String) -> KeptHeads,
        doctorChecks: @escaping @Sendable (DoctorTarget) -> [DoctorCheck]
    ) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.environment = environment
        self.isTerminal = isTerminal
        self.columns = columns
        self.now = now
        self.pause = pause
        self.openStore = openStore
        self.hasStore = hasStore
        self.openCollector = openCollector
        self.journalHeads = journalHeads
        self.doctorChecks = doctorChecks
    }

    /// A result.
    func print(_ text: String) throws {
        try standardOutput.write(Array(text.utf8))
    }

    /// Anything that is not a result. The text may hold words from outside.
    func note(_ text: String) {
        // Nothing can be told about a standard error that is closed.
        try? standardError.write(Array((TerminalText.block(text) + "\n").utf8))
    }
}

/// How a command ended (`design.md` §7); a thrown error is 2.
enum ExitStatus: Int32 {
    /// Found, or done.
    case success = 0
    /// Nothing found, or a check failed.
    case nothing = 1
    case failure = 2
}
