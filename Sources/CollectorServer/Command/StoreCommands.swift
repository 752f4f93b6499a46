// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import CollectorStore
import ConfigurationReading
import SessionRecords

/// Which collector a command is for.
package struct StoreOptions: ParsableArguments {
    @Option(name: .customLong("store-directory"), help: "The collector's store.directory.")
    var directory: String?

    @Option(name: .customLong("config"), help: "Its configuration file.")
    var file: String?

    package init() {}

    var settings: CollectorConfiguration {
        get throws {
            try CollectorSettings.load(
                (file.map { ["--config", $0] } ?? []) + (directory.map { ["--store-directory", $0] } ?? []))
        }
    }

    /// Has it done, and prints what came of it.
    func perform(_ action: ControlRequest.Action) async throws {
        let answer: ControlAnswer
        do {
            answer = try await ControlClient(configuration: try settings).perform(action)
        } catch let code as ExitCode {
            throw code
        } catch let error as LastwordError where error.code == "session.unknown" {
            StandardError.write(refusal: "\(error)")
            throw ExitCode(1)
        } catch {
            throw CollectorSettings.refuse("\(error)")
        }
        for line in answer.lines { print(line) }
        for note in answer.notes { StandardError.write(note + "\n") }
        if !answer.isGood { throw ExitCode(1) }
    }
}

/// A session, and why something is decided about it.
package struct DecisionArguments: ParsableArguments {
    @Argument(help: "The beginning of its id, or namespace/pod/container.")
    var session: String

    @Option(help: "Why; it goes into the audit trail.")
    var reason: String

    @OptionGroup var store: StoreOptions

    package init() {}

    func perform(_ action: (_ session: String, _ reason: String) -> ControlRequest.Action) async throws {
        try await store.perform(action(session, reason))
    }
}

package struct HoldCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keep a session from retention and erasure.")

    @OptionGroup var decision: DecisionArguments

    package init() {}

    package func run() async throws {
        try await decision.perform(ControlRequest.Action.hold)
    }
}

package struct ReleaseCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Let go of a held session.")

    @OptionGroup var decision: DecisionArguments

    package init() {}

    package func run() async throws {
        try await decision.perform(ControlRequest.Action.release)
    }
}

package struct EraseCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase a session's output, from the search index too; its hash and a line of the audit trail stay.")

    @OptionGroup var decision: DecisionArguments

    package init() {}

    package func run() async throws {
        try await decision.perform(ControlRequest.Action.erase)
    }
}

package struct BackupCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the store as it is at one moment into a new file; deliveries go on.")

    @Argument(help: "The new file, by an absolute path, where the running collector may write.")
    var file: String

    @OptionGroup var store: StoreOptions

    package init() {}

    package func validate() throws {
        guard file.hasPrefix("/") else { throw ValidationError("the file must be an absolute path") }
    }

    package func run() async throws {
        try await store.perform(.backup(file: file))
    }
}

package struct RestoreCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in the place of the store, which no collector may have open; the old one is renamed.")

    @Argument(help: "The backup.")
    var file: String

    @OptionGroup var store: StoreOptions

    package init() {}

    package func run() throws {
        var options = CollectorStoreOptions()
        options.lockTimeout = .seconds(1)
        do {
            let directory = try store.settings.store.directory
            try StoreOwner.check(directory)
            let outcome = try CollectorStore.restore(
                from: file, to: directory, options: options, by: ControlClient.actor)
            print("restored \(file)")
            guard let old = outcome.replaced else { return }
            StandardError.write("the store that was there is now \(old)\n")
            if !outcome.tookDecisionsOver {
                StandardError.write(
                    "warning: it could not be read: tokens revoked, sessions held and outputs erased since the backup are as"
                        + " they were then; revoke, hold and erase again\n")
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            throw CollectorSettings.refuse("\(error)")
        }
    }
}

package struct VerifyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read the whole store through: the database, and every ledger's chain.")

    @OptionGroup var store: StoreOptions

    package init() {}

    package func run() async throws {
        try await store.perform(.verify)
    }
}
