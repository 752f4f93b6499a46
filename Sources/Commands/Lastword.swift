// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The root of the command line; `LastwordCommandLine` runs it.
struct Lastword: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lastword",
        abstract: "Tell how debug containers ended, and what they printed last.",
        discussion: """
            Reads the record that lastword-agent keeps on this node; the agent need not be running.

            A SESSION is named by the beginning of its id, or by namespace/pod/container. Results go to standard output, \
            everything else to standard error. The exit code is 0 when something was found or done, 1 when nothing was \
            found or a check failed, and 2 on an error.
            """,
        version: LastwordCommandLine.version,
        subcommands: [
            SessionList.self, SessionShow.self, SessionLogs.self, GapList.self, StatusShow.self, LedgerVerify.self,
            LedgerExport.self, DoctorRun.self, CompletionPrint.self,
        ])

    static var _errorPrefix: String { "error: " }
}

/// A command of `lastword`.
protocol Verb: ParsableCommand {
    /// Does the work; what it throws becomes exit code 2.
    func execute(in context: CommandContext) async throws -> ExitStatus
}
