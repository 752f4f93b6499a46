// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
package import JournalSource
package import PodSource
package import RuntimeSource
import SessionRecords
import SessionTracking
import SystemJournal
package import TailCapture

/// From the agent's configuration to that of its parts.
extension AgentConfiguration {
    var tracker: TrackerConfiguration {
        var tracker = TrackerConfiguration(
            origin: RecordOrigin(node: node.name, cluster: cluster.name, clusterUID: cluster.uid))
        tracker.scope = scope.containers == .all ? .all : .debug
        tracker.includedNamespaces = Set(scope.namespaces.include)
        tracker.excludedNamespaces = Set(scope.namespaces.exclude)
        tracker.allowedLabels = Set(labels.allow)
        tracker.hasPodSource = pods.source != .none
        tracker.hasJournal = journal.source != .off
        tracker.podLogsDirectory = logs.podLogsDirectory
        tracker.capturesOutput = output.capture
        tracker.outputIncludedNamespaces = Set(output.namespaces.include)
        tracker.outputExcludedNamespaces = Set(output.namespaces.exclude)
        tracker.sealDeadline = output.sealDeadline.wholeNanoseconds
        return tracker
    }

    package var runtimeSource: RuntimeSourceConfiguration {
        var source = RuntimeSourceConfiguration(socketPath: runtime.socket)
        source.marker = runtime.marker
        source.relistInterval = runtime.relistInterval
        source.queueCapacity = runtime.queueCapacity
        return source
    }

    /// Nil where the journal is not to be read.
    package var journalSource: JournalSourceConfiguration? {
        guard journal.source != .off else { return nil }
        let namespaces: JournalNamespaces =
            switch journal.namespace {
            case nil: .standard
            case "all": .all
            case let name?: .including(name)
            }
        return JournalSourceConfiguration(place: journalPlace, namespaces: namespaces, units: journal.units)
    }

    private var journalPlace: JournalPlace {
        if let directory = journal.directory { return .directory(directory) }
        return journal.root.map { .root($0) } ?? .host
    }

    package var logKeeper: LogKeeperConfiguration {
        get throws {
            var keeper = LogKeeperConfiguration(podLogsDirectory: logs.podLogsDirectory)
            keeper.pins = logs.pinDirectory.map { .directory($0) } ?? .beside
            keeper.tail = try TailLimits(bytes: output.tailBytes.bytes)
            keeper.pinBytes = Int64(logs.pinLimit.bytes)
            keeper.pinBytesPerContainer = Int64(logs.pinLimitEach.bytes)
            keeper.freeSpaceFloor = Double(logs.freeSpaceFloor) / 100
            return keeper
        }
    }

    /// Throws what is contradictory about the kubelet's address.
    package func podSource(environment: [String: String]) throws -> PodSourceConfiguration {
        PodSourceConfiguration(origin: try podOrigin(environment: environment), nodeName: node.name)
    }

    private func podOrigin(environment: [String: String]) throws -> PodSourceConfiguration.Origin {
        switch pods.source {
        case .none: return .none
        case .api:
            if let path = pods.kubeconfig { return .api(.kubeconfig(path: path)) }
            if let server = pods.server {
                return .api(.server(url: server, tokenFile: pods.tokenFile, caFile: pods.caFile))
            }
            return .api(.inCluster(environment: environment))
        case .kubelet: return .kubelet(try kubeletAccess())
        }
    }

    private func kubeletAccess() throws -> KubeletAccess {
        let address = pods.kubelet.url.flatMap(KubeletAddress.init(url:))
        let trust: KubeletAccess.Trust
        if let fingerprint = pods.kubelet.fingerprint {
            trust = .fingerprint(fingerprint)
        } else if let file = pods.kubelet.caFile {
            trust = .authority(file: file)
        } else {
            throw LastwordError(
                code: "config.kubelet-trust",
                message: "cannot use the kubelet as pod source: nothing says which certificate to trust",
                remedy: "set pods.kubelet.caFile or pods.kubelet.fingerprint")
        }
        return KubeletAccess(
            host: address?.host ?? node.name, port: address?.port ?? 10_250, trust: trust,
            tokenFile: pods.kubelet.tokenFile ?? Self.serviceAccountToken)
    }

    /// Where a pod has the token of its ServiceAccount.
    static let serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token"
}

/// Host and port of `https://host[:port][/…]`.
struct KubeletAddress: Hashable {
    let host: String
    let port: Int

    init?(url: String) {
        guard url.hasPrefix("https://") else { return nil }
        let authority = url.dropFirst("https://".count).prefix { $0 != "/" }
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            let rest = authority[authority.index(after: end)...]
            port = rest.hasPrefix(":") ? Int(rest.dropFirst()) ?? 10_250 : 10_250
            return
        }
        let parts = authority.split(separator: ":", maxSplits: 1)
        guard let first = parts.first, !first.isEmpty else { return nil }
        host = String(first)
        port = parts.count == 2 ? Int(parts[1]) ?? 10_250 : 10_250
    }
}

extension Duration {
    /// Saturates; configuration values are far below.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : scaled &+ attoseconds / 1_000_000_000
    }
}
