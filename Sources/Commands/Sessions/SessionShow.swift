// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// `lastword show`.
struct SessionShow: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show all that is known of one session: facts, times and evidence.")

    @OptionGroup var session: SessionArgument

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print it.", valueName: "format"))
    var format: DocumentFormat = .text

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let source = try await global.source(context)
        guard let found = try await source.session(named: session.name, in: context) else { return .nothing }
        let details = try await source.fleet?.details(found.id)
        try context.print(
            found.json(with: details).document(format)
                ?? SessionDetail.render(found, details, palette: global.palette(context)))
        return .success
    }
}
