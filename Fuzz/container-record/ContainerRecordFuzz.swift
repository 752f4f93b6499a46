// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import FoundationEssentials
import SessionRecords
import SessionTracking
import SwiftProtobuf

@testable import RuntimeSource

/// The CRI plugin's extension and the OCI specification, each of anybody's making, are translated within bounds.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let json = Google_Protobuf_Any.with { $0.value = Data(UnsafeBufferPointer(start: data, count: size)) }
    var record = Containerd_Services_Containers_V1_Container()
    record.id = String(repeating: "0", count: 64)
    record.labels["io.cri-containerd.kind"] = "container"
    var extended = record
    extended.extensions[CRIContainerMetadata.extensionKey] = json
    check(extended)
    record.spec = json
    check(record)
    return 0
}

private func check(_ record: Containerd_Services_Containers_V1_Container) {
    let translator = ContainerRecordTranslator(version: nil)
    guard let translation = translator.translate(record) else { preconditionFailure("a good id is refused") }
    let description = translation.description
    precondition(translator.translate(record)?.description == description, "translated twice, differently")
    let names = [description.pod, description.container, description.namespace, description.image].compactMap { $0 }
    precondition(names.allSatisfy { $0.utf8.count <= Bounds.nameBytes }, "a name without bound")
    precondition(description.envNames?.count ?? 0 <= Bounds.arguments, "names of variables without bound")
    precondition(description.mounts?.count ?? 0 <= Bounds.mounts, "mounts without bound")
    for path in [description.logPath].compactMap({ $0 }) {
        precondition(path.hasPrefix("/") && path.utf8.count <= Bounds.pathBytes, "a path that is none")
    }
    if let command = description.command {
        precondition(command.count <= Bounds.arguments, "a command without bound")
    }
}
