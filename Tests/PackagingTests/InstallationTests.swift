// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// `make install`, with the debug build in place of the release build.
@Suite("Installing")
struct InstallationTests {
    static let programs = ["lastword": "1", "lastword-agent": "8", "lastword-collector": "8"]

    @Test("the tree has what it must have, and nothing else")
    func tree() async throws {
        let expected = """
            /etc/lastword/agent.yaml
            /etc/lastword/collector.yaml
            /usr/bin/kubectl-lastword
            /usr/bin/lastword
            /usr/lib/systemd/system/lastword-agent.service
            /usr/lib/systemd/system/lastword-collector.service
            /usr/lib/sysusers.d/lastword-agent.conf
            /usr/lib/sysusers.d/lastword-collector.conf
            /usr/lib/tmpfiles.d/lastword-agent.conf
            /usr/lib/tmpfiles.d/lastword-collector.conf
            /usr/sbin/lastword-agent
            /usr/sbin/lastword-collector
            /usr/share/bash-completion/completions/lastword
            /usr/share/bash-completion/completions/lastword-agent
            /usr/share/bash-completion/completions/lastword-collector
            /usr/share/fish/vendor_completions.d/lastword-agent.fish
            /usr/share/fish/vendor_completions.d/lastword-collector.fish
            /usr/share/fish/vendor_completions.d/lastword.fish
            /usr/share/man/man1/kubectl-lastword.1.gz
            /usr/share/man/man1/lastword.1.gz
            /usr/share/man/man8/lastword-agent.8.gz
            /usr/share/man/man8/lastword-collector.8.gz
            /usr/share/zsh/site-functions/_lastword
            /usr/share/zsh/site-functions/_lastword-agent
            /usr/share/zsh/site-functions/_lastword-collector
            """
        let tree = try await InstalledTree.made
        #expect(tree.files == expected.split(separator: "\n").map(String.init))
        #expect(Files.isDirectory(tree.path("/etc/lastword/agent.credentials")))
        #expect(Files.isDirectory(tree.path("/etc/lastword/collector.credentials")))
    }

    @Test("another prefix is in the unit too, and a configuration that is there stays")
    func otherPrefix() async throws {
        let scratch = try ScratchDirectory()
        try scratch.write("log:\n  level: debug\n", to: "etc/lastword/agent.yaml")
        try await Repository.run(
            "dev/install.sh", [try Repository.products, "agent"],
            settings: ["DESTDIR=\(scratch.path)", "PREFIX=/opt/lastword"])
        let unit = try Files.text(scratch.file("opt/lastword/lib/systemd/system/lastword-agent.service"))
        #expect(unit.contains("\nExecStart=/opt/lastword/sbin/lastword-agent\n"))
        #expect(try Files.text(scratch.file("etc/lastword/agent.yaml")) == "log:\n  level: debug\n")
        #expect(!Files.exists(scratch.file("opt/lastword/bin")))
    }

    @Test("all programs and pages are of the one version", arguments: programs.keys.sorted())
    func version(_ program: String) async throws {
        let version = try await Repository.run("dev/version.sh", [])
        let tree = try await InstalledTree.made
        let folder = program == "lastword" ? "bin" : "sbin"
        let said = try await ChildProcess.require([tree.path("/usr/\(folder)/\(program)"), "--version"])
        #expect(said.text == version)
        #expect(try await page(program).contains("Lastword \(version.split(separator: "\n")[0])"))
    }

    @Test(
        "the installed configuration files are accepted, and change nothing: neither as they are nor without their first #",
        arguments: ["agent", "collector"])
    func configuration(_ part: String) async throws {
        let tree = try await InstalledTree.made
        let scratch = try ScratchDirectory()
        let file = tree.path("/etc/lastword/\(part).yaml")
        // The head's lines are sentences; an empty line ends them.
        let body = try Files.text(file).split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.isEmpty }
        try scratch.write(body.map { $0.dropFirst() }.joined(separator: "\n"), to: "set.yaml")
        try scratch.write("", to: "empty.yaml")
        func settings(_ file: String) async throws -> String {
            let program = tree.path("/usr/sbin/lastword-\(part)")
            return try await ChildProcess.require([program, "settings", "--config", file]).text
        }
        let standard = try await settings(scratch.file("empty.yaml"))
        #expect(try await settings(file) == standard)
        // Behind each value stands where it comes from.
        func values(_ text: String) -> [String] {
            text.split(separator: "\n").map { $0.split(separator: "  #").first.map(String.init) ?? "" }
        }
        let set = try await settings(scratch.file("set.yaml"))
        #expect(values(set) == values(standard) && values(standard).count > 20)
        #expect(set.contains("set.yaml:"))
    }

    // MARK: Manual pages

    private func page(_ program: String) async throws -> String {
        let section = try #require(Self.programs[program])
        let file = try await InstalledTree.made.path("/usr/share/man/man\(section)/\(program).\(section).gz")
        return try await ChildProcess.require(["gzip", "-dc", file]).text
    }

    @Test(
        "manual pages are well formed, and know every command and the hand-written sections",
        .enabled(if: Programs.are("mandoc"), "mandoc is not installed: dev/setup.sh does"),
        arguments: programs.keys.sorted())
    func manual(_ program: String) async throws {
        let scratch = try ScratchDirectory()
        let page = try await page(program)
        let file = try scratch.write(page, to: "\(program).\(try #require(Self.programs[program]))")
        let lint = try await ChildProcess.run(["mandoc", "-T", "lint", "-W", "warning", file])
        #expect(lint.succeeded && lint.text.isEmpty, "\(lint.text)\(lint.errorText)")
        let shown = try await ChildProcess.require(["mandoc", "-T", "utf8", "-O", "width=200", file]).text
            .replacing(/.\u{8}/, with: "")
        let folder = program == "lastword" ? "bin" : "sbin"
        let help = try await ChildProcess.require(
            [try await InstalledTree.made.path("/usr/\(folder)/\(program)"), "--help"]
        ).text
        let listed = help.split(separator: "SUBCOMMANDS:\n").last?.split(separator: "\n\n").first ?? ""
        let commands = listed.split(separator: "\n").filter { !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first }
        #expect(commands.count > 3)
        for command in commands { #expect(shown.contains("\(program) \(command)"), "\(command)") }
        for section in [
            "NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "FILES", "ENVIRONMENT", "EXIT STATUS", "SEE ALSO",
        ] {
            #expect(shown.contains("\n\(section)\n"), "\(section)")
        }
    }

    // MARK: Completions

    @Test(
        "completions are well formed",
        .enabled(if: Programs.are("bash", "zsh", "fish"), "zsh or fish is not installed: dev/setup.sh does"),
        arguments: programs.keys.sorted())
    func completions(_ program: String) async throws {
        let tree = try await InstalledTree.made
        for (shell, file) in [
            ("bash", "/usr/share/bash-completion/completions/\(program)"),
            ("zsh", "/usr/share/zsh/site-functions/_\(program)"),
            ("fish", "/usr/share/fish/vendor_completions.d/\(program).fish"),
        ] {
            let result = try await ChildProcess.run([shell, "-n", tree.path(file)])
            #expect(result.succeeded, "\(shell): \(result.errorText)")
        }
    }

    @Test(
        "bash completes commands and options",
        arguments: [("lastword", "l"), ("lastword-agent", "ch"), ("lastword-collector", "tok")])
    func bash(_ program: String, _ start: String) async throws {
        let tree = try await InstalledTree.made
        let script = """
            . "$1"
            PATH="$3/usr/bin:$3/usr/sbin:$PATH"
            COMP_WORDS=("$2" "$4"); COMP_CWORD=1; COMP_LINE="$2 $4"; COMP_POINT=${#COMP_LINE}
            function=$(complete -p "$2" | sed -E 's/.*-F ([^ ]+).*/\\1/')
            "$function" "$2" "$4" "$2"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try await ChildProcess.run([
            "bash", "-c", script, "complete", tree.path("/usr/share/bash-completion/completions/\(program)"), program,
            tree.directory, start,
        ])
        let words = result.text.split(whereSeparator: \.isWhitespace)
        let expected = ["lastword": "list", "lastword-agent": "check", "lastword-collector": "token"]
        #expect(words.contains { $0 == expected[program] ?? "" }, "\(result.text)\(result.errorText)")
    }
}
