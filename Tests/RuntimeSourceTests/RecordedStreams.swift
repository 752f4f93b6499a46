// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import Foundation
import SessionRecords
import SwiftProtobuf

/// What `ctr events` and `ctr containers info` printed on a real node, turned back into what was on the wire.
enum RecordedStreams {
    struct Failure: Error {
        let text: String
    }

    static func fixture(_ path: String) throws -> Data {
        guard let root = Bundle.module.resourceURL else { throw Failure(text: "no resources") }
        return try Data(contentsOf: root.appendingPathComponent("Fixtures").appendingPathComponent(path))
    }

    static func streamNames() throws -> [String] {
        guard let root = Bundle.module.resourceURL else { throw Failure(text: "no resources") }
        return try FileManager.default.contentsOfDirectory(
            atPath: root.appendingPathComponent("Fixtures/streams").path
        ).sorted()
    }

    static func envelopes(_ name: String) throws -> [Containerd_Services_Events_V1_Envelope] {
        try String(decoding: fixture("streams/\(name)"), as: UTF8.self).split(separator: "\n").map(envelope)
    }

    private static func envelope(_ line: Substring) throws -> Containerd_Services_Events_V1_Envelope {
        // 2026-11-21 02:40:00.409656006 +0000 UTC k8s.io /tasks/start {…}
        let words = line.split(separator: " ", maxSplits: 6)
        guard words.count == 7, let time = Timestamp(rfc3339: "\(words[0])T\(words[1])Z"),
            let json = try JSONSerialization.jsonObject(with: Data(words[6].utf8)) as? [String: Any]
        else { throw Failure(text: "cannot read \(line.prefix(120))") }
        var envelope = Containerd_Services_Events_V1_Envelope()
        envelope.timestamp = protobuf(time)
        envelope.namespace = String(words[4])
        envelope.topic = String(words[5])
        envelope.event = try payload(envelope.topic, json)
        return envelope
    }

    static func protobuf(_ time: Timestamp) -> Google_Protobuf_Timestamp {
        .with {
            $0.seconds = time.nanoseconds / 1_000_000_000
            $0.nanos = Int32(time.nanoseconds % 1_000_000_000)
        }
    }

    private static func payload(_ topic: String, _ json: [String: Any]) throws -> Google_Protobuf_Any {
        let container = json["container_id"] as? String ?? ""
        let pid = UInt32(json["pid"] as? Int ?? 0)
        let status = UInt32(json["exit_status"] as? Int ?? 0)
        let id = json["id"] as? String ?? ""
        let exited = (json["exited_at"] as? [String: Int]).map { time in
            Google_Protobuf_Timestamp.with {
                $0.seconds = Int64(time["seconds"] ?? 0)
                $0.nanos = Int32(time["nanos"] ?? 0)
            }
        }
        switch topic {
        case "/tasks/create":
            return try pack(
                Containerd_Events_TaskCreate.with {
                    $0.containerID = container; $0.pid = pid
                })
        case "/tasks/start":
            return try pack(
                Containerd_Events_TaskStart.with {
                    $0.containerID = container; $0.pid = pid
                })
        case "/tasks/exit":
            return try pack(
                Containerd_Events_TaskExit.with {
                    $0.containerID = container
                    $0.id = id
                    $0.pid = pid
                    $0.exitStatus = status
                    if let exited { $0.exitedAt = exited }
                })
        case "/tasks/delete":
            return try pack(
                Containerd_Events_TaskDelete.with {
                    $0.containerID = container
                    $0.id = id
                    $0.pid = pid
                    $0.exitStatus = status
                    if let exited { $0.exitedAt = exited }
                })
        case "/containers/create": return try pack(Containerd_Events_ContainerCreate.with { $0.id = id })
        case "/containers/delete": return try pack(Containerd_Events_ContainerDelete.with { $0.id = id })
        default: return Google_Protobuf_Any.with { $0.typeURL = "containerd.events.Other" }
        }
    }

    /// As containerd packs it: the message's bare name as type.
    static func pack(_ message: some Message) throws -> Google_Protobuf_Any {
        let bytes: Data = try message.serializedBytes()
        return .with {
            $0.typeURL = type(of: message).protoMessageName
            $0.value = bytes
        }
    }

    /// A record as `ctr containers info` printed it.
    static func record(_ name: String) throws -> Containerd_Services_Containers_V1_Container {
        guard let json = try JSONSerialization.jsonObject(with: fixture(name)) as? [String: Any],
            let extensions = json["Extensions"] as? [String: [String: String]]
        else { throw Failure(text: "not a container: \(name)") }
        var record = Containerd_Services_Containers_V1_Container()
        record.id = json["ID"] as? String ?? ""
        record.labels = json["Labels"] as? [String: String] ?? [:]
        record.image = json["Image"] as? String ?? ""
        record.runtime.name = "io.containerd.runc.v2"
        if let time = Timestamp(rfc3339: json["CreatedAt"] as? String ?? "") { record.createdAt = protobuf(time) }
        for (key, value) in extensions {
            record.extensions[key] = .with {
                $0.typeURL = value["type_url"] ?? ""
                $0.value = Data(base64Encoded: value["value"] ?? "") ?? Data()
            }
        }
        record.spec.typeURL = "types.containerd.io/opencontainers/runtime-spec/1/Spec"
        record.spec.value = try JSONSerialization.data(withJSONObject: json["Spec"] ?? [:])
        return record
    }

    /// The recorded container under another id: as large as a real one.
    static func record(
        _ id: ContainerID, like template: Containerd_Services_Containers_V1_Container, isSandbox: Bool = false
    ) -> Containerd_Services_Containers_V1_Container {
        var record = template
        record.id = id.rawValue
        if isSandbox { record.labels["io.cri-containerd.kind"] = "sandbox" }
        return record
    }

    /// Ids that look like real ones, all different.
    static func ids(_ count: Int, seed: Int = 0) -> [ContainerID] {
        (0..<count).compactMap { ContainerID(Digest(of: Array("\(seed)/\($0)".utf8)).description) }
    }
}
