// SPDX-License-Identifier: Apache-2.0
package import ConfigurationReading
import Forwarding
import SessionRecords

extension AgentConfiguration {
    /// Reads flags, environment, file and defaults, in this order of preference.
    ///
    /// - Parameters:
    ///   - arguments: flags only, without the program's name and a subcommand.
    ///   - defaultFile: read if it is there, unless `--config` or `LASTWORD_CONFIG` names another file.
    /// - Throws: `ConfigurationError` with everything that is wrong.
    package static func load(
        arguments: [String], environment: [String: String], defaultFile: String = AgentConfiguration.defaultFile,
        hostName: String = HostName.current()
    ) throws(ConfigurationError) -> AgentConfiguration {
        var reader = ConfigurationReader(
            keys: Keys.all, arguments: arguments, environment: environment, naming: naming,
            defaultFile: defaultFile, hostName: hostName)
        let configuration = AgentConfiguration(&reader)
        configuration.contradictions(&reader)
        guard reader.faults.isEmpty else { throw ConfigurationError(faults: reader.faults) }
        return configuration
    }

    /// `key = value  # source`, one line a key; secrets are redacted.
    package var rendered: String {
        settings.rendered
    }

    private typealias Keys = AgentConfigurationKeys

    private init(_ reader: inout ConfigurationReader) {
        node = Node(name: reader.read(Keys.nodeName))
        cluster = Cluster(name: reader.read(Keys.clusterName), uid: reader.read(Keys.clusterUID))
        let kind = reader.read(Keys.runtimeKind)
        let builtInSocket = kind == .crio ? "/run/crio/crio.sock" : "/run/containerd/containerd.sock"
        runtime = Runtime(
            kind: kind, socket: reader.read(Keys.runtimeSocket) ?? builtInSocket,
            marker: reader.read(Keys.runtimeMarker), relistInterval: reader.read(Keys.runtimeRelistInterval),
            queueCapacity: reader.read(Keys.runtimeQueueCapacity))
        pods = Pods(
            source: reader.read(Keys.podsSource), kubeconfig: reader.read(Keys.podsKubeconfig),
            server: reader.read(Keys.podsServer), tokenFile: reader.read(Keys.podsTokenFile),
            caFile: reader.read(Keys.podsCAFile),
            kubelet: Pods.Kubelet(
                url: reader.read(Keys.kubeletURL), caFile: reader.read(Keys.kubeletCAFile),
                fingerprint: reader.read(Keys.kubeletFingerprint), tokenFile: reader.read(Keys.kubeletTokenFile)))
        journal = Journal(
            source: reader.read(Keys.journalSource), units: reader.read(Keys.journalUnits),
            directory: reader.read(Keys.journalDirectory), root: reader.read(Keys.journalRoot),
            namespace: reader.read(Keys.journalNamespace), entry: reader.read(Keys.journalEntry),
            socket: reader.read(Keys.journalSocket))
        scope = Scope(
            containers: reader.read(Keys.scopeContainers),
            namespaces: Namespaces(include: reader.read(Keys.scopeInclude), exclude: reader.read(Keys.scopeExclude)))
        labels = Labels(allow: reader.read(Keys.labelsAllow))
        logs = Logs(
            podLogsDirectory: reader.read(Keys.podLogsDirectory), pinDirectory: reader.read(Keys.pinDirectory),
            pinLimit: reader.read(Keys.pinLimit), pinLimitEach: reader.read(Keys.pinLimitEach),
            freeSpaceFloor: reader.read(Keys.freeSpaceFloor))
        output = Output(
            capture: reader.read(Keys.outputCapture),
            namespaces: Namespaces(include: reader.read(Keys.outputInclude), exclude: reader.read(Keys.outputExclude)),
            tailBytes: reader.read(Keys.outputTailBytes), sealDeadline: reader.read(Keys.outputSealDeadline))
        store = Store(
            directory: reader.read(Keys.storeDirectory), lockTimeout: reader.read(Keys.storeLockTimeout),
            maxBytes: reader.read(Keys.storeMaxBytes), maxAge: reader.read(Keys.storeMaxAge))
        forward = Self.readForward(&reader)
        http = HTTP(listen: reader.read(Keys.httpListen))
        log = Log(level: reader.read(Keys.logLevel), format: reader.read(Keys.logFormat))
        settings = reader.settings
    }

    private static func readForward(_ reader: inout ConfigurationReader) -> Forward {
        Forward(
            endpoint: reader.read(Keys.forwardEndpoint), receiver: reader.read(Keys.forwardReceiver),
            tokenFile: reader.read(Keys.forwardTokenFile), headersFile: reader.read(Keys.forwardHeadersFile),
            caFile: reader.read(Keys.forwardCAFile), certificateFile: reader.read(Keys.forwardCertificateFile),
            keyFile: reader.read(Keys.forwardKeyFile), proxy: reader.read(Keys.forwardProxy),
            connectTimeout: reader.read(Keys.forwardConnectTimeout),
            requestTimeout: reader.read(Keys.forwardRequestTimeout),
            batchEntries: reader.read(Keys.forwardBatchEntries), batchBytes: reader.read(Keys.forwardBatchBytes),
            retryLimit: reader.read(Keys.forwardRetryLimit), output: reader.read(Keys.forwardOutput),
            outputNamespaces: Namespaces(
                include: reader.read(Keys.forwardOutputInclude), exclude: reader.read(Keys.forwardOutputExclude)),
            arguments: reader.read(Keys.forwardArguments),
            argumentsNamespaces: Namespaces(
                include: reader.read(Keys.forwardArgumentsInclude), exclude: reader.read(Keys.forwardArgumentsExclude)))
    }

    /// Settings that are right each for itself and wrong together.
    private func contradictions(_ reader: inout ConfigurationReader) {
        if node.name.isEmpty {
            reader.contradiction(Keys.nodeName, "the host has no name", remedy: "set node.name or NODE_NAME")
        }
        if logs.pinLimitEach > logs.pinLimit {
            reader.contradiction(
                Keys.pinLimitEach, "\(logs.pinLimitEach) is more than logs.pinLimit, \(logs.pinLimit)",
                remedy: "raise the one or lower the other")
        }
        if let pins = logs.pinDirectory, Self.isPath(pins, inside: logs.podLogsDirectory) {
            reader.contradiction(
                Keys.pinDirectory, "lies inside logs.podLogsDirectory, whose strange directories the kubelet removes",
                remedy: "choose a directory beside it, on the same mount")
        }
        if pods.kubeconfig != nil, pods.server != nil {
            reader.contradiction(
                Keys.podsServer, "pods.kubeconfig names the server already", remedy: "keep one of the two")
        }
        if journal.directory != nil, journal.root != nil {
            reader.contradiction(
                Keys.journalRoot, "journal.directory says already where the journal is", remedy: "keep one of the two")
        }
        if journal.namespace != nil, journal.directory != nil || journal.root != nil {
            reader.contradiction(
                Keys.journalNamespace, "journal namespaces are found in the machine's own journal alone",
                remedy: "name the namespace's directory as journal.directory, or leave both out")
        }
        if pods.source == .kubelet {
            if pods.kubelet.url == nil {
                reader.contradiction(
                    Keys.podsSource, "the kubelet's URL is missing",
                    remedy: "set pods.kubelet.url, such as https://10.0.0.5:10250")
            } else if pods.kubelet.caFile == nil, pods.kubelet.fingerprint == nil {
                reader.contradiction(
                    Keys.kubeletURL, "nothing says how to check the kubelet's certificate",
                    remedy: "set pods.kubelet.caFile or pods.kubelet.fingerprint")
            }
        }
        forwardContradictions(&reader)
        for name in scope.namespaces.include where scope.namespaces.exclude.contains(name) {
            reader.contradiction(Keys.scopeExclude, "\(name) is in scope.namespaces.include too")
        }
        for name in output.namespaces.include where output.namespaces.exclude.contains(name) {
            reader.contradiction(Keys.outputExclude, "\(name) is in output.namespaces.include too")
        }
    }

    private func forwardContradictions(_ reader: inout ConfigurationReader) {
        if (forward.certificateFile == nil) != (forward.keyFile == nil) {
            reader.contradiction(
                Keys.forwardKeyFile, "a client certificate needs its key, and a key its certificate",
                remedy: "set both forward.certificateFile and forward.keyFile, or neither")
        } else if let forwarding {
            do {
                try forwarding.validate()
            } catch {
                reader.contradiction(
                    Keys.forwardEndpoint, "a token, headers or a client certificate would travel in the clear",
                    remedy: "use https, or take forward.tokenFile and the others out")
            }
        }
        for name in forward.outputNamespaces.include where forward.outputNamespaces.exclude.contains(name) {
            reader.contradiction(Keys.forwardOutputExclude, "\(name) is in forward.outputNamespaces.include too")
        }
        for name in forward.argumentsNamespaces.include where forward.argumentsNamespaces.exclude.contains(name) {
            reader.contradiction(Keys.forwardArgumentsExclude, "\(name) is in forward.argumentsNamespaces.include too")
        }
    }

    /// By the components of the paths as written; what links do is checked when the pins are opened.
    private static func isPath(_ path: String, inside directory: String) -> Bool {
        let parts = path.split(separator: "/").filter { $0 != "." }
        let parents = directory.split(separator: "/").filter { $0 != "." }
        return parts.starts(with: parents)
    }
}
