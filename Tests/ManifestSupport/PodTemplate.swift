// SPDX-License-Identifier: Apache-2.0

/// A pod's spec as our manifests write one; a field that is not here is refused.
package struct PodTemplate {
    package var serviceAccount: String
    package var automountsToken: Bool
    package var serviceLinks: Bool
    package var hostNetwork: Bool
    package var hostPID: Bool
    package var hostIPC: Bool
    package var priorityClass: String?
    package var tolerations: [[String: String]]
    package var nodeSelector: [String: String]
    package var gracePeriod: Int
    package var security: Security
    package var containers: [Container]
    package var volumes: [Volume]

    /// Of the pod.
    package struct Security: Hashable {
        package var runAsNonRoot: Bool?
        package var user: Int
        package var group: Int
        package var fsGroup: Int?
        package var fsGroupChangePolicy: String?
        package var seccomp: String
        package var seLinuxType: String?

        init(_ object: StrictObject) throws {
            runAsNonRoot = try object.optionalFlag("runAsNonRoot")
            user = try object.number("runAsUser")
            group = try object.number("runAsGroup")
            fsGroup = try object.optionalNumber("fsGroup")
            fsGroupChangePolicy = try object.optionalText("fsGroupChangePolicy")
            seccomp = try object.object("seccompProfile") { try $0.text("type") }
            seLinuxType = try object.optional("seLinuxOptions") { try $0.text("type") }
        }
    }

    init(_ object: StrictObject) throws {
        serviceAccount = try object.text("serviceAccountName")
        automountsToken = try object.flag("automountServiceAccountToken")
        serviceLinks = try object.flag("enableServiceLinks")
        hostNetwork = try object.optionalFlag("hostNetwork") ?? false
        hostPID = try object.optionalFlag("hostPID") ?? false
        hostIPC = try object.optionalFlag("hostIPC") ?? false
        priorityClass = try object.optionalText("priorityClassName")
        tolerations = try object.list("tolerations") { toleration in
            try Dictionary(uniqueKeysWithValues: toleration.keys.map { ($0, try toleration.text($0)) })
        }
        nodeSelector = try object.map("nodeSelector")
        gracePeriod = try object.number("terminationGracePeriodSeconds")
        security = try object.object("securityContext") { try Security($0) }
        containers = try object.list("containers") { try Container($0) }
        volumes = try object.list("volumes") { try Volume($0) }
    }
}

/// A container of a pod's spec.
package struct Container {
    package var name: String
    package var image: String
    package var command: [String]
    package var arguments: [String]
    /// By name: the field of the pod that it is taken from.
    package var environment: [String: String]
    package var ports: [String: Int]
    package var security: Security
    package var mounts: [VolumeMount]
    /// Path, port and scheme of the two probes: alive, ready.
    package var probes: [String]
    /// The same of the one that is asked while it starts; nil if there is none.
    package var startupProbe: String?
    package var requests: [String: String]
    package var limits: [String: String]

    package struct Security: Hashable {
        package var privileged: Bool
        package var escalates: Bool
        package var readOnlyRoot: Bool
        package var dropped: [String]
        package var added: [String]

        init(_ object: StrictObject) throws {
            privileged = try object.flag("privileged")
            escalates = try object.flag("allowPrivilegeEscalation")
            readOnlyRoot = try object.flag("readOnlyRootFilesystem")
            (dropped, added) = try object.object("capabilities") { (try $0.texts("drop"), try $0.texts("add")) }
        }
    }

    init(_ object: StrictObject) throws {
        name = try object.text("name")
        image = try object.text("image")
        command = try object.texts("command")
        arguments = try object.texts("args")
        environment = try Dictionary(
            uniqueKeysWithValues: object.list("env") { variable in
                let field = try variable.object("valueFrom") { try $0.object("fieldRef") { try $0.text("fieldPath") } }
                return (try variable.text("name"), field)
            })
        ports = try Dictionary(
            uniqueKeysWithValues: object.list("ports") { (try $0.text("name"), try $0.number("containerPort")) })
        security = try object.object("securityContext") { try Security($0) }
        mounts = try object.list("volumeMounts") { try VolumeMount($0) }
        startupProbe = try object.optional("startupProbe", Self.probe)
        probes = try ["livenessProbe", "readinessProbe"].map { try object.object($0, Self.probe) }
        let resources = try object.object("resources") { (try $0.map("requests"), try $0.map("limits")) }
        (requests, limits) = resources
    }

    private static func probe(_ object: StrictObject) throws -> String {
        for key in ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold"] { object.ignore(key) }
        return try object.object("httpGet") { get in
            "\(try get.optionalText("scheme") ?? "HTTP") \(try get.text("port")) \(try get.text("path"))"
        }
    }
}

package struct VolumeMount: Hashable {
    package var name: String
    package var path: String
    package var readOnly: Bool
    package var propagation: String?

    package init(_ name: String, _ path: String, readOnly: Bool = false, propagation: String? = nil) {
        self.name = name
        self.path = path
        self.readOnly = readOnly
        self.propagation = propagation
    }

    init(_ object: StrictObject) throws {
        name = try object.text("name")
        path = try object.text("mountPath")
        readOnly = try object.optionalFlag("readOnly") ?? false
        propagation = try object.optionalText("mountPropagation")
    }
}

package struct Volume: Hashable {
    package enum Source: Hashable {
        case host(path: String, type: String)
        case config(name: String)
        case secret(name: String)
        case projected([Projection])
    }

    package enum Projection: Hashable {
        /// Nil audience: the API server's.
        case token(path: String, audience: String?, seconds: Int)
        case config(name: String, key: String, path: String, isOptional: Bool)
    }

    package var name: String
    package var source: Source

    package init(_ name: String, _ source: Source) {
        self.name = name
        self.source = source
    }

    init(_ object: StrictObject) throws {
        name = try object.text("name")
        let sources: [Source?] = [
            try object.optional("hostPath") { .host(path: try $0.text("path"), type: try $0.text("type")) },
            try object.optional("configMap") { .config(name: try $0.text("name")) },
            try object.optional("secret") { secret in
                secret.ignore("defaultMode")
                return .secret(name: try secret.text("secretName"))
            },
            try object.optional("projected") { projected in
                projected.ignore("defaultMode")
                return .projected(try projected.list("sources", Self.projection))
            },
        ]
        let found = sources.compactMap { $0 }
        guard found.count == 1 else { throw ManifestFault(description: "\(object.path) has \(found.count) sources") }
        source = found[0]
    }

    private static func projection(_ object: StrictObject) throws -> Projection {
        let token = try object.optional("serviceAccountToken") { token in
            Projection.token(
                path: try token.text("path"), audience: try token.optionalText("audience"),
                seconds: try token.number("expirationSeconds"))
        }
        if let token { return token }
        return try object.object("configMap") { map in
            let items = try map.list("items") { (try $0.text("key"), try $0.text("path")) }
            guard items.count == 1 else { throw ManifestFault(description: "\(map.path) has \(items.count) items") }
            return .config(
                name: try map.text("name"), key: items[0].0, path: items[0].1,
                isOptional: try map.optionalFlag("optional") ?? false)
        }
    }
}
