// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// The blocks of all pages, run on a host one after the other, as they stand there.
///
/// What a page makes up, an id or a token, is replaced by what is there on the host, as is what would build for ten minutes; the
/// test names each. `make` targets that CI runs by itself are not run again.
struct PageWalk {
    /// What CI runs by itself, or by another test: nobody does it again on the host.
    private static let runElsewhere: Set<String> = [
        "test", "build",  // CI's own
        "demo",  // DemoProgramTests
        "torture",  // TortureTests
        "deb",  // PackageTests, with the debug build
    ]

    private let host: Host
    /// By page: what nobody has run yet.
    private var left: [String: [PageBlock]] = [:]

    init(_ host: Host) throws {
        self.host = host
        let documents = Files.tree(Repository.file("docs")).filter { $0.hasSuffix(".md") }
            .map { String($0.dropFirst(Repository.root.count + 1)) }
        for page in ["README.md", "CONTRIBUTING.md", "SECURITY.md"] + documents {
            left[page] = PageBlock.all(in: try Repository.text(page)).filter { block in
                block.isUnclear || block.notRun == nil && block.commands.contains { !Self.isRunElsewhere($0.text) }
            }
        }
    }

    private static func isRunElsewhere(_ command: String) -> Bool {
        let words = Array(command.split(separator: " ").prefix { !$0.hasPrefix("#") })
        return words.count > 1 && words[0] == "make"
            && words.dropFirst().allSatisfy { runElsewhere.contains(String($0)) }
    }

    /// Blocks that were not run, each with its page and line.
    var leftovers: [String] {
        left.keys.sorted().flatMap { page in
            (left[page] ?? []).map { "\(page):\($0.lines.first?.number ?? 0): \($0.commands.first?.text ?? "")" }
        }
    }

    /// Runs the block of `page` whose first command begins with `start`. It must succeed.
    ///
    /// - Parameters:
    ///   - user: who runs it.
    ///   - directory: where, on the host.
    ///   - names: what the page makes up, and what it is here.
    ///   - environment: further variables.
    ///   - serving: the port at which the program that the block starts in the foreground says `/readyz`. It runs until the
    ///     block's other commands are through.
    /// - Returns: its standard output.
    @discardableResult
    mutating func run(
        _ page: String, _ start: String, as user: String = "root", in directory: String = "/srv",
        names: [String: String] = [:], environment: [String: String] = [:], serving: Int? = nil
    ) async throws -> String {
        guard let index = left[page]?.firstIndex(where: { $0.commands.first?.text.hasPrefix(start) == true }),
            let block = left[page]?.remove(at: index)
        else { throw RigError.failed("\(page) has no block that begins with \(start), or it was run already") }
        var script = "set -euo pipefail\ncd \(directory)\n" + Self.serve
        for command in block.commands where !Self.isRunElsewhere(command.text) {
            var text = command.text
            for (name, own) in names { text = text.replacing(name, with: own) }
            if let serving, Self.isServer(text) {
                script += "exec_served() { exec \(text)\n}\nserve \(serving)\n"
            } else {
                script += text + "\n"
            }
        }
        let variables = environment.map { "\($0.key)=\($0.value)" }
        let result = try await host.machine.run(
            ["runuser", "-u", user, "--", "env"] + variables + ["bash", "-c", script], limit: .seconds(240))
        guard result.succeeded else {
            let said = "\(result.text)\(result.errorText)"
            throw RigError.failed("\(page):\(block.lines.first?.number ?? 0): \(result.ending)\n\(script)\n\(said)")
        }
        return result.text
    }

    /// Whether it stays in the foreground.
    private static func isServer(_ command: String) -> Bool {
        let words = command.split(separator: " ").prefix { $0 != "#" }
        guard let program = words.first else { return false }
        return program.hasSuffix("lastword-agent") && words.count == 1
            || program.hasSuffix("lastword-collector") && words.dropFirst().first == "serve"
    }

    /// Starts what `exec_served` is, waits until it is ready, and ends it with the script.
    private static let serve = #"""
        ready() {
            { exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 && read -r answer <&3; } 2>/dev/null \
                && [[ $answer == *" 200 "* ]]
        }
        serve() {
            exec_served >&2 &
            served=$!
            trap 'kill $served; wait $served' EXIT
            for _ in {1..600}; do
                kill -0 $served || return 1
                if (ready "$1"); then return 0; fi
                sleep 0.1
            done
            return 1
        }

        """#

    /// The text of a file that the page shows.
    func file(_ page: String, beginning start: String) throws -> String {
        let blocks = PageBlock.all(in: try Repository.text(page)).map(\.text).filter { $0.hasPrefix(start) }
        guard blocks.count == 1 else {
            throw RigError.failed("\(page) has \(blocks.count) blocks that begin with \(start)")
        }
        return blocks[0]
    }
}
