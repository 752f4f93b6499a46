// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser

/// `lastword-agent completion`, as `lastword completion`.
package struct CompletionCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a completion script for a shell.")

    package enum Shell: String, CaseIterable, ExpressibleByArgument, Sendable {
        case bash, zsh, fish
    }

    @Argument(help: ArgumentHelp("The shell it is for.", valueName: "shell"))
    var shell: Shell

    package init() {}

    package func run() throws {
        let known: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(AgentCommand.completionScript(for: known))
    }
}
