// SPDX-License-Identifier: Apache-2.0

/// What `doctor` looks at.
package struct DoctorTarget: Sendable {
    package var storePath: String
    /// As named on the command line; nil: what the agent is set to.
    package var runtimeSocket: String?
    /// As `runtimeSocket`.
    package var podLogs: String?
    /// What was named on the command line, as flags of `lastword-agent check`; the rest is the agent's own configuration.
    package var agentFlags: [String]

    package init(storePath: String, runtimeSocket: String?, podLogs: String?, agentFlags: [String] = []) {
        self.storePath = storePath
        self.runtimeSocket = runtimeSocket
        self.podLogs = podLogs
        self.agentFlags = agentFlags
    }
}

/// One question to the node, its answer, and what to do about a bad one.
///
/// A check never throws: that it could not find out is an answer too.
package struct DoctorCheck: Sendable {
    package enum Outcome: String, Sendable, CaseIterable {
        case ok
        /// Works, but somebody should know.
        case warning
        case failed
        /// Could not be found out here, for instance for lack of rights.
        case skipped
    }

    package struct Answer: Hashable, Sendable {
        package var outcome: Outcome
        /// What was found, on what.
        package var detail: String
        package var remedy: String?

        package init(_ outcome: Outcome, _ detail: String, remedy: String? = nil) {
            self.outcome = outcome
            self.detail = detail
            self.remedy = remedy
        }
    }

    /// Short and constant: `store`, `runtime socket`.
    package let name: String
    package let ask: @Sendable () async -> Answer

    package init(_ name: String, ask: @escaping @Sendable () async -> Answer) {
        self.name = name
        self.ask = ask
    }
}
