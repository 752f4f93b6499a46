// SPDX-License-Identifier: Apache-2.0
import SessionRecords

extension PodManifest {
    var spec: JSONObject {
        var object = JSONObject([("containers", .array(entries(.regular).map(container)))])
        object["dnsPolicy"] = .string("ClusterFirst")
        let ephemeral = entries(.ephemeral)
        if !ephemeral.isEmpty { object["ephemeralContainers"] = .array(ephemeral.map(container)) }
        if pod.hostIPC { object["hostIPC"] = .bool(true) }
        if pod.hostNetwork { object["hostNetwork"] = .bool(true) }
        if pod.hostPID { object["hostPID"] = .bool(true) }
        let initialization = entries(.initialization)
        if !initialization.isEmpty { object["initContainers"] = .array(initialization.map(container)) }
        object["nodeName"] = .string(pod.nodeName)
        object["priority"] = .integer(0)
        object["restartPolicy"] = .string(pod.restartPolicy)
        object["schedulerName"] = .string("default-scheduler")
        object["securityContext"] = .object(JSONObject())
        object["serviceAccountName"] = .string("default")
        if pod.shareProcessNamespace { object["shareProcessNamespace"] = .bool(true) }
        object["terminationGracePeriodSeconds"] = .integer(pod.gracePeriod)
        if !volumes.isEmpty { object["volumes"] = .array(volumes) }
        return object
    }

    /// Host paths that any container mounts, each once.
    private var volumes: [JSONValue] {
        Set(entries.flatMap(\.specification.mounts.keys)).sorted().map { path in
            .object(
                JSONObject([
                    ("name", .string(Self.volumeName(path))),
                    ("hostPath", .object(JSONObject([("path", .string(path)), ("type", .string(""))]))),
                ]))
        }
    }

    /// `kubectl debug node/…` calls the one for `/` so.
    private static func volumeName(_ path: String) -> String {
        path == "/" ? "host-root" : "host" + path.split(separator: "/").map { "-" + $0 }.joined()
    }

    private func container(_ entry: Entry) -> JSONValue {
        let specification = entry.specification
        var object = JSONObject()
        if !specification.arguments.isEmpty { object["args"] = .strings(specification.arguments) }
        if !specification.command.isEmpty { object["command"] = .strings(specification.command) }
        if !specification.environment.isEmpty {
            object["env"] = .array(
                specification.environment.sorted { $0.key < $1.key }.map { variable in
                    .object(JSONObject([("name", .string(variable.key)), ("value", .string(variable.value))]))
                })
        }
        object["image"] = .string(specification.image)
        object["imagePullPolicy"] = .string("IfNotPresent")
        object["name"] = .string(specification.name)
        var resources = JSONObject()
        if let limit = specification.memoryLimit { resources["limits"] = .strings(["memory": String(limit)]) }
        object["resources"] = .object(resources)
        object["securityContext"] = securityContext(specification)
        if specification.stdin { object["stdin"] = .bool(true) }
        if entry.kind == .ephemeral { object["targetContainerName"] = specification.target.map(JSONValue.string) }
        object["terminationMessagePath"] = .string("/dev/termination-log")
        object["terminationMessagePolicy"] = .string(specification.terminationMessagePolicy)
        if specification.tty { object["tty"] = .bool(true) }
        if !specification.mounts.isEmpty {
            object["volumeMounts"] = .array(
                specification.mounts.sorted { $0.key < $1.key }.map { mount in
                    .object(
                        JSONObject([
                            ("mountPath", .string(mount.value)), ("name", .string(Self.volumeName(mount.key))),
                        ]))
                })
        }
        return .object(object)
    }

    /// Nil where the spec says nothing of the kind.
    private func securityContext(_ specification: ContainerSpecification) -> JSONValue? {
        var capabilities = JSONObject()
        if !specification.addedCapabilities.isEmpty {
            capabilities["add"] = .strings(specification.addedCapabilities)
        }
        if !specification.droppedCapabilities.isEmpty {
            capabilities["drop"] = .strings(specification.droppedCapabilities)
        }
        var object = JSONObject()
        if !capabilities.members.isEmpty { object["capabilities"] = .object(capabilities) }
        if specification.privileged { object["privileged"] = .bool(true) }
        return object.members.isEmpty ? nil : .object(object)
    }
}
