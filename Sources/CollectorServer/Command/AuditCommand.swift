// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import ConfigurationReading

package struct AuditCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Print the audit trail: who did what to tokens, sessions and the store, oldest first.",
        discussion: "The exit code is 1 if there is no such line.")

    @Option(help: "Only lines about this session: the beginning of its id, or namespace/pod/container.")
    var session: String?

    @Option(help: "How many lines, the newest, 1 to \(AuditCommand.most).")
    var limit = 100

    @Option(help: "Only lines before the one of this number.")
    var before: Int64?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "text, or jsonl: a JSON object a line.")
    var format: Format = .text

    @OptionGroup var store: StoreOptions

    /// What fits into one answer of the control socket.
    static let most = 10_000

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case text, jsonl
    }

    package init() {}

    package func validate() throws {
        guard (1...Self.most).contains(limit) else { throw ValidationError("--limit must be 1 to \(Self.most)") }
    }

    package func run() async throws {
        try await store.perform(.auditTrail(session: session, before: before, limit: limit, asJSON: format == .jsonl))
    }
}
