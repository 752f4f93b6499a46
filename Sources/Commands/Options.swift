// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
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

    @Option(help: ArgumentHelp("When to use colours.", valueName: "when"))
    var color: ColorChoice = .auto

    func storePath(_ context: CommandContext) -> String {
        namedStore(context) ?? Self.defaultStore
    }

    /// The store that was named by the flag or the environment.
    func namedStore(_ context: CommandContext) -> String? {
        if let store { return store }
        guard let set = context.environment["LASTWORD_STORE"], !set.isEmpty else { return nil }
        return set
    }

    func source(_ context: CommandContext) async throws -> SessionSource {
        try await context.openStore(storePath(context))
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
