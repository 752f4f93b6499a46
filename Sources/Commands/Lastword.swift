// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The root of the command line; `LastwordCommandLine` runs it.
struct Lastword: ParsableCommand {
    static let configuration = ProgramName.lastword.configuration
    static var _errorPrefix: String { "error: " }
}

/// The same root, as the plug-in of `kubectl` that `lastword` is under another name.
struct KubectlLastword: ParsableCommand {
    static let configuration = ProgramName.kubectlPlugin.configuration
    static var _errorPrefix: String { "error: " }
}

/// How the program was called; help and hints name it so.
package enum ProgramName: String, Sendable {
    case lastword
    case kubectlPlugin = "kubectl lastword"

    /// `kubectl` runs plug-ins by the file's name.
    package init(called path: String?) {
        let name = path?.split(separator: "/").last
        self = name == "kubectl-lastword" ? .kubectlPlugin : .lastword
    }

    var root: any ParsableCommand.Type {
        switch self {
        case .lastword: Lastword.self
        case .kubectlPlugin: KubectlLastword.self
        }
    }

    fileprivate var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: rawValue,
            abstract: "Tell how debug containers ended, and what they printed last.",
            discussion: """
                Reads the record that lastword-agent keeps on this node, which need not be running, or with --collector \
                what all nodes have delivered to a collector.

                A SESSION is named by the beginning of its id, or by namespace/pod/container. Results go to standard output, \
                everything else to standard error. The exit code is 0 when something was found or done, 1 when nothing was \
                found or a check failed, and 2 on an error.
                """,
            version: LastwordCommandLine.version,
            subcommands: [
                SessionList.self, SessionShow.self, SessionLogs.self, GapList.self, NodeList.self, AlarmList.self,
                StatusShow.self, LedgerVerify.self, LedgerExport.self, DoctorRun.self, CompletionPrint.self,
            ])
    }
}

/// A command of `lastword`.
protocol Verb: ParsableCommand {
    /// Does the work; what it throws becomes exit code 2.
    func execute(in context: CommandContext) async throws -> ExitStatus
}
