// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// `lastword status`.
struct StatusShow: Verb {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the state of the agent, its ledger and deliveries, and debug pods left behind.")

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print it.", valueName: "format"))
    var format: DocumentFormat = .text

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let report = try await global.source(context).status()
        try context.print(
            report.json.document(format)
                ?? StatusText.render(report, now: context.now(), palette: global.palette(context)))
        return .success
    }
}
