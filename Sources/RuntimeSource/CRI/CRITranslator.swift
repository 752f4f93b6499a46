// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import FoundationEssentials
import SessionRecords
import SessionTracking

/// Translates CRI's answers. Pure; bounded as `ContainerRecordTranslator`.
enum CRITranslator {
    static func state(_ state: Runtime_V1_ContainerState) -> RuntimeStatus.State {
        switch state {
        case .containerCreated: .created
        case .containerRunning: .running
        case .containerExited: .exited
        case .containerUnknown, .UNRECOGNIZED: .unknown
        }
    }

    /// Nil if the id cannot be one.
    static func status(_ status: Runtime_V1_ContainerStatus) -> RuntimeStatus? {
        guard let id = ContainerID(status.id) else { return nil }
        var result = RuntimeStatus(id: id, state: state(status.state))
        result.createdAt = time(status.createdAt)
        result.startedAt = time(status.startedAt)
        result.finishedAt = time(status.finishedAt)
        // CRI-O says -1 where it does not know.
        result.exitCode = result.state == .exited && status.exitCode >= 0 ? Int(status.exitCode) : nil
        result.reason = ContainerRecordTranslator.text(status.reason)
        result.message = status.message.isEmpty ? nil : Bounds.clip(status.message, to: Bounds.messageBytes)
        result.imageRef = ContainerRecordTranslator.text(status.imageRef)
        result.logPath = ContainerRecordTranslator.path(status.logPath)
        return result
    }

    /// What CRI alone says of a container's set-up. Nil if the id cannot be one.
    static func description(
        _ response: Runtime_V1_ContainerStatusResponse, version: RuntimeVersion?
    ) -> ContainerDescription? {
        let status = response.status
        guard let id = ContainerID(status.id) else { return nil }
        var result = ContainerDescription(id: id, isSandbox: false, witness: .criStatus)
        ContainerRecordTranslator.readLabels(status.labels, into: &result)
        result.container = result.container ?? ContainerRecordTranslator.text(status.metadata.name)
        result.attempt = Int(status.metadata.attempt)
        result.image =
            ContainerRecordTranslator.text(status.image.userSpecifiedImage)
            ?? ContainerRecordTranslator.text(status.image.image)
        result.imageDigest = ContainerRecordTranslator.text(status.imageRef)
        result.mounts = status.mounts.prefix(Bounds.mounts).map {
            MountPoint(destination: $0.containerPath, source: $0.hostPath, readOnly: $0.readonly)
        }.sorted()
        result.logPath = ContainerRecordTranslator.path(status.logPath)
        result.createdAt = time(status.createdAt)
        result.runtime = version.map { Bounds.name($0.name) }
        result.runtimeVersion = version.map { Bounds.name($0.version) }
        if let info = response.info["info"], info.utf8.count <= ContainerRecordTranslator.jsonBytes {
            // Verbose information is the runtime's own affair and may be anything: the rest stands without it.
            if let details = (try? JSONDecoder().decode(VerboseInformation.self, from: Data(info.utf8))) {
                result.sandboxID = details.sandboxID.flatMap { ContainerID($0)?.rawValue }
                if let specification = details.specification {
                    OCISpecificationReader.fill(&result, from: specification)
                }
                if let isPrivileged = details.isPrivileged {
                    var context = result.securityContext ?? SecurityContext()
                    context.privileged = isPrivileged
                    result.securityContext = context
                }
            }
        }
        return result
    }

    /// Nil for 0, which is how CRI says that it did not happen, and for anything before 1970.
    private static func time(_ nanoseconds: Int64) -> Timestamp? {
        nanoseconds > 0 ? Timestamp(nanoseconds: nanoseconds) : nil
    }

    /// The JSON of `info["info"]`, in the keys that containerd and CRI-O share.
    private struct VerboseInformation: Decodable {
        var sandboxID: String?
        var isPrivileged: Bool?
        var specification: OCISpecification?

        private enum CodingKeys: String, CodingKey {
            case sandboxID
            case isPrivileged = "privileged"
            case specification = "runtimeSpec"
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            sandboxID = values.lenient(.sandboxID)
            isPrivileged = values.lenient(.isPrivileged)
            specification = values.lenient(.specification)
        }
    }
}
