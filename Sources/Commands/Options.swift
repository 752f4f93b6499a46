// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CollectorClient
import SessionRecords

/// Options that every command takes, before or after its name.
struct GlobalOptions: ParsableArguments {
    static let defaultStore = "/var/lib/lastword"

    @Option(
        help: ArgumentHelp(
            "Directory of the node's store. (environment: LASTWORD_STORE; default: \(GlobalOptions.defaultStore))",
            valueName: "path"),
        completion: .directory)
    var store: String?

    @OptionGroup var remote: CollectorOptions

    @Option(help: ArgumentHelp("When to use colours.", valueName: "when"))
    var color: ColorChoice = .auto

    func storePath(_ context: CommandContext) -> String {
        namedStore(context) ?? Self.defaultStore
    }

    /// The store that was named by the flag or the environment.
    func namedStore(_ context: CommandContext) -> String? {
        store ?? context.variable("LASTWORD_STORE")
    }

    /// The collector to ask: the one that was named by the flag or, unless the flag names a store, by the environment.
    func collector(_ context: CommandContext) -> CollectorAccess? {
        remote.access(context, environment: store == nil)
    }

    /// Throws where both flags are given; between the environment's two the collector wins.
    func source(_ context: CommandContext) async throws -> SessionSource {
        if store != nil, remote.collector != nil {
            throw LastwordError(
                code: "cli.two-sources", message: "both --store and --collector are given",
                remedy: "give one of them; verify alone compares the two")
        }
        if let access = collector(context) { return try await context.openCollector(access) }
        return try await context.openStore(storePath(context))
    }

    func palette(_ context: CommandContext) -> Palette {
        switch color {
        case .always: return Palette(isOn: true)
        case .never: return .plain
        case .auto:
            // https://no-color.org: set and not empty.
            let refused = context.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
            let dumb = context.environment["TERM"] == "dumb"
            return Palette(isOn: context.isTerminal && !refused && !dumb)
        }
    }
}

enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, always, never
}

/// `-o` of commands that show one thing.
enum DocumentFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json, yaml
}

/// `-o` of commands that show a list.
enum ListFormat: String, CaseIterable, ExpressibleByArgument {
    case table, wide, json, jsonl, yaml, name
}

/// `-o` of lists whose rows have no name and no wide form.
enum RowFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, jsonl, yaml
}

extension JSONValue {
    /// The value as a document in one of the two data formats; nil for text.
    func document(_ format: DocumentFormat) -> String? {
        switch format {
        case .text: nil
        case .json: JSONText.pretty(self)
        case .yaml: YAMLText.document(self)
        }
    }
}
