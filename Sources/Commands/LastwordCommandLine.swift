// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// Parses, runs and ends: what the `lastword` executable calls, and the tests.
package enum LastwordCommandLine {
    package static let version = ProductVersion.current

    /// Runs one command line, without the program's name, and returns the exit code (`design.md` §7).
    package static func run(arguments: [String], context: CommandContext) async -> Int32 {
        do {
            let status = try await execute(arguments, context)
            try context.standardOutput.flush()
            return status.rawValue
        } catch is ClosedPipe {
            return ExitStatus.success.rawValue
        } catch is CancellationError {
            return ExitStatus.success.rawValue
        } catch {
            // What was found before the error still counts; that the pipe is closed too would change nothing.
            try? context.standardOutput.flush()
            context.note("error: " + ErrorText.render(error))
            return ExitStatus.failure.rawValue
        }
    }

    /// Arguments without the program's name to a command that could run; throws what the parser says of them.
    static func parse(_ arguments: [String], as program: ProgramName = .lastword) throws -> any ParsableCommand {
        try program.root.parseAsRoot(hoisted(arguments))
    }

    private static func execute(_ arguments: [String], _ context: CommandContext) async throws -> ExitStatus {
        do {
            var command = try parse(arguments, as: context.program)
            if let verb = command as? any Verb {
                return try await verb.execute(in: context)
            }
            // `help`, and the root without a command, end by throwing their help.
            try command.run()
            return .success
        } catch let error where error is LastwordError || error is ClosedPipe || error is CancellationError {
            throw error
        } catch {
            let root = context.program.root
            let text = root.fullMessage(for: error, columns: context.columns)
            if root.exitCode(for: error).isSuccess {
                try context.print(text.hasSuffix("\n") ? text : text + "\n")
                return .success
            }
            context.note(text)
            return .failure
        }
    }

    /// Lets the global options stand before the command's name, where `kubectl` has them too.
    private static func hoisted(_ arguments: [String]) -> [String] {
        let names = ["--store", "--color"] + CollectorOptions.variables.keys
        var leading: [String] = []
        var rest = arguments[...]
        while let first = rest.first, first.hasPrefix("-") {
            let count = names.contains(first) ? 2 : 1
            guard count == 2 || names.contains(where: { first.hasPrefix($0 + "=") }), rest.count >= count else {
                return arguments
            }
            leading += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        guard let verb = rest.first, !leading.isEmpty else { return arguments }
        // `help` takes no options, and has no use for these.
        return verb == "help" ? Array(rest) : [verb] + leading + rest.dropFirst()
    }
}
