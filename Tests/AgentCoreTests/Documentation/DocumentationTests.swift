// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@testable import AgentCore
@testable import CollectorServer

@Suite("What pages and messages say")
struct DocumentationTests {
    static let pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md"] + folder("docs")

    private static func folder(_ path: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: RepositoryFiles.root.appending(path: path).path)
        return (names?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".md") }.sorted().map {
            path + "/" + $0
        }
    }

    @Test("every command of ours in a page can be given as it stands there", arguments: pages)
    func page(_ path: String) throws {
        let text = try String(contentsOf: RepositoryFiles.root.appending(path: path), encoding: .utf8)
        #expect(try DocumentationCheck().faults(inPage: text) == [])
    }

    @Test("the pages have commands to check")
    func found() throws {
        let commands = try ["README.md", "docs/cli.md", "docs/collector.md"].flatMap { path in
            DocumentedCommand.all(
                in: try String(contentsOf: RepositoryFiles.root.appending(path: path), encoding: .utf8))
        }
        let programs = Set(commands.map { $0.words[0] })
        #expect(programs.isSuperset(of: ["lastword", "lastword-agent", "lastword-collector", "make"]))
        #expect(commands.count > 15)
    }

    @Test("every file of settings that a page shows is one that its program takes")
    func settings() throws {
        let scratch = try ScratchDirectory()
        var loaded: [String] = []
        for page in Self.pages {
            let text = try String(contentsOf: RepositoryFiles.root.appending(path: page), encoding: .utf8)
            for block in PageBlock.all(in: text) where block.kind == .fenced("yaml") {
                // What is kubectl's is not ours.
                guard !block.text.contains("\nkind: ") else { continue }
                let file = try scratch.write(block.text, to: "settings.yaml")
                if ["server:", "outputs:"].contains(where: block.text.hasPrefix) {
                    _ = try CollectorConfiguration.load(arguments: ["--config", file], environment: [:])
                } else {
                    _ = try AgentConfiguration.load(arguments: ["--config", file], environment: [:], hostName: "host")
                }
                loaded.append(page)
            }
        }
        let pages = ["collector-configuration", "configuration", "install-systemd", "siem"]
        #expect(loaded == pages.map { "docs/\($0).md" })
    }

    @Test("messages name only keys and variables that there are")
    func messages() throws {
        let check = try DocumentationCheck()
        for (path, text) in try RepositoryFiles.sources("Sources") where !path.hasPrefix("Generated/") {
            #expect(check.faults(inSource: text) == [], "\(path)")
        }
    }

    @Test("every attribute and every field of ECS that is sent stands in the page about it")
    func fields() throws {
        let record = try String(
            contentsOf: RepositoryFiles.root.appending(path: "docs/record-format.md"), encoding: .utf8)
        let feed = try String(contentsOf: RepositoryFiles.root.appending(path: "docs/siem.md"), encoding: .utf8)
        var seen = 0
        for (path, text) in try RepositoryFiles.sources("Sources") {
            let (names, pages) =
                if path.hasSuffix("OTLPCoding/SessionView.swift") {
                    (text.matches(of: /\.add\("([a-z0-9_.]+)"/).map { String($0.output.1) }, record)
                } else if path.contains("SIEMFormats/ECS/") {
                    (text.matches(of: /document\["([@a-z0-9_.]+)"\]/).map { String($0.output.1) }, record + feed)
                } else {
                    ([String](), "")
                }
            seen += names.count
            for name in names { #expect(pages.contains("`\(name)`"), "\(name)") }
        }
        #expect(seen > 90)
    }

    @Test("what is wrong in a page is found, each with its place")
    func findings() throws {
        let page = """
            Use `lastword sho`, `lastword list --new`, `lastword-agent prove`; set `logs.pins`. LASTWORD_NOTHING=1.
            ```sh
            make demo && sudo make nothing   # not a target
            LASTWORD_STORE=/x .build/debug/lastword list --exit-code 'many'
            kubectl lastword list -o jsonl | jq .
            lastword-agent check --runtime-socket /run/x.sock --log-level loud
            swift test --filter NoSuchTests
            ```
            ```
            $ lastword verify --heads
            not a command
            ```

                lastword show                what is missing is a session
                something else

            <!-- not run: it is only an example -->
            ```sh
            rm -rf everything
            ```
            """
        let faults = try DocumentationCheck().faults(inPage: page)
        let places = [
            "line 3: make nothing", "line 4: lastword list --exit-code many",
            "line 6: lastword-agent check", "line 7: swift test", "line 10: lastword verify --heads",
            "line 14: lastword show", "lastword sho:", "lastword list --new:", "lastword-agent prove:",
            "LASTWORD_NOTHING:", "logs.pins:",
        ]
        #expect(faults.count == places.count, "\(faults)")
        for (fault, place) in zip(faults, places) { #expect(fault.hasPrefix(place)) }
    }

    @Test("a wrong key in a message is found, and what only looks like one is not")
    func keys() throws {
        let source = #"""
            throw LastwordError(code: "store.gone", message: "no \(logs.path) here", remedy: "set store.path to a directory")
            // "set store.nothing" in a comment
            remedy: "raise logs.pinLimits, or set containerd.socket or runtime.socket; see lastword.output.bytes",
            logger.warning("x", metadata: ["pods.reason": "runtime.c is 1"])
            """#
        #expect(
            try DocumentationCheck().faults(inSource: source) == [
                "store.path: no such key", "logs.pinLimits: no such key", "containerd.socket: no such key",
                "runtime.c: no such key",
            ])
    }
}
