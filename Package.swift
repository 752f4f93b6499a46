// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is built with: Swift 6 mode, strict settings, and warnings as errors.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

/// How the programs are linked for a release: by the toolchain's own lld, without the dynamic symbol table that a static Swift
/// runtime asks for (nobody looks symbols up), and with relative relocations packed. What the loader does not read at the
/// start is not in memory: some 7 MB of the agent. Packed relocations need glibc 2.36 or later.
let released: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld", "-Xlinker", "--no-export-dynamic", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
        .when(platforms: [.linux], configuration: .release))
]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grdbSQLite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let grpcCore = product(name: "GRPCCore", package: "grpc-swift-2")
    static let grpcPosix = product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
    static let grpcProtobuf = product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let hummingbirdHTTP2 = product(name: "HummingbirdHTTP2", package: "hummingbird")
    static let hummingbirdTLS = product(name: "HummingbirdTLS", package: "hummingbird")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let jwtKit = product(name: "JWTKit", package: "jwt-kit")
    static let asn1 = product(name: "SwiftASN1", package: "swift-asn1")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioFoundationCompat = product(name: "NIOFoundationCompat", package: "swift-nio")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let asyncAlgorithms = product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
    static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let x509 = product(name: "X509", package: "swift-certificates")
    static let yams = product(name: "Yams", package: "Yams")
}

/// A target of ours, with its README kept out of the build.
func library(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, exclude: path == nil ? ["README.md"] : [],
        swiftSettings: strict)
}

/// Generated code: language mode 6 alone, at package visibility.
func generated(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Generated/\(name)")
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, resources: resources,
        swiftSettings: strict)
}

let package = Package(
    name: "lastword",
    products: [
        .executable(name: "lastword-agent", targets: ["lastword-agent"]),
        .executable(name: "lastword-collector", targets: ["lastword-collector"]),
        .executable(name: "lastword", targets: ["lastword"]),
    ],
    dependencies: [
        // The runtime's socket speaks gRPC; writing HTTP/2, flow control and trailers by hand would be ours to keep.
        .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", exact: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),
        // Messages of containerd and CRI.
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),
        // The store: migrations, a pool with concurrent readers, WAL, on the system's libsqlite3.
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        // List and watch of pods over HTTPS, with client certificates and proxies.
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        // The HTTP server of the API server stand-in in the tests, and of the collector.
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        // The event loops below all of these; the agent's health endpoint stands on its HTTP/1.1 codec.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        // Certificate and pinned-fingerprint checks towards the API server and the kubelet.
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        // Certificates that tests issue for themselves.
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        // The server's requests and answers; names inside certificates: what Hummingbird and swift-certificates speak, named
        // because members are used.
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        // ServiceAccount tokens of agents: signatures by an issuer's JWKS, which nobody should write by hand.
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
        // SHA-256 of the chain and the outputs, SHA-1 of the session id (UUIDv5).
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        // A channel whose sender waits, between the bounded queues and the session loop.
        .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
        // Ordered start and shutdown of the long-running services.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        // Structured logs, metrics.
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        // Command lines, with help and completions.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // The configuration file and kubeconfig: nodes with line and column, so that unknown keys and wrong types can
        // be refused (swift-configuration turns both into the default).
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        // The collector's pages: templates in which whatever comes from outside is escaped unless somebody says otherwise.
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    ],
    targets: [
        // MARK: Values and decisions, no I/O
        library("SessionRecords", [.crypto]),
        library("SessionTracking", ["SessionRecords"]),
        // Entries as OTLP log records and back, for both sides.
        library("OTLPCoding", ["SessionRecords", "OTLPProto", .protobuf]),
        // What is sent again when; for every output with a cursor.
        library("Delivery", []),

        // MARK: Sources and effects
        // Credential files, CAs, client certificates: what the pod source and the forwarder need of a server.
        library(
            "ServerAccess", ["SessionRecords", .asyncHTTPClient, .nioCore, .nioPosix, .nioSSL]),
        library(
            "RuntimeSource",
            [
                "SessionRecords", "SessionTracking", "ContainerdAPI", "CRIAPI", "Telemetry", .grpcCore, .grpcPosix,
                .protobuf, .logging, .metrics,
            ]),
        library(
            "PodSource",
            [
                "SessionRecords", "SessionTracking", "ServerAccess", "Telemetry", .asyncHTTPClient, .nioCore, .nioPosix,
                .nioHTTP1,
                .nioSSL, .nioTLS, .yams, .logging, .metrics, .crypto,
            ]),
        library("TailCapture", ["SessionRecords", "CSystemCalls", "CZlib", .crypto]),
        // libsystemd's journal reader and journald's native protocol; by themselves, because the command line reads, too.
        library("SystemJournal", ["SessionRecords", "CSystemd", "CSystemCalls"]),
        library(
            "JournalSource",
            ["SessionRecords", "SessionTracking", "SystemJournal", "Telemetry", .logging, .metrics]),
        // Files, locks and SQLite, as the node's store and the collector's both have them.
        library("SQLiteStore", ["SessionRecords", .grdb, .grdbSQLite]),
        library("AgentStore", ["SessionRecords", "SessionTracking", "SQLiteStore", .grdb, .crypto]),
        library(
            "Forwarding",
            [
                "SessionRecords", "SessionTracking", "AgentStore", "OTLPCoding", "Delivery", "ServerAccess",
                "Telemetry",
                "CZlib", .asyncHTTPClient, .nioCore, .nioHTTP1, .nioSSL, .logging, .metrics,
            ]),

        // MARK: What agent and collector share: settings, health, logs and metrics
        library("Telemetry", [.logging, .metrics, .coreMetrics]),
        library("ConfigurationReading", ["SessionRecords", .yams]),
        library(
            "HealthReporting",
            [
                "SessionRecords", "Telemetry", "ConfigurationReading", "CSystemd", .nioCore, .nioPosix, .nioHTTP1,
                .serviceLifecycle, .logging, .metrics,
            ]),

        // MARK: The agent
        library(
            "AgentCore",
            [
                "SessionRecords", "SessionTracking", "RuntimeSource", "PodSource", "TailCapture", "AgentStore",
                "JournalSource", "SystemJournal", "Forwarding", "Delivery", "OTLPCoding", "Telemetry", "CSystemCalls",
                "ConfigurationReading", "HealthReporting", "ServerAccess",
                .argumentParser, .asyncAlgorithms, .serviceLifecycle, .unixSignals, .logging, .metrics,
            ]),

        // MARK: The collector
        library("CollectorStore", ["SessionRecords", "SQLiteStore", .grdb, .grdbSQLite, .crypto]),
        // What a person sees in a browser: values of the store in, HTML out.
        library("CollectorPages", ["SessionRecords", "CollectorStore", .mustache, .crypto]),
        // What a SIEM is told, as bytes: pure.
        library("SIEMFormats", ["SessionRecords"]),
        // The feed to SIEMs, each at its own pace.
        library(
            "SIEMOutputs",
            [
                "CollectorStore", "SIEMFormats", "SessionRecords", "OTLPCoding", "Delivery", "ServerAccess",
                "Telemetry",
                "HealthReporting", .nioCore, .nioPosix, .nioSSL, .nioTLS, .x509, .asn1, .serviceLifecycle, .logging,
                .metrics,
            ]),
        library(
            "CollectorServer",
            [
                "CollectorStore", "CollectorPages", "SIEMFormats", "SIEMOutputs", "SQLiteStore", "OTLPCoding",
                "SessionRecords", "ServerAccess", "Telemetry", "ConfigurationReading", "HealthReporting", "CZlib",
                .hummingbirdCore, .hummingbirdHTTP2, .asyncHTTPClient, .jwtKit, .httpTypes,
                .nioCore, .nioPosix, .nioHTTP1, .nioSSL, .nioTLS, .nioFoundationCompat, .x509, .asn1, .argumentParser,
                .serviceLifecycle, .unixSignals, .logging, .metrics,
            ]),

        // MARK: The command line
        library("Commands", ["SessionRecords", "AgentStore", "SystemJournal", "CollectorClient", .argumentParser]),
        // The collector's query API, asked by the command line.
        library(
            "CollectorClient",
            ["SessionRecords", .asyncHTTPClient, .nioCore, .nioPosix, .nioHTTP1, .nioSSL]),

        // MARK: Generated, and C
        generated("ContainerdAPI", [.grpcCore, .grpcProtobuf, .protobuf]),
        generated("CRIAPI", [.grpcCore, .grpcProtobuf, .protobuf]),
        generated("OTLPProto", [.protobuf]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CSystemCalls"),

        // MARK: Executables
        .executableTarget(
            name: "lastword-agent", dependencies: ["AgentCore", .argumentParser], swiftSettings: strict,
            linkerSettings: released),
        .executableTarget(
            name: "lastword-collector", dependencies: ["CollectorServer", .argumentParser], swiftSettings: strict,
            linkerSettings: released),
        .executableTarget(
            name: "lastword", dependencies: ["Commands", .argumentParser], swiftSettings: strict,
            linkerSettings: released),

        // MARK: Tests
        .target(
            name: "TestSupport",
            dependencies: [
                "SessionRecords", "SessionTracking", "ContainerdAPI", "CRIAPI", "CSystemCalls", .grpcCore, .grpcPosix,
                .protobuf, .nioCore, .logging, .crypto,
            ],
            path: "Tests/TestSupport", exclude: ["README.md"], swiftSettings: strict),
        // Serves list and watch of pods; apart, because Foundation changes whose `stat` and `timespec` a module sees.
        .target(
            name: "APIServerSupport",
            dependencies: [
                "SessionRecords",
                .hummingbird, .hummingbirdTLS, .product(name: "HummingbirdCore", package: "hummingbird"), .nioCore,
                .nioSSL, .logging, .x509, .crypto,
            ],
            path: "Tests/APIServerSupport", swiftSettings: strict),
        // Our manifests, decoded so that a field nobody knows is refused.
        .target(
            name: "ManifestSupport", dependencies: [.yams], path: "Tests/ManifestSupport", swiftSettings: strict),
        // An OTLP receiver and a proxy on loopback, with answers of all kinds.
        .target(
            name: "ReceiverSupport",
            dependencies: [
                "APIServerSupport", "OTLPCoding", "CZlib", .hummingbird, .hummingbirdTLS,
                .product(name: "HummingbirdCore", package: "hummingbird"), .nioCore, .nioPosix, .nioSSL,
                .serviceLifecycle, .logging,
            ],
            path: "Tests/ReceiverSupport", swiftSettings: strict),
        // A collector inside the test's process, and ledgers that are made up for it.
        .target(
            name: "CollectorSupport",
            dependencies: [
                "TestSupport", "CollectorServer", "CollectorStore", "OTLPCoding", "ConfigurationReading",
                "SessionRecords", "CZlib", .asyncHTTPClient, .nioCore, .nioHTTP1, .nioPosix, .nioSSL,
                .nioFoundationCompat, .x509,
                .asn1, .crypto, .logging,
            ],
            path: "Tests/CollectorSupport", swiftSettings: strict),
        // A headless Chromium, for the collector's pages.
        .target(
            name: "BrowserSupport", dependencies: ["TestSupport", "SessionRecords"], path: "Tests/BrowserSupport",
            swiftSettings: strict),
        // Plays a node for `make demo` and `make torture`: private containerd, kubelet and API server stand-ins. It reads
        // the agent's store to compare it with the truth.
        .executableTarget(
            name: "node-rig",
            dependencies: [
                "TestSupport", "APIServerSupport", "AgentStore", "SessionRecords", "SessionTracking", .argumentParser,
                .grpcCore,
            ],
            path: "Tests/NodeRig",
            swiftSettings: strict),
        // Measures what the design promises, for `make bench`.
        .executableTarget(
            name: "lastword-bench",
            dependencies: [
                "TestSupport", "APIServerSupport", "AgentCore", "AgentStore", "CollectorStore", "TailCapture",
                "SessionTracking",
                "SessionRecords", "Telemetry", "HealthReporting", "ContainerdAPI", .argumentParser, .grdb, .grpcCore,
                .grpcPosix,
                .protobuf, .serviceLifecycle, .logging,
            ],
            path: "Tests/Benchmarks", exclude: ["README.md"], swiftSettings: strict),
        tests("SessionRecordsTests", ["SessionRecords"]),
        tests(
            "OTLPCodingTests", ["OTLPCoding", "OTLPProto", "SessionRecords", .protobuf], resources: [.copy("Golden")]),
        tests("DeliveryTests", ["Delivery"]),
        tests("SessionTrackingTests", ["SessionTracking", "SessionRecords"], resources: [.copy("Fixtures")]),
        tests(
            "RuntimeSourceTests",
            [
                "RuntimeSource", "SessionTracking", "SessionRecords", "ContainerdAPI", "CRIAPI", .grpcCore, .grpcPosix,
                .protobuf, .logging,
            ], resources: [.copy("Fixtures")]),
        tests(
            "PodSourceTests",
            ["PodSource", "APIServerSupport", "SessionTracking", "SessionRecords", .logging, .nioCore],
            resources: [.copy("Fixtures")]),
        tests("ServerAccessTests", ["ServerAccess", "SessionRecords"]),
        tests("TailCaptureTests", ["TailCapture", "SessionRecords", "CZlib"], resources: [.copy("Fixtures")]),
        tests("SystemJournalTests", ["SystemJournal", "SessionRecords"]),
        tests(
            "JournalSourceTests",
            ["JournalSource", "SystemJournal", "SessionTracking", "SessionRecords", .logging],
            resources: [.copy("Fixtures"), .copy("Golden")]),
        tests("SIEMFormatsTests", ["SIEMFormats", "SessionRecords"], resources: [.copy("Golden")]),
        tests(
            "SIEMOutputsTests",
            [
                "SIEMOutputs", "SIEMFormats", "CollectorStore", "CollectorServer", "APIServerSupport", "Delivery",
                "HealthReporting", "SessionRecords", .nioCore, .nioPosix, .logging, .yams,
            ], exclude: ["Detections/validate.py"]),
        tests("CollectorStoreTests", ["CollectorStore", "SQLiteStore", "SessionRecords", .grdb]),
        tests(
            "ForwardingTests",
            [
                "Forwarding", "Delivery", "OTLPCoding", "AgentStore", "ReceiverSupport", "APIServerSupport",
                "SessionTracking", "SessionRecords", .logging,
            ], exclude: ["Foreign"]),
        tests("AgentStoreTests", ["AgentStore", "SQLiteStore", "SessionTracking", "SessionRecords", .grdb, .crypto]),
        tests(
            "AgentCoreTests",
            [
                "AgentCore", "Commands", "SessionTracking", "SessionRecords", "AgentStore", "SystemJournal",
                "Forwarding", "Delivery", "OTLPCoding", "TailCapture", "Telemetry", "CSystemCalls",
                "ConfigurationReading",
                "HealthReporting", "CollectorServer", .argumentParser, .logging,
                .coreMetrics,
            ]),
        tests(
            "CommandsTests",
            [
                "Commands", "CollectorClient", "OTLPCoding", "APIServerSupport", "AgentStore", "SystemJournal",
                "SessionRecords",
                "SessionTracking", .argumentParser, .yams, .hummingbird, .hummingbirdTLS,
                .product(name: "HummingbirdCore", package: "hummingbird"), .asyncHTTPClient, .nioCore, .nioHTTP1,
                .nioSSL,
                .logging,
            ],
            resources: [.copy("Golden")]),
        tests(
            "CollectorPagesTests",
            [
                "CollectorPages", "CollectorServer", "CollectorStore", "CollectorSupport", "BrowserSupport",
                "SessionRecords", .httpTypes, .nioHTTP1,
            ]),
        tests(
            "CollectorServerTests",
            [
                "CollectorServer", "CollectorSupport", "CollectorStore", "SIEMFormats", "SIEMOutputs", "OTLPCoding",
                "ConfigurationReading", "HealthReporting", "APIServerSupport", "ReceiverSupport", "SessionRecords",
                "CZlib", .asyncHTTPClient, .jwtKit, .nioCore, .nioHTTP1, .nioSSL,
                .nioFoundationCompat, .x509, .asn1, .crypto, .logging,
            ], exclude: ["Foreign"]),
        // What is shipped for a cluster, and that it fits the programs and the documents.
        tests(
            "ManifestTests",
            [
                "ManifestSupport", "AgentCore", "CollectorServer", "ConfigurationReading", "Forwarding",
                "APIServerSupport", .yams,
            ]),
        // What is installed: trees, packages, units, and a host that boots them.
        tests("PackagingTests", ["SessionRecords"], exclude: ["README.md"]),
        // The agent itself on real containers.
        tests(
            "IntegrationTests",
            [
                "AgentCore", "AgentStore", "APIServerSupport", "ManifestSupport", "ReceiverSupport", "OTLPCoding",
                "SessionRecords", "SessionTracking", "RuntimeSource",
                "HealthReporting", "JournalSource", "SystemJournal", "ContainerdAPI", "CRIAPI", "node-rig", .grpcCore,
                .grpcPosix,
                .protobuf, .logging, .grdb, .serviceLifecycle,
            ], exclude: ["Faults/README.md"]),
    ]
)
