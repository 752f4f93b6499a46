// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import JournalSource
import OTLPCoding

/// The table of the agent's keys. Flags, environment variables, `--help` and `docs/configuration.md` come from it.
enum AgentConfigurationKeys {
    typealias Key = ConfigurationKey

    // MARK: node, cluster

    static let nodeName = Key(
        "node.name", .text(limit: 253), defaultText: "`NODE_NAME`, else the host name",
        default: { $0.environment["NODE_NAME"].flatMap { $0.isEmpty ? nil : $0 } ?? $0.hostName.lowercased() },
        "The node's name in Kubernetes; pods are asked for by it. In a pod, set `NODE_NAME` from `spec.nodeName`.")
    static let clusterName = Key(
        "cluster.name", .optional(.text(limit: 253)), default: nil, "The cluster's name in every record.")
    static let clusterUID = Key(
        "cluster.uid", .optional(.text(limit: 253)), default: nil,
        "The cluster's uid in every record; by custom the uid of the namespace `kube-system`.")

    // MARK: runtime

    static let runtimeKind = Key(
        "runtime.kind", .choice(), default: AgentConfiguration.Runtime.Kind.auto,
        "Which runtime listens on the socket; `auto` asks it. `cri-o` is experimental.")
    static let runtimeSocket = Key(
        "runtime.socket", .optional(.socket),
        defaultText: "`/run/containerd/containerd.sock`; for `cri-o` `/run/crio/crio.sock`", default: { _ in nil },
        "The runtime's socket. k3s and RKE2 have it at `/run/k3s/containerd/containerd.sock`.")
    static let runtimeMarker = Key(
        "runtime.marker", .truth, default: true,
        "Whether the agent proves its event subscription by an event of its own in a containerd namespace of its own. "
            + "Without it, it waits and lists a second time.")
    static let runtimeRelistInterval = Key(
        "runtime.relistInterval", .duration(.seconds(1) ... .seconds(3600)), default: .seconds(60),
        "How often all containers are listed, to find what no event told.")
    static let runtimeQueueCapacity = Key(
        "runtime.queueCapacity", .integer(1024...1_048_576), default: 65_536,
        "Events kept while the agent is busy. Beyond it events are dropped, counted, and the containers listed again.")

    // MARK: pods

    static let podsSource = Key(
        "pods.source", .choice(), default: AgentConfiguration.Pods.Source.api,
        "Who says which containers are debug containers: the API server, the node's kubelet (Kubernetes 1.33 or later), "
            + "or nobody (then it is inferred).")
    static let podsKubeconfig = Key(
        "pods.kubeconfig", .optional(.path), default: nil,
        "A kubeconfig file for the API server. Without it and `pods.server`: the pod's own ServiceAccount.")
    static let podsServer = Key(
        "pods.server", .optional(.apiURL), default: nil, "The API server's URL, instead of a kubeconfig.")
    static let podsTokenFile = Key(
        "pods.tokenFile", .optional(.path), default: nil,
        "A file with the bearer token for `pods.server`; read again as it changes.")
    static let podsCAFile = Key(
        "pods.caFile", .optional(.path), default: nil, "A PEM file with the authorities to trust for `pods.server`.")
    static let kubeletURL = Key(
        "pods.kubelet.url", .optional(.apiURL), default: nil,
        "The kubelet's URL, such as `https://10.0.0.5:10250`; needed for `pods.source: kubelet`.")
    static let kubeletCAFile = Key(
        "pods.kubelet.caFile", .optional(.path), default: nil,
        "A PEM file with the authorities to trust for the kubelet; this or the fingerprint is needed.")
    static let kubeletFingerprint = Key(
        "pods.kubelet.fingerprint", .optional(.fingerprint), default: nil,
        "The SHA-256 of the kubelet's certificate, where no authority signed it.")
    static let kubeletTokenFile = Key(
        "pods.kubelet.tokenFile", .optional(.path), defaultText: "the pod's own ServiceAccount", default: { _ in nil },
        "A file with the bearer token for the kubelet; its account needs `get` on `nodes/pods`, nothing more.")

    // MARK: journal

    static let journalSource = Key(
        "journal.source", .choice(), default: AgentConfiguration.Journal.Source.auto,
        "Whether the journal is read: for what came and went while no agent ran, and as a second witness. `auto`: where "
            + "there is one; `on`: its absence shows at `/readyz`.")
    static let journalUnits = Key(
        "journal.units", .units,
        defaultText: "`containerd.service`, `kubelet.service`, and those of CRI-O, k3s and RKE2",
        default: { _ in JournalSourceConfiguration.standardUnits },
        "The systemd units whose lines are read: the runtime's and the kubelet's.")
    static let journalDirectory = Key(
        "journal.directory", .optional(.path), default: nil,
        "A directory with journal files, instead of `/run/log/journal` and `/var/log/journal`.")
    static let journalRoot = Key(
        "journal.root", .optional(.path), default: nil,
        "Where the node's root is mounted, if the journal is to be read from there.")
    static let journalNamespace = Key(
        "journal.namespace", .optional(.text(limit: 255)), default: nil,
        "A journal namespace (`LogNamespace=`) to be read too, or `all`.")
    static let journalEntry = Key(
        "journal.entry", .truth, default: true,
        "Whether each ended session gets an entry in the journal, with its facts and the ledger's number and hash.")
    static let journalSocket = Key(
        "journal.socket", .socket, default: "/run/systemd/journal/socket", "Where journald takes entries.")

    // MARK: scope, labels

    static let scopeContainers = Key(
        "scope.containers", .choice(), default: AgentConfiguration.Scope.Containers.debug,
        "Record debug containers only, or every container of the node.")
    static let scopeInclude = Key(
        "scope.namespaces.include", .namespaces, default: [], "Record only these namespaces; empty: all of them.")
    static let scopeExclude = Key(
        "scope.namespaces.exclude", .namespaces, default: [], "Never record these namespaces.")
    static let labelsAllow = Key(
        "labels.allow", .labelKeys, default: [], "Pod labels whose values may stand in a record. Others are left out.")

    // MARK: logs

    static let podLogsDirectory = Key(
        "logs.podLogsDirectory", .path, default: "/var/log/pods", "Where the kubelet keeps the containers' logs.")
    static let pinDirectory = Key(
        "logs.pinDirectory", .optional(.path), defaultText: "`.lastword/pins` on the mount of the pod logs directory",
        default: { _ in nil },
        "Where logs are pinned by hard links: in the same mount as the pod logs directory, never inside it.")
    static let pinLimit = Key(
        "logs.pinLimit", .bytes(.mebibytes(1) ... .gibibytes(1024)), default: .mebibytes(256),
        "Disk that pins may hold in all. Over it, tails are copied into the store and the pins go.")
    static let pinLimitEach = Key(
        "logs.pinLimitEach", .bytes(.mebibytes(1) ... .gibibytes(1024)), default: .mebibytes(64),
        "Disk that the pins of one container may hold.")
    static let freeSpaceFloor = Key(
        "logs.freeSpaceFloor", .percent(0...90), default: 10,
        "Free space of the file system below which no pin is kept.")

    // MARK: output

    static let outputCapture = Key(
        "output.capture", .truth, default: true, "Whether what a container printed is recorded at all.")
    static let outputInclude = Key(
        "output.namespaces.include", .namespaces, default: [], "Capture output only in these namespaces; empty: all.")
    static let outputExclude = Key(
        "output.namespaces.exclude", .namespaces, default: [], "Never capture output in these namespaces.")
    static let outputTailBytes = Key(
        "output.tailBytes", .bytes(.kibibytes(1) ... .mebibytes(4)), default: .kibibytes(64),
        "How much of the end of a container's output is kept.")
    static let outputSealDeadline = Key(
        "output.sealDeadline", .duration(.milliseconds(100) ... .seconds(600)), default: .seconds(5),
        "How long after the exit the output is waited for when the runtime does not say that it is complete.")

    // MARK: store

    static let storeDirectory = Key(
        "store.directory", .path, default: "/var/lib/lastword", "Where records are kept.")
    static let storeLockTimeout = Key(
        "store.lockTimeout", .duration(.zero ... .seconds(600)), default: .seconds(30),
        "How long a starting agent waits for the one before it to let go of the store.")
    static let storeMaxBytes = Key(
        "store.maxBytes", .bytes(.mebibytes(16) ... .gibibytes(1024)), default: .gibibytes(1),
        "Size of the store, over which the oldest delivered records go, then the oldest undelivered ones.")
    static let storeMaxAge = Key(
        "store.maxAge", .duration(.seconds(3600) ... .seconds(3650 * 86_400)), default: .seconds(90 * 86_400),
        "Age after which records go.")

    // MARK: forward

    static let forwardEndpoint = Key(
        "forward.endpoint", .optional(.receiver), default: nil,
        "Where entries are delivered: Lastword's collector, or any OTLP receiver over HTTP. A URL without a path gets "
            + "`/v1/logs`. Without it entries stay on the node.")
    static let forwardReceiver = Key(
        "forward.receiver", .choice(), default: AgentConfiguration.Forward.Receiver.collector,
        "What listens there: Lastword's `collector`, which takes everything and checks it, or another `otlp` receiver.")
    static let forwardTokenFile = Key(
        "forward.tokenFile", .optional(.path), default: nil,
        "A file with the bearer token for the receiver; read again as it changes.")
    static let forwardHeadersFile = Key(
        "forward.headersFile", .optional(.path), default: nil,
        "A file with further headers for the receiver, one `Name: value` a line; read again as it changes.")
    static let forwardCAFile = Key(
        "forward.caFile", .optional(.path), defaultText: "the system's authorities", default: { _ in nil },
        "A PEM file with the authorities to trust for the receiver; read again as it changes.")
    static let forwardCertificateFile = Key(
        "forward.certificateFile", .optional(.path), default: nil,
        "A PEM file with the client certificate for the receiver; read again as it changes.")
    static let forwardKeyFile = Key(
        "forward.keyFile", .optional(.path), default: nil, "A PEM file with the client certificate's key.")
    static let forwardProxy = Key(
        "forward.proxy", .optional(.proxy), default: nil,
        "An HTTP proxy to reach the receiver through; proxies that want a password are not supported.")
    static let forwardConnectTimeout = Key(
        "forward.connectTimeout", .duration(.milliseconds(100) ... .seconds(300)), default: .seconds(10),
        "How long a connection to the receiver may take to be made.")
    static let forwardRequestTimeout = Key(
        "forward.requestTimeout", .duration(.seconds(1) ... .seconds(600)), default: .seconds(30),
        "How long the receiver may take for one request and its answer.")
    static let forwardBatchEntries = Key(
        "forward.batchEntries", .integer(1...10_000), default: 512, "Entries in one request.")
    static let forwardBatchBytes = Key(
        "forward.batchBytes", .bytes(.kibibytes(64) ... .mebibytes(32)), default: .mebibytes(1),
        "Size of one request before it is packed; an entry that is larger goes alone.")
    static let forwardRetryLimit = Key(
        "forward.retryLimit", .duration(.seconds(1) ... .seconds(3600)), default: .seconds(60),
        "The longest wait between attempts while the receiver is away; where a person has to act, up to five minutes.")
    static let forwardOutput = Key(
        "forward.output", .optional(.choice()), defaultText: "`full`; for `forward.receiver: otlp` `excerpt`",
        default: { _ in nil as SendingPolicy.Amount? },
        "How much of what a container printed is delivered: all of it, the last 8 KiB as text, or nothing. The runtime's "
            + "termination message, which may quote it, is part of the entry's bytes.")
    static let forwardOutputInclude = Key(
        "forward.outputNamespaces.include", .namespaces, default: [],
        "Deliver output only of these namespaces; empty: all.")
    static let forwardOutputExclude = Key(
        "forward.outputNamespaces.exclude", .namespaces, default: [], "Never deliver output of these namespaces.")
    static let forwardArguments = Key(
        "forward.arguments", .choice(), default: SendingPolicy.Amount.full,
        "How much of command lines is delivered; `excerpt`: the first word. Where any of one stays on the node, its entry "
            + "is delivered as number, hashes and attributes, without the bytes that hold it.")
    static let forwardArgumentsInclude = Key(
        "forward.argumentsNamespaces.include", .namespaces, default: [],
        "Deliver command lines only of these namespaces; empty: all.")
    static let forwardArgumentsExclude = Key(
        "forward.argumentsNamespaces.exclude", .namespaces, default: [],
        "Never deliver command lines of these namespaces.")

    // MARK: http, log

    static let httpListen = Key(
        "http.listen", .listenAddress, default: ListenAddress(host: "127.0.0.1", port: 9464),
        "Where `/healthz`, `/readyz` and `/metrics` are served, without encryption or login; `off` for nowhere.")
    static let logLevel = Key(
        "log.level", .choice(), default: AgentConfiguration.Log.Level.info, "The least severe level that is logged.")
    static let logFormat = Key(
        "log.format", .choice(), default: AgentConfiguration.Log.Format.text, "Log lines as text or as JSON.")

    static let all: [any AnyConfigurationKey] = [
        nodeName, clusterName, clusterUID,
        runtimeKind, runtimeSocket, runtimeMarker, runtimeRelistInterval, runtimeQueueCapacity,
        podsSource, podsKubeconfig, podsServer, podsTokenFile, podsCAFile,
        kubeletURL, kubeletCAFile, kubeletFingerprint, kubeletTokenFile,
        journalSource, journalUnits, journalDirectory, journalRoot, journalNamespace, journalEntry, journalSocket,
        scopeContainers, scopeInclude, scopeExclude, labelsAllow,
        podLogsDirectory, pinDirectory, pinLimit, pinLimitEach, freeSpaceFloor,
        outputCapture, outputInclude, outputExclude, outputTailBytes, outputSealDeadline,
        storeDirectory, storeLockTimeout, storeMaxBytes, storeMaxAge,
        forwardEndpoint, forwardReceiver, forwardTokenFile, forwardHeadersFile, forwardCAFile, forwardCertificateFile,
        forwardKeyFile, forwardProxy, forwardConnectTimeout, forwardRequestTimeout, forwardBatchEntries,
        forwardBatchBytes, forwardRetryLimit, forwardOutput, forwardOutputInclude, forwardOutputExclude,
        forwardArguments, forwardArgumentsInclude, forwardArgumentsExclude,
        httpListen, logLevel, logFormat,
    ]
}
