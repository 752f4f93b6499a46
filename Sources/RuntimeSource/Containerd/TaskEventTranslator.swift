// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import SessionRecords
import SessionTracking
import SwiftProtobuf

/// Translates one envelope of containerd's event bus. Pure; nothing in an envelope can make it trap.
enum TaskEventTranslator {
    enum Translation: Hashable, Sendable {
        case fact(Fact)
        /// A container's record was written: a good moment to read it, well before its task is created.
        case recordWritten(ContainerID)
        /// Our own event came back.
        case marker([UInt8])
        /// The end of an exec, which ends no container.
        case exec
        /// Nothing that Lastword needs.
        case irrelevant
        /// A topic that we know with a payload that we do not, or an id that cannot be one.
        case malformed
    }

    static let markerTopic = "/lastword/marker"
    static let markerType = "lastword.marker"

    /// Topics with a meaning here.
    static let topics = [
        "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete", "/tasks/oom", "/containers/create",
        "/containers/delete",
    ]

    /// One envelope's worth of filters: any of them lets an event through. A value beginning with `/` must be quoted for
    /// containerd's parser.
    static let filters = [
        #"namespace==k8s.io,topic~="^/tasks/""#,
        #"namespace==k8s.io,topic~="^/containers/""#,
        #"namespace==lastword,topic=="/lastword/marker""#,
    ]

    /// - Parameter received: stands in where the envelope has no time, or one that no clock can show.
    static func translate(_ envelope: Containerd_Services_Events_V1_Envelope, received: Timestamp) -> Translation {
        if envelope.namespace == ContainerdNamespace.lastword {
            return envelope.topic == markerTopic ? .marker(Array(envelope.event.value.prefix(64))) : .irrelevant
        }
        // The filter asked for this namespace alone; a runtime that ignores filters must not mislead us.
        guard envelope.namespace == ContainerdNamespace.kubernetes else { return .irrelevant }
        let at = (envelope.hasTimestamp ? timestamp(envelope.timestamp) : nil) ?? received
        do {
            return try translate(envelope.topic, envelope.event, at)
        } catch {
            return .malformed
        }
    }

    private static func translate(_ topic: String, _ event: Google_Protobuf_Any, _ at: Timestamp) throws -> Translation
    {
        switch topic {
        case "/tasks/create":
            let event = try Containerd_Events_TaskCreate(unpackingAny: event)
            return fact(event.containerID) { .taskCreated($0, pid: pid(event.pid), at: at) }
        case "/tasks/start":
            let event = try Containerd_Events_TaskStart(unpackingAny: event)
            return fact(event.containerID) { .taskStarted($0, pid: pid(event.pid), at: at) }
        case "/tasks/exit":
            let event = try Containerd_Events_TaskExit(unpackingAny: event)
            // Exec ids look like container ids: nothing but the comparison tells them apart.
            guard event.id == event.containerID else { return .exec }
            let exit = TaskExit(
                exitCode: Int(event.exitStatus), exitedAt: event.hasExitedAt ? timestamp(event.exitedAt) : nil, at: at)
            return fact(event.containerID) { .taskExited($0, exit) }
        case "/tasks/delete":
            let event = try Containerd_Events_TaskDelete(unpackingAny: event)
            guard event.id.isEmpty || event.id == event.containerID else { return .exec }
            return fact(event.containerID) { .taskDeleted($0, at: at) }
        case "/tasks/oom":
            let event = try Containerd_Events_TaskOOM(unpackingAny: event)
            return fact(event.containerID) { .outOfMemory($0, at: at, witness: .containerdEvent) }
        case "/containers/create":
            let event = try Containerd_Events_ContainerCreate(unpackingAny: event)
            return ContainerID(event.id).map(Translation.recordWritten) ?? .malformed
        case "/containers/delete":
            let event = try Containerd_Events_ContainerDelete(unpackingAny: event)
            return fact(event.id) { .containerRemoved($0, at: at) }
        default:
            return .irrelevant
        }
    }

    private static func fact(_ text: String, _ make: (ContainerID) -> Fact) -> Translation {
        ContainerID(text).map { .fact(make($0)) } ?? .malformed
    }

    private static func pid(_ value: UInt32) -> Int? {
        value == 0 ? nil : Int(value)
    }

    /// Nil for the epoch itself (an unset time) and for what 64 bits of nanoseconds cannot hold, such as Go's year 1.
    static func timestamp(_ time: Google_Protobuf_Timestamp) -> Timestamp? {
        guard time.seconds != 0 || time.nanos != 0 else { return nil }
        return Timestamp(seconds: time.seconds, nanos: Int64(time.nanos))
    }
}
