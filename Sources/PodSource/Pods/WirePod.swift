// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The parts of a Pod (`core/v1`) that are read; field names are the API's.
struct WirePod: Decodable {
    var metadata: WireMetadata
    var spec: WirePodSpec?
    var status: WirePodStatus?

    private enum CodingKeys: String, CodingKey {
        case metadata, spec, status
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try values.decode(WireMetadata.self, forKey: .metadata)
        spec = values.lenient(.spec)
        status = values.lenient(.status)
    }
}

struct WireMetadata: Decodable {
    var name: String
    var namespace: String
    var uid: String
    var resourceVersion: String?
    var creationTimestamp: String?
    var deletionTimestamp: String?
    var labels: [String: String]
    var annotations: [String: String]
    var ownerReferences: [WireOwner]
    var managedFields: [WireManagedFields]

    private enum CodingKeys: String, CodingKey {
        case name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels, annotations
        case ownerReferences, managedFields
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        namespace = values.lenient(.namespace) ?? ""
        uid = try values.decode(String.self, forKey: .uid)
        resourceVersion = values.lenient(.resourceVersion)
        creationTimestamp = values.lenient(.creationTimestamp)
        deletionTimestamp = values.lenient(.deletionTimestamp)
        labels = values.lenientMap(.labels)
        annotations = values.lenientMap(.annotations)
        ownerReferences = values.lenientList(.ownerReferences, limit: 64)
        managedFields = values.lenientList(.managedFields, limit: 256)
    }
}

struct WireOwner: Decodable {
    var kind: String
    var name: String
    var controller: Bool?
}

/// One entry of `managedFields`: which client last changed which fields, and when.
struct WireManagedFields: Decodable {
    var manager: String
    var operation: String?
    var subresource: String?
    var time: String?
    /// Names of the containers whose fields the entry owns.
    var containers: Set<String>
    var ephemeralContainers: Set<String>

    private enum CodingKeys: String, CodingKey {
        case manager, operation, subresource, time, fieldsV1
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        manager = try values.decode(String.self, forKey: .manager)
        operation = values.lenient(.operation)
        subresource = values.lenient(.subresource)
        time = values.lenient(.time)
        let fields: WireFields? = values.lenient(.fieldsV1)
        containers = fields?.containers ?? []
        ephemeralContainers = fields?.ephemeralContainers ?? []
    }
}

/// `fieldsV1`, of which only the container names are wanted: `f:spec` → `f:containers` → `k:{"name":"…"}`.
private struct WireFields: Decodable {
    var containers: Set<String> = []
    var ephemeralContainers: Set<String> = []

    init(from decoder: any Decoder) throws {
        let root = try decoder.container(keyedBy: AnyKey.self)
        guard root.contains(AnyKey("f:spec")) else { return }
        let spec = try root.nestedContainer(keyedBy: AnyKey.self, forKey: AnyKey("f:spec"))
        containers = Self.names(spec, AnyKey("f:containers"))
        ephemeralContainers = Self.names(spec, AnyKey("f:ephemeralContainers"))
    }

    private static func names(_ spec: KeyedDecodingContainer<AnyKey>, _ key: AnyKey) -> Set<String> {
        // A list that is not there, or not an object, names nobody.
        guard let list = try? spec.nestedContainer(keyedBy: AnyKey.self, forKey: key) else { return [] }
        let open = "k:{\"name\":\""
        let close = "\"}"
        var names: Set<String> = []
        for key in list.allKeys.prefix(1024) {
            let text = key.stringValue
            guard text.hasPrefix(open), text.hasSuffix(close), text.utf8.count > open.utf8.count + close.utf8.count
            else { continue }
            names.insert(String(text.dropFirst(open.count).dropLast(close.count)))
        }
        return names
    }
}

struct WirePodSpec: Decodable {
    var nodeName: String?
    var restartPolicy: String?
    var shareProcessNamespace: Bool
    var hostNetwork: Bool
    var hostPID: Bool
    var hostIPC: Bool
    var tolerations: [WireToleration]
    var securityContext: WireSecurityContext?
    var volumes: [WireVolume]
    var containers: [WireContainer]
    var initContainers: [WireContainer]
    var ephemeralContainers: [WireContainer]

    private enum CodingKeys: String, CodingKey {
        case nodeName, restartPolicy, shareProcessNamespace, hostNetwork, hostPID, hostIPC, tolerations
        case securityContext, volumes, containers, initContainers, ephemeralContainers
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        nodeName = values.lenient(.nodeName)
        restartPolicy = values.lenient(.restartPolicy)
        shareProcessNamespace = values.lenient(.shareProcessNamespace) ?? false
        hostNetwork = values.lenient(.hostNetwork) ?? false
        hostPID = values.lenient(.hostPID) ?? false
        hostIPC = values.lenient(.hostIPC) ?? false
        tolerations = values.lenientList(.tolerations, limit: 256)
        securityContext = values.lenient(.securityContext)
        volumes = values.lenientList(.volumes, limit: 1024)
        containers = values.lenientList(.containers, limit: 1024)
        initContainers = values.lenientList(.initContainers, limit: 1024)
        ephemeralContainers = values.lenientList(.ephemeralContainers, limit: 4096)
    }
}

struct WireToleration: Decodable {
    var key: String?
    var `operator`: String?
}

struct WireVolume: Decodable {
    struct HostPath: Decodable {
        var path: String
    }

    var name: String
    var hostPath: HostPath?

    private enum CodingKeys: String, CodingKey {
        case name, hostPath
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        hostPath = values.lenient(.hostPath)
    }
}
