// SPDX-License-Identifier: Apache-2.0
import Commands
import Glibc

@main
enum Main {
    static func main() async {
        // A reader that went away is told to us by write(2), and is no error.
        signal(SIGPIPE, SIG_IGN)
        var environment: [String: String] = [:]
        for name in CommandContext.variables {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        let context = CommandContext.process(
            program: ProgramName(called: CommandLine.arguments.first), environment: environment
        ) { AgentChecks.all($0) }
        exit(await LastwordCommandLine.run(arguments: Array(CommandLine.arguments.dropFirst()), context: context))
    }
}
