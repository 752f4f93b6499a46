// SPDX-License-Identifier: Apache-2.0

/// Where the runtime is and how patiently it is watched.
package struct RuntimeSourceConfiguration: Hashable, Sendable {
    /// Absolute path of the runtime's unix socket (containerd or CRI-O).
    package var socketPath: String
    /// Prove each subscription live by an event of our own on containerd's bus. If false, a wait and a second listing
    /// stand in for it.
    package var marker = true
    /// Time between two listings of a healthy connection.
    package var relistInterval: Duration = .seconds(60)
    /// Observations that may wait for the consumer; what comes on top is dropped, counted and made good by a listing.
    package var queueCapacity = 65_536
    /// How often a quiet runtime is asked whether it is still there, and how long it may take to answer.
    /// Together they are how long a runtime may hang unnoticed.
    package var heartbeatInterval: Duration = .seconds(5)
    package var heartbeatTimeout: Duration = .seconds(8)
    /// Limit of one unary call.
    package var callTimeout: Duration = .seconds(10)
    /// Without the marker: how long a subscription is given to take hold before each of the two listings.
    package var settleTime: Duration = .seconds(1)
    /// Longest pause between two attempts to connect.
    package var maximumBackoff: Duration = .seconds(1)
    /// CRI-O: time between two listings, the only way to see anything there.
    package var pollInterval: Duration = .milliseconds(300)

    package init(socketPath: String = "/run/containerd/containerd.sock") {
        self.socketPath = socketPath
    }
}

/// What CRI `Version` says of the runtime.
package struct RuntimeVersion: Hashable, Sendable {
    /// `containerd`, `cri-o`.
    package let name: String
    package let version: String
    package let apiVersion: String

    package init(name: String, version: String, apiVersion: String) {
        self.name = name
        self.version = version
        self.apiVersion = apiVersion
    }
}
