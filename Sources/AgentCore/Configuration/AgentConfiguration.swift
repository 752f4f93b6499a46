// SPDX-License-Identifier: Apache-2.0
package import ConfigurationReading
package import Forwarding
package import OTLPCoding

/// Everything the agent can be told, read once at start and checked: every value is of its type and in its range, and
/// no two contradict each other. Whether paths exist and sockets answer is for `lastword-agent check` to find out.
///
/// `AgentConfigurationKeys` says what each key means; the properties have the keys' names.
package struct AgentConfiguration: Sendable {
    package static let defaultFile = "/etc/lastword/agent.yaml"
    package static let naming = ConfigurationNaming(prefix: "LASTWORD_", foreign: ConfigurationNaming.commandLine)

    package struct Node: Sendable {
        package var name: String
    }

    package struct Cluster: Sendable {
        package var name: String?
        package var uid: String?
    }

    package struct Runtime: Sendable {
        package enum Kind: String, Sendable, CaseIterable {
            case auto, containerd
            case crio = "cri-o"
        }

        package var kind: Kind
        /// An absolute path, without `unix://`.
        package var socket: String
        package var marker: Bool
        package var relistInterval: Duration
        /// Events.
        package var queueCapacity: Int
    }

    package struct Pods: Sendable {
        package enum Source: String, Sendable, CaseIterable {
            case api, kubelet, none
        }

        package struct Kubelet: Sendable {
            package var url: String?
            package var caFile: String?
            /// SHA-256 of the kubelet's certificate, 64 lower-case hexadecimal digits.
            package var fingerprint: String?
            package var tokenFile: String?
        }

        package var source: Source
        /// Nil, and `server` too: the ServiceAccount of the pod the agent runs in.
        package var kubeconfig: String?
        package var server: String?
        package var tokenFile: String?
        package var caFile: String?
        package var kubelet: Kubelet
    }

    package struct Journal: Sendable {
        package enum Source: String, Sendable, CaseIterable {
            case auto, on, off
        }

        package var source: Source
        package var units: [String]
        /// Nil, and `root` too: the machine's own journal.
        package var directory: String?
        package var root: String?
        /// The name of a journal namespace, or `all`; nil: the one without a name.
        package var namespace: String?
        package var entry: Bool
        /// An absolute path.
        package var socket: String
    }

    package struct Scope: Sendable {
        package enum Containers: String, Sendable, CaseIterable {
            case debug, all
        }

        package var containers: Containers
        package var namespaces: Namespaces
    }

    /// A choice of namespaces.
    package struct Namespaces: Sendable, Equatable {
        /// Empty: all of them.
        package var include: [String]
        package var exclude: [String]

        package func contains(_ namespace: String) -> Bool {
            (include.isEmpty || include.contains(namespace)) && !exclude.contains(namespace)
        }
    }

    package struct Labels: Sendable {
        package var allow: [String]
    }

    package struct Logs: Sendable {
        package var podLogsDirectory: String
        /// Nil: derived from the pod logs directory's mount.
        package var pinDirectory: String?
        package var pinLimit: ByteCount
        package var pinLimitEach: ByteCount
        /// Percent of the file system.
        package var freeSpaceFloor: Int
    }

    package struct Output: Sendable {
        package var capture: Bool
        /// Where `capture` applies.
        package var namespaces: Namespaces
        package var tailBytes: ByteCount
        package var sealDeadline: Duration

        /// Whether the output of a container in `namespace` is to be kept.
        package func isCaptured(namespace: String) -> Bool {
            capture && namespaces.contains(namespace)
        }
    }

    package struct Store: Sendable {
        package var directory: String
        package var lockTimeout: Duration
        package var maxBytes: ByteCount
        package var maxAge: Duration
    }

    package struct Forward: Sendable {
        package enum Receiver: String, Sendable, CaseIterable {
            case collector, otlp
        }

        /// Nil: nothing is forwarded.
        package var endpoint: ForwardingEndpoint?
        package var receiver: Receiver
        package var tokenFile: String?
        package var headersFile: String?
        package var caFile: String?
        package var certificateFile: String?
        package var keyFile: String?
        package var proxy: ForwardingConfiguration.Proxy?
        package var connectTimeout: Duration
        package var requestTimeout: Duration
        package var batchEntries: Int
        package var batchBytes: ByteCount
        package var retryLimit: Duration
        /// Nil: by the receiver.
        package var output: SendingPolicy.Amount?
        /// Where `output` applies; elsewhere none is delivered.
        package var outputNamespaces: Namespaces
        package var arguments: SendingPolicy.Amount
        package var argumentsNamespaces: Namespaces

        var effectiveOutput: SendingPolicy.Amount { output ?? (receiver == .collector ? .full : .excerpt) }
    }

    package struct HTTP: Sendable {
        /// Nil: no endpoint.
        package var listen: ListenAddress?
    }

    package typealias Log = LogSettings

    package var node: Node
    package var cluster: Cluster
    package var runtime: Runtime
    package var pods: Pods
    package var journal: Journal
    package var scope: Scope
    package var labels: Labels
    package var logs: Logs
    package var output: Output
    package var store: Store
    package var forward: Forward
    package var http: HTTP
    package var log: Log
    /// Every key with its effective value and source, in the table's order, secrets redacted; as it was loaded.
    package let settings: [ConfigurationSetting]
}
