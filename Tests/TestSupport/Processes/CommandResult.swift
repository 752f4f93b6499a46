// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// What a command that was run to its end left.
package struct CommandResult: Sendable {
    package var ending: ChildProcess.Ending
    package var standardOutput: [UInt8]
    package var standardError: [UInt8]

    package var succeeded: Bool { ending == .exited(0) }

    /// Standard output as text.
    package var text: String { String(decoding: standardOutput, as: UTF8.self) }

    package var errorText: String { String(decoding: standardError, as: UTF8.self) }
}

extension ChildProcess {
    /// Runs a command to its end and gives what it printed; after `limit` it is killed and `rig.timeout` thrown.
    package static func run(
        _ arguments: [String], environment: [String: String]? = nil, workingDirectory: String? = nil,
        limit: Duration = .seconds(60)
    ) async throws -> CommandResult {
        // Files, not pipes: nobody has to drain them, and a grandchild that keeps one open blocks nobody.
        let scratch = try ScratchDirectory()
        let out = open(scratch.file("out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let err = open(scratch.file("err"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer {
            close(out)
            close(err)
        }
        guard out >= 0, err >= 0 else { throw RigError.system("cannot open \(scratch.path)/out") }
        var spawner = Spawner(arguments)
        spawner.environment = environment
        spawner.workingDirectory = workingDirectory
        spawner.standardOutput = out
        spawner.standardError = err
        let child = try start(spawner)
        do {
            let ending = try await child.wait(limit: limit)
            return CommandResult(
                ending: ending, standardOutput: try Files.read(scratch.file("out")),
                standardError: try Files.read(scratch.file("err")))
        } catch {
            child.signalGroup(SIGKILL)
            throw error
        }
    }

    /// The same for a command that must succeed: anything but exit code 0 is an error with its standard error.
    @discardableResult
    package static func require(
        _ arguments: [String], environment: [String: String]? = nil, limit: Duration = .seconds(60)
    ) async throws -> CommandResult {
        let result = try await run(arguments, environment: environment, limit: limit)
        guard result.succeeded else {
            throw RigError.failed(
                "\(arguments.joined(separator: " ")) ended with \(result.ending): \(result.errorText)")
        }
        return result
    }
}
