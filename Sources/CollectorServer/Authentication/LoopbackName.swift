// SPDX-License-Identifier: Apache-2.0

/// Whether the host that a request was sent to, as its client calls it, is this machine by a name that nobody else can have.
///
/// A website can point its own name at 127.0.0.1 and then reads what its visitors' browsers are answered; the name that the
/// browser asked for gives it away. `localhost` and what ends in `.localhost` never leave a machine (RFC 6761, 6.3).
enum LoopbackName {
    /// - Parameter authority: host and port; nil where an old client names none, as no browser does.
    static func isOwn(_ authority: String?) -> Bool {
        guard let host = authority.map(host) else { return true }
        return host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" || isLoopbackAddress(host)
    }

    private static func host(_ authority: String) -> String {
        let text = authority.lowercased()
        // The colons of an IPv6 address are inside brackets.
        guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") else { return text }
        return String(text[..<colon])
    }

    private static func isLoopbackAddress(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
