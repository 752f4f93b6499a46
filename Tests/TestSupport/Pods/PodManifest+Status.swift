// SPDX-License-Identifier: Apache-2.0
import SessionRecords

extension PodManifest {
    var status: JSONObject {
        var object = JSONObject([("conditions", .array(conditions))])
        object["containerStatuses"] = .array(entries(.regular).map(containerStatus))
        let ephemeral = entries(.ephemeral)
        if !ephemeral.isEmpty {
            // By name, not by time, as the API server keeps them.
            object["ephemeralContainerStatuses"] = .array(
                ephemeral.sorted { $0.specification.name < $1.specification.name }.map(containerStatus))
        }
        object["hostIP"] = .string("192.0.2.2")
        object["phase"] = .string(phase)
        object["podIP"] = .string("192.0.2.2")
        object["qosClass"] = .string("BestEffort")
        object["reason"] = reason.map(JSONValue.string)
        object["startTime"] = Self.time(createdAt)
        return object
    }

    private var conditions: [JSONValue] {
        let ready = phase == "Running"
        let states = [
            ("PodReadyToStartContainers", ready), ("Initialized", true), ("Ready", ready), ("ContainersReady", ready),
            ("PodScheduled", true),
        ]
        return states.map { type, holds in
            .object(
                JSONObject([
                    ("lastProbeTime", .null), ("lastTransitionTime", Self.time(createdAt)),
                    ("status", .string(holds ? "True" : "False")), ("type", .string(type)),
                ]))
        }
    }

    private func containerStatus(_ entry: Entry) -> JSONValue {
        var object = JSONObject()
        object["containerID"] = entry.containerID.map { .string("containerd://\($0)") }
        object["image"] = .string(entry.specification.image)
        object["imageID"] = .string(entry.imageID)
        object["lastState"] = .object(
            JSONObject(entry.lastTermination.map { [("terminated", termination($0))] } ?? []))
        object["name"] = .string(entry.specification.name)
        var isRunning = false
        if case .running = entry.state { isRunning = true }
        // Ephemeral containers are never ready and have no `started`.
        object["ready"] = .bool(isRunning && entry.kind == .regular)
        object["resources"] = .object(JSONObject())
        object["restartCount"] = .integer(Int64(entry.restartCount))
        if entry.kind == .regular { object["started"] = .bool(isRunning) }
        object["state"] = .object(JSONObject([state(entry.state)]))
        return .object(object)
    }

    private func state(_ state: State) -> (String, JSONValue) {
        switch state {
        case .waiting(let reason, let message):
            var object = JSONObject()
            if !message.isEmpty { object["message"] = .string(message) }
            object["reason"] = .string(reason)
            return ("waiting", .object(object))
        case .running(let startedAt):
            var object = JSONObject()
            object["startedAt"] = startedAt.map(Self.time)
            return ("running", .object(object))
        case .terminated(let ended):
            return ("terminated", termination(ended))
        }
    }

    private func termination(_ ended: Termination) -> JSONValue {
        var object = JSONObject()
        object["containerID"] = ended.containerID.map { .string("containerd://\($0)") }
        object["exitCode"] = .integer(Int64(ended.exitCode))
        // A time that nobody knows is the zero time, year 1, in what the kubelet makes up.
        object["finishedAt"] = ended.finishedAt.map(Self.time) ?? .null
        if !ended.message.isEmpty { object["message"] = .string(ended.message) }
        object["reason"] = .string(ended.reason)
        object["startedAt"] = ended.startedAt.map(Self.time) ?? .null
        return .object(object)
    }
}
