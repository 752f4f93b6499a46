// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Testing

@testable import Commands

@Suite("docs/cli.md and the parser say the same")
struct ReferencePageTests {
    private struct Help: Decodable {
        struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable {
                    var kind: String
                    var name: String

                    var option: String { (kind == "short" ? "-" : "--") + name }
                }
                var names: [Name]?
            }
            var commandName: String
            var subcommands: [Command]?
            var arguments: [Argument]?
        }
        var command: Command
    }

    private static func page() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/cli.md"), encoding: .utf8)
    }

    private static func verbs() throws -> [Help.Command] {
        let help = try JSONDecoder().decode(Help.self, from: Data(Lastword._dumpHelp().utf8))
        return (help.command.subcommands ?? []).filter { $0.commandName != "help" }
    }

    /// The page cut at its second-level headings.
    private static func sections() throws -> [String: String] {
        var sections: [String: String] = [:]
        for part in try page().components(separatedBy: "\n## ").dropFirst() {
            let title = part.prefix { $0 != "\n" }
            sections[String(title)] = String(part.dropFirst(title.count))
        }
        return sections
    }

    @Test("every command and every option of it stands in its section")
    func complete() throws {
        let verbs = try Self.verbs()
        let sections = try Self.sections()
        #expect(verbs.count == 11)
        let shared = try #require(sections["Options of every command"])
        for verb in verbs {
            let section = try #require(sections[verb.commandName], "no section \(verb.commandName)")
            for name in (verb.arguments ?? []).flatMap({ $0.names ?? [] }) {
                let option = name.option
                let mark = "`\(option)`"
                #expect(section.contains(mark) || shared.contains(mark), "\(verb.commandName) \(option)")
            }
        }
    }

    @Test("the page names no option that there is not")
    func truthful() throws {
        var known: Set<String> = []
        for verb in try Self.verbs() {
            for argument in verb.arguments ?? [] {
                for name in argument.names ?? [] { known.insert(name.option) }
            }
        }
        for match in try Self.page().matches(of: /`(--?[A-Za-z][a-z-]*)`/) {
            #expect(known.contains(String(match.1)), "\(match.1)")
        }
    }

    @Test("the page names every column of the widest table")
    func columns() throws {
        let section = try #require(try Self.sections()["list"])
        for title in SessionTable.titles(wide: true) { #expect(section.contains(title), "\(title)") }
    }
}
