// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ConfigurationReading
import Foundation

@testable import AgentCore
@testable import CollectorServer
@testable import Commands

/// Holds what pages and messages say against what there is: commands, options, keys, variables, `make` targets, tests.
struct DocumentationCheck {
    private struct Help: Decodable {
        struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable {
                    var kind: String
                    var name: String
                }
                var names: [Name]?
            }
            var commandName: String
            var subcommands: [Command]?
            var arguments: [Argument]?
        }
        var command: Command
    }

    /// By verb: its options.
    private let options: [String: Set<String>]
    private let agentVerbs: Set<String>
    private let collectorOptions: [String: Set<String>]
    private let makeTargets: Set<String>
    /// What `--filter` may name.
    private let tests: Set<String>
    private let keys = Set((AgentConfigurationKeys.all + CollectorConfigurationKeys.all).map(\.name))
    private let flags = Set(AgentConfigurationKeys.all.map(\.flag) + [ConfigurationArguments.fileFlag])
    /// Variables, and the fields of our journal entries, which look like them.
    private let variables: Set<String>

    init() throws {
        options = try Self.verbs(Lastword._dumpHelp())
        agentVerbs = Set(try Self.verbs(AgentCommand._dumpHelp()).keys)
        collectorOptions = try Self.verbs(CollectorCommand._dumpHelp())
        let makefile = try String(contentsOf: RepositoryFiles.root.appending(path: "Makefile"), encoding: .utf8)
        makeTargets = Set(makefile.matches(of: /(?m)^([a-z]+):/).map { String($0.1) })
        var tests: Set<String> = []
        for (path, text) in try RepositoryFiles.sources("Tests") {
            tests.insert(String(path.prefix { $0 != "/" }))
            for match in text.matches(of: /(?m)^(?:final )?(?:struct|class) (\w+Tests)\b/) {
                tests.insert(String(match.1))
            }
        }
        self.tests = tests
        var fields: Set<String> = []
        for (path, text) in try RepositoryFiles.sources("Sources")
        where path.hasSuffix("SessionAnnouncement.swift") || path.hasSuffix("JournalVocabulary.swift") {
            for match in text.matches(of: /"(LASTWORD_[A-Z_0-9]+)"/) { fields.insert(String(match.1)) }
        }
        variables = fields.union(AgentConfigurationKeys.all.map(\.variable))
            .union([AgentConfiguration.naming.fileVariable]).union(ConfigurationNaming.commandLine)
            .union(CollectorConfigurationKeys.all.map { $0.variable(prefix: CollectorConfiguration.naming.prefix) })
            .union([CollectorConfiguration.naming.fileVariable])
    }

    private static func verbs(_ help: String) throws -> [String: Set<String>] {
        let root = try JSONDecoder().decode(Help.self, from: Data(help.utf8)).command
        return Dictionary(
            uniqueKeysWithValues: (root.subcommands ?? []).map { verb in
                let names = ([verb] + (verb.subcommands ?? [])).flatMap { $0.arguments ?? [] }.flatMap {
                    $0.names ?? []
                }
                return (verb.commandName, Set(names.map { ($0.kind == "short" ? "-" : "--") + $0.name }))
            })
    }

    // MARK: Pages

    /// Everything in a page that is not so, with its place.
    func faults(inPage page: String) -> [String] {
        var faults = DocumentedCommand.all(in: page).compactMap { command in
            fault(of: command).map { "line \(command.line): \(command.words.joined(separator: " ")): \($0)" }
        }
        for match in page.matches(of: /`([^`\n]+)`/) {
            let span = String(match.1)
            if let fault = fault(ofSpan: span) { faults.append("\(span): \(fault)") }
        }
        faults += unknownVariables(in: page)
        return faults + unknownKeys(in: page)
    }

    private func fault(of command: DocumentedCommand) -> String? {
        let arguments = Array(command.words.dropFirst())
        switch command.words[0] {
        case "lastword":
            do {
                _ = try LastwordCommandLine.parse(arguments)
            } catch {
                return Lastword.exitCode(for: error).isSuccess ? nil : Lastword.message(for: error)
            }
        case "lastword-agent": return faultOfAgent(arguments)
        case "lastword-collector": return faultOfCollector(arguments)
        case "make":
            let unknown = arguments.filter { !$0.contains("=") && !makeTargets.contains($0) }
            return unknown.isEmpty ? nil : "no such target"
        case "swift":
            guard let first = arguments.first, ["build", "test", "format"].contains(first) else { return "not known" }
            guard let filter = arguments.firstIndex(of: "--filter") else { return nil }
            let name = arguments.dropFirst(filter + 1).first ?? ""
            return tests.contains { $0.hasSuffix(name) } && !name.isEmpty ? nil : "no such test"
        // Of others what is wrong is seen where all blocks are run.
        default: return nil
        }
        return nil
    }

    private func faultOfAgent(_ arguments: [String]) -> String? {
        do {
            let settings: [String]
            switch try AgentCommand.parseAsRoot(arguments) {
            case let command as AgentCommand.Run: settings = command.settings
            case let command as AgentCommand.Check: settings = command.settings
            case let command as AgentCommand.Settings: settings = command.settings
            default: return nil
            }
            _ = try AgentConfiguration.load(
                arguments: settings, environment: [:], defaultFile: "/nonexistent/agent.yaml", hostName: "host")
        } catch {
            return AgentCommand.exitCode(for: error).isSuccess ? nil : AgentCommand.message(for: error)
        }
        return nil
    }

    private func faultOfCollector(_ arguments: [String]) -> String? {
        do {
            let settings: [String]
            switch try CollectorCommand.parseAsRoot(arguments) {
            case let command as CollectorCommand.Serve: settings = command.settings
            case let command as CollectorCommand.Check: settings = command.settings
            case let command as CollectorCommand.Settings: settings = command.settings
            default: return nil
            }
            _ = try CollectorConfiguration.load(
                arguments: settings, environment: [:], defaultFile: "/nonexistent/collector.yaml")
        } catch {
            return CollectorCommand.exitCode(for: error).isSuccess ? nil : CollectorCommand.message(for: error)
        }
        return nil
    }

    /// In running text a command is a name with perhaps an option: no values, an ellipsis for what does not matter.
    private func fault(ofSpan span: String) -> String? {
        let words = span.split(separator: " ").map(String.init)
        let known: Set<String>
        switch words.first {
        case "lastword" where words.count > 1 && words[1] != "…":
            guard let verb = options[words[1]] else { return "no such command" }
            known = verb
        case "lastword" where words.count > 1: known = options.values.reduce(into: []) { $0.formUnion($1) }
        case "lastword-agent" where words.count > 1 && !words[1].hasPrefix("-"):
            guard agentVerbs.contains(words[1]) else { return "no such command" }
            known = flags.union(["--format"])
        case "lastword-collector" where words.count > 1 && !words[1].hasPrefix("-"):
            guard let options = collectorOptions[words[1]] else { return "no such command" }
            known = options.union(CollectorConfigurationKeys.all.map(\.flag))
        default: return nil
        }
        let unknown = words.filter { $0.contains(/^--?[a-z]/) && !known.contains($0) }
        return unknown.isEmpty ? nil : "no such option"
    }

    private func unknownVariables(in text: String) -> [String] {
        text.matches(of: /LASTWORD_[A-Z_0-9]*[A-Z0-9]/).map { String($0.0) }.filter { !variables.contains($0) }.map {
            "\($0): no such variable"
        }
    }

    // MARK: Messages

    /// The keys that do not exist among those that the string literals of a source file speak of.
    func faults(inSource text: String) -> [String] {
        text.split(separator: "\n").flatMap { line -> [String] in
            guard !line.drop(while: { $0 == " " }).hasPrefix("//") else { return [] }
            // What stands in an interpolation is code. A literal of one word is a code or a name.
            let literals = line.matches(of: /"((?:[^"\\]|\\.)*)"/).map {
                String($0.1).replacing(/\\\((?:[^()]|\([^()]*\))*\)/, with: "…")
            }
            return literals.filter { $0.contains(" ") }.flatMap { literal in
                unknownKeys(in: literal, alsoUnset: true) + unknownVariables(in: literal)
            }
        }
    }

    /// Names behind "set", whatever they begin with; and, if asked for, all those that begin as a key does. In a page they
    /// may be fields of a record.
    private func unknownKeys(in text: String, alsoUnset: Bool = false) -> [String] {
        let groups = Set(keys.map { $0.prefix { $0 != "." } })
        let pattern = /(?<before>\b[sS]et `?|[^\w.\/-]|^)(?<key>[a-z]+(?:\.[a-z][A-Za-z]*)+)(?![\w\/-])/
        return text.matches(of: pattern).compactMap { match in
            let name = String(match.key)
            let isKey =
                match.before.lowercased().hasPrefix("set")
                || alsoUnset && groups.contains(name.prefix { $0 != "." })
            return isKey && !keys.contains(name) ? "\(name): no such key" : nil
        }
    }
}
