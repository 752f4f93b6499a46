// SPDX-License-Identifier: Apache-2.0
import Yams

/// The resources of one rendered file, of the kinds that we ship. Another kind, or a field that is not known here, is
/// refused: what grants something cannot slip in unseen.
package struct Manifest {
    package var namespaces: [String: [String: String]] = [:]
    /// By name: whether its pods get a token unasked.
    package var serviceAccounts: [String: Bool] = [:]
    package var roles: [String: [Rule]] = [:]
    package var bindings: [Binding] = []
    /// By name without the hash of the content.
    package var configs: [String: [String: String]] = [:]
    /// The same by the whole name.
    package var configNames: Set<String> = []
    package var daemonSets: [String: Workload] = [:]
    package var statefulSets: [String: Workload] = [:]
    package var services: [String: Service] = [:]
    package var networkPolicies: [String: NetworkPolicy] = [:]

    package struct Rule: Hashable {
        package var groups: [String]
        package var resources: [String]
        package var verbs: [String]

        package init(_ groups: [String], _ resources: [String], _ verbs: [String]) {
            self.groups = groups
            self.resources = resources
            self.verbs = verbs
        }
    }

    package struct Binding: Hashable {
        package var name: String
        package var role: String
        /// `kind namespace/name`.
        package var subjects: [String]

        package init(name: String, role: String, subjects: [String]) {
            self.name = name
            self.role = role
            self.subjects = subjects
        }
    }

    package struct Workload {
        package var selector: [String: String]
        package var labels: [String: String]
        package var pod: PodTemplate
        /// `maxSurge`, `maxUnavailable`.
        package var update: [String: String]
        package var replicas: Int?
        package var claims: [String: String]
    }

    package struct Service: Hashable {
        package var selector: [String: String]
        package var ports: [String]
        package var type: String?
    }

    package struct NetworkPolicy {
        package var selector: [String: String]
        package var types: [String]
        /// Each rule's ports, `TCP 443`; who is at the other end, as it stands there.
        package var ingress: [(peers: [String], ports: [String])]
        package var egress: [(peers: [String], ports: [String])]
    }

    /// - Parameter text: YAML documents.
    package init(_ text: String) throws {
        for (index, document) in try Yams.load_all(yaml: text).enumerated() {
            let object = try StrictObject(document, path: "document \(index + 1)")
            try add(object, kind: "\(try object.text("apiVersion")) \(try object.text("kind"))")
            try object.finish()
        }
    }

    private struct Metadata {
        var name: String
        var namespace: String?
        var labels: [String: String]
    }

    private static func metadata(_ object: StrictObject) throws -> Metadata {
        try object.object("metadata") { metadata in
            Metadata(
                name: try metadata.text("name"), namespace: try metadata.optionalText("namespace"),
                labels: try metadata.map("labels"))
        }
    }

    private mutating func add(_ object: StrictObject, kind: String) throws {
        let metadata = try Self.metadata(object)
        let isClusterWide = ["Namespace", "ClusterRole", "ClusterRoleBinding"].contains { kind.hasSuffix(" " + $0) }
        guard isClusterWide == (metadata.namespace == nil), isClusterWide || metadata.namespace == "lastword" else {
            throw ManifestFault(description: "\(kind) \(metadata.name) is in namespace \(metadata.namespace ?? "-")")
        }
        switch kind {
        case "v1 Namespace": namespaces[metadata.name] = metadata.labels
        case "v1 ServiceAccount":
            serviceAccounts[metadata.name] = try object.flag("automountServiceAccountToken")
        case "v1 ConfigMap":
            configNames.insert(metadata.name)
            let name = metadata.name.split(separator: "-").dropLast().joined(separator: "-")
            configs[name] = try object.map("data")
        case "v1 Service": services[metadata.name] = try object.object("spec", Self.service)
        case "rbac.authorization.k8s.io/v1 ClusterRole":
            roles[metadata.name] = try object.list("rules") { rule in
                Rule(try rule.texts("apiGroups"), try rule.texts("resources"), try rule.texts("verbs"))
            }
        case "rbac.authorization.k8s.io/v1 ClusterRoleBinding":
            bindings.append(try Self.binding(object, name: metadata.name))
        case "apps/v1 DaemonSet": daemonSets[metadata.name] = try object.object("spec", Self.workload)
        case "apps/v1 StatefulSet": statefulSets[metadata.name] = try object.object("spec", Self.workload)
        case "networking.k8s.io/v1 NetworkPolicy":
            networkPolicies[metadata.name] = try object.object("spec", Self.policy)
        default: throw ManifestFault(description: "\(object.path): unknown kind \(kind)")
        }
    }

    private static func binding(_ object: StrictObject, name: String) throws -> Binding {
        let role = try object.object("roleRef") { reference in
            reference.ignore("apiGroup")
            return "\(try reference.text("kind")) \(try reference.text("name"))"
        }
        let subjects = try object.list("subjects") { subject in
            "\(try subject.text("kind")) \(try subject.text("namespace"))/\(try subject.text("name"))"
        }
        return Binding(name: name, role: role, subjects: subjects)
    }

    private static func service(_ object: StrictObject) throws -> Service {
        Service(
            selector: try object.map("selector"),
            ports: try object.list("ports") { port in
                "\(try port.text("name")) \(try port.number("port")) \(try port.text("targetPort"))"
            }, type: try object.optionalText("type"))
    }

    private static func workload(_ object: StrictObject) throws -> Workload {
        object.ignore("serviceName")
        let update = try object.optional("updateStrategy") { strategy in
            guard try strategy.text("type") == "RollingUpdate" else {
                throw ManifestFault(description: "\(strategy.path) is no RollingUpdate")
            }
            return try strategy.object("rollingUpdate") { rolling in
                Dictionary(
                    uniqueKeysWithValues: try ["maxSurge", "maxUnavailable"].map { ($0, try rolling.either($0)) })
            }
        }
        let template = try object.object("template") { template in
            let labels = try template.object("metadata") { try $0.map("labels") }
            return (labels, try template.object("spec") { try PodTemplate($0) })
        }
        return Workload(
            selector: try object.object("selector") { try $0.map("matchLabels") }, labels: template.0, pod: template.1,
            update: update ?? [:], replicas: try object.optionalNumber("replicas"),
            claims: try Dictionary(
                uniqueKeysWithValues: object.list("volumeClaimTemplates") { claim in
                    let name = try claim.object("metadata") { try $0.text("name") }
                    return (name, try claim.object("spec", Self.claim))
                }))
    }

    private static func claim(_ object: StrictObject) throws -> String {
        let modes = try object.texts("accessModes").joined(separator: ",")
        return try object.object("resources") { try $0.object("requests") { "\(modes) \(try $0.text("storage"))" } }
    }

    private static func policy(_ object: StrictObject) throws -> NetworkPolicy {
        func rules(_ key: String, _ end: String) throws -> [(peers: [String], ports: [String])] {
            try object.list(key) { rule in
                let peers = try rule.list(end) { peer in
                    if let address = try peer.optional("ipBlock", { try $0.text("cidr") }) { return address }
                    return try ["namespaceSelector", "podSelector"].compactMap { name in
                        try peer.optional(name) { selector in "\(name) \(try selector.map("matchLabels").sorted(by: <))"
                        }
                    }.joined(separator: " and ")
                }
                let ports = try rule.list("ports") { "\(try $0.text("protocol")) \(try $0.number("port"))" }
                return (peers, ports)
            }
        }
        return NetworkPolicy(
            selector: try object.object("podSelector") { try $0.map("matchLabels") },
            types: try object.texts("policyTypes"), ingress: try rules("ingress", "from"),
            egress: try rules("egress", "to"))
    }
}
