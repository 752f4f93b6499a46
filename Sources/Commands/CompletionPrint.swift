// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `lastword completion`.
struct CompletionPrint: Verb {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a completion script for a shell.",
        discussion: """
            bash: lastword completion bash > /etc/bash_completion.d/lastword
            zsh: lastword completion zsh > "${fpath[1]}/_lastword"
            fish: lastword completion fish > ~/.config/fish/completions/lastword.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    @Argument(help: ArgumentHelp("The shell it is for.", valueName: "shell"))
    var shell: Shell

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let known: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try context.print(Lastword.completionScript(for: known) + "\n")
        return .success
    }
}
