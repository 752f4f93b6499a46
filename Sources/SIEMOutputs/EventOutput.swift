// SPDX-License-Identifier: Apache-2.0
package import SIEMFormats
import SessionRecords

/// Where events go. One caller at a time; what it throws means that nothing since the last `confirm` counts as delivered.
package protocol EventOutput: Sendable {
    /// Hands over events in their order; returns when they have left our memory.
    ///
    /// - Parameter isStale: asked before and while they go: once it says yes they must not go any more, and
    ///   `OutputFault.stale` is thrown.
    func send(_ events: [SecurityEvent], unless isStale: @escaping @Sendable () -> Bool) async throws

    /// Returns when the receiver has all that was sent.
    func confirm(unless isStale: @escaping @Sendable () -> Bool) async throws

    /// Throws where what was confirmed may be lost all the same: the receiver ended.
    func look() async throws

    /// Lets go of everything that is under way, at once.
    func abandon() async

    /// Whether it would work, found out without sending anything.
    func check() async throws
}

/// Why an output does not take events.
package enum OutputFault {
    /// What was to be sent holds the output of a session that has been erased meanwhile.
    static let stale = LastwordError(
        code: "output.stale", message: "an output was erased while it was being sent; what is left goes without it")

    /// Whether a person has to end it.
    static func isLasting(_ error: any Error) -> Bool {
        guard let error = error as? LastwordError else { return false }
        return ["output.certificate", "output.credentials", "output.file"].contains(error.code)
    }

    /// For counting by.
    static func reason(_ error: any Error) -> String {
        guard let code = (error as? LastwordError)?.code else { return "other" }
        return code.split(separator: ".").last.map(String.init) ?? code
    }
}
