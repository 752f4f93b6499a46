// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import Foundation
import SessionRecords
import SessionTracking
import SwiftProtobuf
import TestSupport
import Testing

@testable import RuntimeSource

@Suite("Translation of container records")
struct ContainerRecordTranslatorTests {
    private let translator = ContainerRecordTranslator(
        version: RuntimeVersion(name: "containerd", version: "v2.4.0", apiVersion: "v1"))

    private func describe(_ record: Containerd_Services_Containers_V1_Container) throws -> ContainerDescription {
        try #require(translator.translate(record)).description
    }

    private func record(metadata json: String) throws -> Containerd_Services_Containers_V1_Container {
        var record = try RecordedStreams.record("ctr-info-notty.json")
        record.extensions[CRIContainerMetadata.extensionKey]?.value = Data(json.utf8)
        return record
    }

    @Test("a recorded debug container with --target is described in full")
    func target() throws {
        let translation = try #require(translator.translate(RecordedStreams.record("ctr-info-notty.json")))
        #expect(!translation.isDamaged)
        let description = translation.description
        #expect(description.id.rawValue.hasPrefix("38ca0e00"))
        #expect(!description.isSandbox)
        #expect(description.witness == .containerRecord)
        #expect(description.namespace == "default")
        #expect(description.pod == "debug-target")
        #expect(description.podUID?.rawValue == "f17d02b7-e656-47a7-99a0-09b68d082924")
        #expect(description.container == "debugger-wbcnr")
        #expect(description.sandboxID == "a99e32b79fa78aad3071e45013027875933b393d6a451e2805286550a2ae1ee6")
        #expect(description.attempt == 0)
        #expect(description.image == "busybox:1.36")
        #expect(
            description.imageDigest == "sha256:f9bc30d0bbe73bfb36bb70d7a20db3d11d39d433c4bbcf71a415bea11e764f90")
        #expect(
            description.command == ["sh", "-c", "echo 'finding: connection pool exhausted'; sleep 10; exit 42"])
        #expect(description.args == nil)
        #expect(description.tty == false)
        #expect(description.stdin == false)
        #expect(description.joinsTarget)
        #expect(
            description.targetContainerID == "d170badb4fefd1ba747d45f440d280eb07f41309d2ea118f08921c0e6fa701fd")
        #expect(
            description.logPath
                == "/var/log/pods/default_debug-target_f17d02b7-e656-47a7-99a0-09b68d082924/debugger-wbcnr/0.log")
        #expect(description.createdAt == Timestamp(rfc3339: "2026-11-21T02:40:00.410568083Z"))
        #expect(description.hostNamespaces == [])
        #expect(description.mounts?.map(\.destination) == ["/dev/termination-log", "/etc/hosts"])
        #expect(description.runtime == "containerd")
        #expect(description.runtimeVersion == "v2.4.0")
        var context = SecurityContext()
        context.privileged = false
        context.runAsUser = 0
        context.readOnlyRootFilesystem = false
        context.capabilitiesAdded = ["SYS_PTRACE"]
        context.seccompProfile = "Unconfined"
        #expect(description.securityContext == context)
    }

    @Test("tty and stdin are read")
    func tty() throws {
        let description = try describe(RecordedStreams.record("ctr-info-tty.json"))
        #expect(description.tty == true)
        #expect(description.stdin == true)
    }

    @Test("of the environment only names are known, in the description and in what is decoded")
    func environment() throws {
        let description = try describe(RecordedStreams.record("ctr-info-notty.json"))
        #expect(description.envNames?.contains("KUBERNETES_SERVICE_HOST") == true)
        #expect(!"\(description)".contains("10.96.0.1"))
    }

    @Test("a sandbox is told as one, and nothing of it is decoded")
    func sandbox() throws {
        var record = try RecordedStreams.record("ctr-info-notty.json")
        record.labels["io.cri-containerd.kind"] = "sandbox"
        record.extensions[CRIContainerMetadata.extensionKey]?.value = Data("{".utf8)
        let translation = try #require(translator.translate(record))
        #expect(translation.description.isSandbox)
        #expect(!translation.isDamaged)
        #expect(translation.description.pod == "debug-target")
    }

    @Test("security context, host namespaces and image of an older runtime are read")
    func older() throws {
        let description = try describe(
            record(
                metadata: """
                    {"Version":"v1","Metadata":{"SandboxID":"abc","ImageRef":"sha256:0123",
                    "LogPath":"/var/log/pods/x/0.log","Config":{"metadata":{"name":"x","attempt":7},
                    "image":{"image":"sha256:0123"},"linux":{"security_context":{"privileged":true,
                    "capabilities":{"add_capabilities":["SYS_TIME","CAP_NET_ADMIN"],"drop_capabilities":["ALL"]},
                    "namespace_options":{"network":2,"pid":2,"ipc":2},"run_as_user":{"value":1000},
                    "readonly_rootfs":true,"no_new_privs":true,"seccomp":{}}}}}}
                    """))
        #expect(description.attempt == 7)
        #expect(description.image == "docker.io/library/busybox:1.36")
        #expect(description.imageDigest == "sha256:0123")
        #expect(description.hostNamespaces == ["ipc", "network", "pid"])
        #expect(!description.joinsTarget)
        let context = try #require(description.securityContext)
        #expect(context.privileged == true)
        #expect(context.runAsUser == 1000)
        #expect(context.readOnlyRootFilesystem == true)
        #expect(context.allowPrivilegeEscalation == false)
        #expect(context.capabilitiesAdded == ["NET_ADMIN", "SYS_TIME"])
        #expect(context.capabilitiesDropped == ["ALL"])
        #expect(context.seccompProfile == "RuntimeDefault")
    }

    @Test(
        "where the extension is missing, damaged or too large, labels and specification speak",
        arguments: [
            nil, "", "{", "[]", "null", #"{"Metadata":3}"#, String(repeating: "[", count: 100_000),
            #"{"Metadata":{"Config":""# + String(repeating: "x", count: 1_100_000) + #""}}"#,
        ])
    func fallback(json: String?) throws {
        var record = try RecordedStreams.record("ctr-info-notty.json")
        record.extensions[CRIContainerMetadata.extensionKey] =
            json.map { text in .with { $0.value = Data(text.utf8) } }
        let translation = try #require(translator.translate(record))
        #expect(translation.isDamaged == (json != nil))
        let description = translation.description
        #expect(description.container == "debugger-wbcnr")
        #expect(description.image == "docker.io/library/busybox:1.36")
        #expect(description.command?.first == "sh")
        #expect(description.sandboxID == "a99e32b79fa78aad3071e45013027875933b393d6a451e2805286550a2ae1ee6")
        #expect(description.tty == false || description.tty == nil)
        #expect(description.envNames?.contains("KUBERNETES_SERVICE_HOST") == true)
        #expect(!"\(description)".contains("10.96.0.1"))
        #expect(description.mounts?.contains { $0.destination == "/etc/hosts" } == true)
        #expect(description.logPath == nil)
    }

    @Test("one field of an unexpected type costs no other")
    func oddTypes() throws {
        let description = try describe(
            record(
                metadata: """
                    {"Metadata":{"SandboxID":7,"LogPath":"/a/0.log","ImageDigest":["x"],"ImageRef":"sha256:1",
                    "Config":{"metadata":{"attempt":-1},"command":"sh","args":["-c"],"envs":{"a":1},
                    "tty":"yes","stdin":true,"linux":{"security_context":{"privileged":1,"run_as_user":"root",
                    "namespace_options":{"pid":3,"target_id":"../../x"}}}}}}
                    """))
        #expect(description.sandboxID == nil)
        #expect(description.logPath == "/a/0.log")
        #expect(description.imageDigest == "sha256:1")
        #expect(description.attempt == 0)
        #expect(description.command == nil)
        #expect(description.args == ["-c"])
        #expect(description.tty == false)
        #expect(description.stdin == true)
        #expect(description.joinsTarget)
        #expect(description.targetContainerID == nil)
    }

    @Test("what is too long is clipped, and a log path is whole or absent")
    func bounds() throws {
        let long = String(repeating: "ä", count: 10_000)
        var record = try record(
            metadata: """
                {"Metadata":{"LogPath":"/\(long)","Config":{"image":{"user_specified_image":"\(long)"},
                "command":["\(long)\(long)"],"envs":[{"key":"\(long)"}],
                "mounts":[{"container_path":"/\(long)","host_path":"/\(long)"}]}}}
                """)
        record.labels["io.kubernetes.pod.name"] = long
        record.labels["io.kubernetes.pod.uid"] = long
        record.labels["io.kubernetes.container.name"] = long
        let description = try describe(record)
        #expect(description.logPath == nil)
        #expect(description.podUID == nil)
        for text in [description.pod, description.container, description.image, description.envNames?.first] {
            #expect(try #require(text).utf8.count <= Bounds.nameBytes)
        }
        #expect(try #require(description.command?.first).utf8.count <= Bounds.argumentBytes)
        #expect(try #require(description.mounts?.first).destination.utf8.count <= Bounds.pathBytes)
    }

    @Test("relative log paths and those with a NUL are not taken", arguments: ["0.log", "", "/a\\u0000b"])
    func logPaths(path: String) throws {
        #expect(try describe(record(metadata: #"{"Metadata":{"LogPath":"\#(path)"}}"#)).logPath == nil)
    }

    @Test("labels that an image's author can set say nothing of the pod")
    func foreignLabels() throws {
        var record = try RecordedStreams.record("ctr-info-notty.json")
        record.labels = ["io.cri-containerd.kind": "container", "pod": "x", "io.kubernetes.pod": "y"]
        record.extensions = [:]
        record.clearSpec()
        let description = try describe(record)
        #expect(description.pod == nil)
        #expect(description.namespace == nil)
        #expect(description.container == nil)
    }

    @Test("a record whose id is none gives no description")
    func hostileID() throws {
        var record = try RecordedStreams.record("ctr-info-notty.json")
        record.id = "../x"
        #expect(translator.translate(record) == nil)
    }

    @Test("no mutation of a recorded extension makes the translator trap")
    func mutations() throws {
        var generator = SeededGenerator(seed: 7)
        let record = try RecordedStreams.record("ctr-info-tty.json")
        let bytes = Array(record.extensions[CRIContainerMetadata.extensionKey]?.value ?? Data())
        var whole = 0
        for _ in 0..<400 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                mutated[Int.random(in: 0..<mutated.count, using: &generator)] =
                    .random(in: .min ... .max, using: &generator)
            }
            var changed = record
            changed.extensions[CRIContainerMetadata.extensionKey]?.value = Data(mutated)
            if try #require(translator.translate(changed)).isDamaged == false { whole += 1 }
        }
        #expect(whole > 0)
    }
}
