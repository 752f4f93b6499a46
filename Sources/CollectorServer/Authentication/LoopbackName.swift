// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import SessionRecords

/// Whether the host that a request was sent to, as its client calls it, is this machine by a name that nobody else can have.
///
/// A website can point its own name at 127.0.0.1 and then reads what its visitors' browsers are answered; the name that the
/// browser asked for gives it away. `localhost` and what ends in `.localhost` never leave a machine (RFC 6761, 6.3).
enum LoopbackName {
    /// - Parameter authority: host and port; nil where an old client names none, as no browser does.
    static func isOwn(_ authority: String?) -> Bool {
        guard let text = authority?.lowercased() else { return true }
        let host = ListenAddress(text: text)?.host ?? text
        return ServerAddress.isThisHost(host) || host.hasSuffix(".localhost")
    }
}
