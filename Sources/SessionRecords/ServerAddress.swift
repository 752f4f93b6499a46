// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The address of a server as a person wrote it: `http` or `https`, a host, perhaps a port and a path, and nothing else.
///
/// Nothing is resolved. A user, a query or a fragment is refused: secrets do not belong into an address, and paths are put
/// behind it.
package struct ServerAddress: Hashable, Sendable {
    /// Without slashes at its end.
    package let url: String
    package let isEncrypted: Bool
    /// Whether the host is this one by its name or address as written.
    package let isThisHost: Bool
    /// Whether there is a path behind the host.
    package let hasPath: Bool

    /// Nil if the text is anything else, or its port is none that can be connected to (1…65535).
    package init?(_ text: String) {
        // No sign in it may end a header or a line of a log.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let parsed = URL(string: text),
            let scheme = parsed.scheme, scheme == "https" || scheme == "http", let host = parsed.host(), !host.isEmpty,
            parsed.user() == nil, parsed.query() == nil, parsed.fragment() == nil,
            // Larger ones end the process in NIO.
            (1...65_535).contains(parsed.port ?? 443)
        else { return nil }
        var base = text
        while base.hasSuffix("/") { base.removeLast() }
        url = base
        isEncrypted = scheme == "https"
        isThisHost = Self.isThisHost(host)
        hasPath = parsed.path().contains { $0 != "/" }
    }

    /// Whether a host is this one by its name or address as written (`localhost`, `127.0.0.0/8`, `::1`): a name that merely
    /// resolves to it, or begins like an address, is not.
    package static func isThisHost(_ host: String) -> Bool {
        if ["localhost", "::1", "[::1]"].contains(host) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
