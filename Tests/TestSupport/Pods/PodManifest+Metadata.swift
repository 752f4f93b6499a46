// SPDX-License-Identifier: Apache-2.0
import SessionRecords

extension PodManifest {
    var metadata: JSONObject {
        var object = JSONObject()
        object["creationTimestamp"] = Self.time(createdAt)
        object["deletionTimestamp"] = deletedAt.map(Self.time)
        if deletedAt != nil { object["deletionGracePeriodSeconds"] = .integer(pod.gracePeriod) }
        // Each session raises it by one.
        object["generation"] = .integer(Int64(1 + entries(.ephemeral).count))
        if !pod.annotations.isEmpty { object["annotations"] = .strings(pod.annotations) }
        if !pod.labels.isEmpty { object["labels"] = .strings(pod.labels) }
        object["managedFields"] = .array(managedFields)
        object["name"] = .string(pod.name)
        object["namespace"] = .string(pod.namespace)
        if let owner = pod.owner {
            object["ownerReferences"] = .array([
                .object(
                    JSONObject([
                        ("apiVersion", .string("apps/v1")), ("blockOwnerDeletion", .bool(true)),
                        ("controller", .bool(true)), ("kind", .string(owner.kind)), ("name", .string(owner.name)),
                        ("uid", .string("00000000-0000-4000-8000-000000000001")),
                    ]))
            ])
        }
        object["resourceVersion"] = .string(String(resourceVersion))
        object["uid"] = .string(pod.uid)
        return object
    }

    private var managedFields: [JSONValue] {
        let empty = JSONValue.object(JSONObject())
        func keyed(_ entries: [Entry]) -> [(String, JSONValue)] {
            entries.map { entry in
                let key = JSONValue.object(JSONObject([("name", .string(entry.specification.name))])).compact
                return ("k:" + key, .object(JSONObject([(".", empty), ("f:image", empty), ("f:name", empty)])))
            }
        }
        func nested(_ path: [String], _ members: [(String, JSONValue)]) -> JSONValue {
            path.reversed().reduce(.object(JSONObject(members))) { .object(JSONObject([($1, $0)])) }
        }
        var fields = [
            managed(
                by: creator, subresource: nil, at: createdAt,
                nested(["f:spec", "f:containers"], keyed(entries(.regular))))
        ]
        if let ephemeralAt {
            // One entry is shared by all sessions of the pod; its time is the latest one's.
            fields.append(
                managed(
                    by: ephemeralManager, subresource: "ephemeralcontainers", at: ephemeralAt,
                    nested(["f:spec", "f:ephemeralContainers"], [(".", empty)] + keyed(entries(.ephemeral)))))
        }
        fields.append(
            managed(
                by: "kubelet", subresource: "status", at: ephemeralAt ?? createdAt,
                nested(["f:status"], [("f:containerStatuses", empty), ("f:phase", empty)])))
        return fields
    }

    private func managed(by manager: String, subresource: String?, at time: Timestamp, _ fields: JSONValue) -> JSONValue
    {
        var object = JSONObject([
            ("apiVersion", .string("v1")), ("fieldsType", .string("FieldsV1")), ("fieldsV1", fields),
            ("manager", .string(manager)), ("operation", .string("Update")),
        ])
        object["subresource"] = subresource.map(JSONValue.string)
        object["time"] = Self.time(time)
        return .object(object)
    }

    /// The API knows whole seconds only.
    static func time(_ time: Timestamp) -> JSONValue {
        .string(time.advanced(byNanoseconds: -(time.nanoseconds % 1_000_000_000)).description)
    }
}
