// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import FoundationEssentials
import SessionRecords
import SessionTracking
import SwiftProtobuf

/// Translates containerd's record of a container: labels, the CRI plugin's extension, the OCI specification. Pure; every
/// text in it is somebody else's, is bounded, and can make nothing trap.
struct ContainerRecordTranslator: Sendable {
    /// JSON beyond this is not decoded.
    static let jsonBytes = 1024 * 1024

    let version: RuntimeVersion?

    struct Translation: Sendable {
        let description: ContainerDescription
        /// Something in the record could not be understood; the rest stands.
        let isDamaged: Bool
    }

    /// Nil if the record's id cannot be one.
    func translate(_ record: Containerd_Services_Containers_V1_Container) -> Translation? {
        guard let id = ContainerID(record.id) else { return nil }
        let isSandbox = record.labels["io.cri-containerd.kind"] == "sandbox"
        var description = ContainerDescription(id: id, isSandbox: isSandbox, witness: .containerRecord)
        Self.readLabels(record.labels, into: &description)
        description.createdAt = record.hasCreatedAt ? TaskEventTranslator.timestamp(record.createdAt) : nil
        description.runtime = version.map { Bounds.name($0.name) }
        description.runtimeVersion = version.map { Bounds.name($0.version) }
        description.image = Self.text(record.image)
        if isSandbox { return Translation(description: description, isDamaged: false) }

        var isDamaged = false
        var metadata: CRIContainerMetadata?
        if let value = record.extensions[CRIContainerMetadata.extensionKey] {
            metadata = Self.decode(CRIContainerMetadata.Envelope.self, value)?.metadata
            isDamaged = metadata == nil
        }
        if let metadata { Self.read(metadata, into: &description) }
        // The specification is three quarters of a record: it is read only for what the extension does not say.
        if metadata?.config == nil, record.hasSpec, !record.spec.value.isEmpty {
            if let specification = Self.decode(OCISpecification.self, record.spec) {
                OCISpecificationReader.fill(&description, from: specification)
            } else {
                isDamaged = true
            }
        }
        return Translation(description: description, isDamaged: isDamaged)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ value: Google_Protobuf_Any) -> Value? {
        guard value.value.count <= jsonBytes else { return nil }
        // What is wrong with foreign JSON is nobody's news; that it is wrong is counted by the caller.
        do { return try JSONDecoder().decode(type, from: value.value) } catch { return nil }
    }

    /// The four labels of the kubelet. Others may come from the image's author.
    static func readLabels(_ labels: [String: String], into description: inout ContainerDescription) {
        description.namespace = labels["io.kubernetes.pod.namespace"].flatMap(text)
        description.pod = labels["io.kubernetes.pod.name"].flatMap(text)
        description.podUID = labels["io.kubernetes.pod.uid"].flatMap(PodUID.init)
        description.container = labels["io.kubernetes.container.name"].flatMap(text)
    }

    private static func read(_ metadata: CRIContainerMetadata, into description: inout ContainerDescription) {
        description.sandboxID = metadata.sandboxID.flatMap { ContainerID($0)?.rawValue }
        description.logPath = metadata.logPath.flatMap(path)
        description.image =
            [metadata.config?.image?.userSpecified, metadata.imageName].lazy.compactMap { $0.flatMap(text) }.first
            ?? description.image ?? metadata.config?.image?.image.flatMap(text)
        description.imageDigest =
            [metadata.imageDigest, metadata.imageRef].lazy.compactMap { $0.flatMap(text) }.first
        guard let config = metadata.config else { return }
        description.attempt = Int(config.metadata?.attempt ?? 0)
        description.command = config.command.map(Bounds.command)
        description.args = config.args.map(Bounds.command)
        description.envNames = names(config.envs?.lazy.compactMap(\.key) ?? [])
        description.tty = config.tty ?? false
        description.stdin = config.stdin ?? false
        description.mounts = config.mounts?.prefix(Bounds.mounts).compactMap { mount in
            mount.containerPath.map {
                MountPoint(destination: $0, source: mount.hostPath, readOnly: mount.readOnly ?? false)
            }
        }.sorted()
        read(config.linux?.security, into: &description)
    }

    private static func read(_ security: CRIContainerMetadata.Security?, into description: inout ContainerDescription) {
        guard let security else { return }
        var context = SecurityContext()
        context.privileged = security.privileged ?? false
        context.runAsUser = security.runAsUser.map { $0.value ?? 0 }
        context.readOnlyRootFilesystem = security.readOnlyRootFilesystem ?? false
        // CRI knows no more than that the kubelet was told to forbid it.
        context.allowPrivilegeEscalation = security.noNewPrivileges == true ? false : nil
        context.capabilitiesAdded = capabilities(security.capabilities?.added)
        context.capabilitiesDropped = capabilities(security.capabilities?.dropped)
        context.seccompProfile = security.seccomp.flatMap { profile in
            switch profile.type ?? 0 {
            case 0: "RuntimeDefault"
            case 1: "Unconfined"
            case 2: "Localhost"
            default: nil
            }
        }
        description.securityContext = context
        guard let namespaces = security.namespaces else { return }
        description.joinsTarget = namespaces.pid == CRIContainerMetadata.Namespaces.target
        if description.joinsTarget {
            description.targetContainerID = namespaces.targetID.flatMap { ContainerID($0)?.rawValue }
        }
        description.hostNamespaces = [
            ("ipc", namespaces.ipc), ("network", namespaces.network), ("pid", namespaces.pid),
        ].compactMap { name, mode in mode == CRIContainerMetadata.Namespaces.node ? name : nil }
    }

    // MARK: Bounds

    /// Nil for an empty text: in protobuf that is what absence looks like.
    static func text(_ text: String) -> String? {
        text.isEmpty ? nil : Bounds.name(text)
    }

    /// Nil unless it is absolute and whole: half a path is another path.
    static func path(_ path: String) -> String? {
        path.hasPrefix("/") && path.utf8.count <= Bounds.pathBytes && !path.utf8.contains(0) ? path : nil
    }

    static func names(_ names: some Sequence<String>) -> [String] {
        names.prefix(Bounds.arguments).map(Bounds.name)
    }

    static func capabilities(_ names: [String]?) -> [String] {
        (names ?? []).prefix(Bounds.arguments).map { name in
            Bounds.name(name.hasPrefix("CAP_") ? String(name.dropFirst(4)) : name)
        }.sorted()
    }
}
