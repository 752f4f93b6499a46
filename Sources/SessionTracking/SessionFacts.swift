// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// All that has been said of one container, and how far telling it has come.
///
/// `claims` only ever grows, by rules under which order and repetition of the observations make no difference; the
/// session's facts are derived from it (`Claims.derive`). `progress` is what has been done about it.
package struct SessionFacts: Hashable, Sendable, Codable {
    package var claims: Claims
    package var progress: Progress

    package init(claims: Claims) {
        self.claims = claims
        progress = Progress()
    }

    /// What was told and asked so far; survives a restart with the row.
    package struct Progress: Hashable, Sendable, Codable {
        package var revision = 0
        package var startTold = false
        package var endTold = false
        package var sealedAt: Timestamp?
        /// The output was read after the runtime had said that no more can come.
        package var drained = false
        /// For the check of the duration by our own clock: earliest receipts of the start and exit events.
        package var startReceipt: Receipt?
        package var exitReceipt: Receipt?
        package var successor: SessionID?
        /// A session without a container: since when the same kind of error, and of which kind.
        package var waitingSince: Timestamp?
        package var waitingReason: String?
        /// Nobody will say any more what it was (a container), or it will not come any more (a session without one).
        package var gaveUp = false
        /// A session without a container: for a while nobody watched the runtime, so that it may have come and gone.
        package var wasUnwatched: Bool?
        /// The boot in which the row was last written.
        package var bootID: String?
        /// A list of all pods, made after the ending, does not have its pod.
        package var podAbsent = false

        /// An event told twice was received when it was first received.
        mutating func receive(_ event: WritableKeyPath<Progress, Receipt?>, _ receipt: Receipt) {
            if let known = self[keyPath: event], known.boottime <= receipt.boottime { return }
            self[keyPath: event] = receipt
        }
    }
}
