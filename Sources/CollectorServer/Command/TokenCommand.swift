// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import CollectorStore
import ConfigurationReading
import SQLiteStore
import SessionRecords

package struct TokenCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke tokens.",
        subcommands: [Create.self, List.self, Revoke.self])

    package init() {}

    package struct Create: AsyncParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a token and print it, this once: the store keeps only its hash.")

        @Option(help: "agent, reader or admin.")
        var role: Role

        @Option(
            help: "The one node that an agent may write for. Without it: for any, which every page shows as weaker.")
        var node: String?

        @Option(help: "The namespaces that a reader may see, separated by commas. Without it: all.")
        var namespaces: String?

        @Option(help: "How long it is good for, such as 90d; never ends it never.")
        var expires = "90d"

        @Option(help: "What it is for.")
        var name = ""

        @OptionGroup var store: StoreOptions

        enum Role: String, ExpressibleByArgument, CaseIterable, Sendable {
            case agent, reader, admin
        }

        package init() {}

        package func validate() throws {
            if node != nil, role != .agent { throw ValidationError("--node goes with --role agent") }
            if namespaces != nil, role != .reader { throw ValidationError("--namespaces goes with --role reader") }
            if let node, !CertificateIdentity.isNodeName(node) { throw ValidationError("--node is not a node's name") }
            if let names, names.isEmpty || !names.allSatisfy(CertificateIdentity.isNodeName) {
                throw ValidationError("--namespaces must be names, separated by commas")
            }
            if expires != "never", (DurationText.parse(expires) ?? .zero) <= .zero {
                throw ValidationError("--expires must be a duration such as 90d, or never")
            }
        }

        private var names: [String]? {
            namespaces.map { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
        }

        package func run() async throws {
            let end = DurationText.parse(expires).map { duration in
                let (seconds, overflow) = duration.components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
                return WallClock.now().advanced(byNanoseconds: overflow ? .max : seconds)
            }
            try await store.perform(
                .createToken(name: name, role: role.rawValue, node: node, namespaces: names, expiresAt: end))
        }
    }

    package struct List: AsyncParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "list", abstract: "All tokens, without their secrets.")

        @OptionGroup var store: StoreOptions

        package init() {}

        package func run() async throws {
            try await store.perform(.listTokens)
        }
    }

    package struct Revoke: AsyncParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke a token; it is refused from that moment on.")

        @Argument(help: "Its id, as list prints it, or the token.")
        var id: String

        @OptionGroup var store: StoreOptions

        package init() {}

        package func run() async throws {
            try await store.perform(.revokeToken(id: id))
        }
    }
}
