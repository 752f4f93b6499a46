// SPDX-License-Identifier: Apache-2.0
import SessionRecords

struct WirePodStatus: Decodable {
    struct Condition: Decodable {
        var type: String
        var status: String
    }

    var phase: String?
    var reason: String?
    var conditions: [Condition]
    var containerStatuses: [WireContainerStatus]
    var initContainerStatuses: [WireContainerStatus]
    var ephemeralContainerStatuses: [WireContainerStatus]

    private enum CodingKeys: String, CodingKey {
        case phase, reason, conditions, containerStatuses, initContainerStatuses, ephemeralContainerStatuses
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        phase = values.lenient(.phase)
        reason = values.lenient(.reason)
        conditions = values.lenientList(.conditions, limit: 64)
        containerStatuses = values.lenientList(.containerStatuses, limit: 1024)
        initContainerStatuses = values.lenientList(.initContainerStatuses, limit: 1024)
        ephemeralContainerStatuses = values.lenientList(.ephemeralContainerStatuses, limit: 4096)
    }
}

/// `ContainerStatus`: the same type in all three lists, ephemeral containers included.
struct WireContainerStatus: Decodable {
    var name: String
    var containerID: String?
    var imageID: String?
    var restartCount: Int
    var state: WireContainerState?
    var lastState: WireContainerState?

    private enum CodingKeys: String, CodingKey {
        case name, containerID, imageID, restartCount, state, lastState
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        containerID = values.lenient(.containerID)
        imageID = values.lenient(.imageID)
        restartCount = values.lenient(.restartCount) ?? 0
        state = values.lenient(.state)
        lastState = values.lenient(.lastState)
    }
}

struct WireContainerState: Decodable {
    struct Waiting: Decodable {
        var reason: String?
        var message: String?
    }

    struct Running: Decodable {
        var startedAt: String?
    }

    struct Terminated: Decodable {
        var exitCode: Int
        var reason: String?
        var message: String?
        var startedAt: String?
        var finishedAt: String?
        var containerID: String?
    }

    var waiting: Waiting?
    var running: Running?
    var terminated: Terminated?

    private enum CodingKeys: String, CodingKey {
        case waiting, running, terminated
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        waiting = values.lenient(.waiting)
        running = values.lenient(.running)
        terminated = values.lenient(.terminated)
    }
}
