// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// Fills what a description does not say yet from the OCI specification: the fallback where the CRI plugin's extension is
/// missing or damaged, and CRI-O's only account of a container's set-up.
enum OCISpecificationReader {
    static func fill(_ description: inout ContainerDescription, from specification: OCISpecification) {
        let annotations = specification.annotations ?? [:]
        func annotation(_ key: String) -> String? {
            annotations[key].flatMap(ContainerRecordTranslator.text)
        }
        description.namespace = description.namespace ?? annotation("io.kubernetes.cri.sandbox-namespace")
        description.pod = description.pod ?? annotation("io.kubernetes.cri.sandbox-name")
        description.podUID = description.podUID ?? annotations["io.kubernetes.cri.sandbox-uid"].flatMap(PodUID.init)
        description.container = description.container ?? annotation("io.kubernetes.cri.container-name")
        description.image = description.image ?? annotation("io.kubernetes.cri.image-name")
        description.sandboxID =
            description.sandboxID
            ?? annotations["io.kubernetes.cri.sandbox-id"].flatMap { ContainerID($0)?.rawValue }
        if let process = specification.process {
            description.command = description.command ?? process.args.map(Bounds.command)
            description.envNames =
                description.envNames
                ?? process.environment.map { variables in
                    ContainerRecordTranslator.names(
                        variables.lazy.map { String($0.prefix { character in character != "=" }) })
                }
            description.tty = description.tty ?? process.terminal
        }
        if description.securityContext == nil, specification.process != nil {
            var context = SecurityContext()
            context.runAsUser = specification.process?.user?.uid
            context.readOnlyRootFilesystem = specification.root?.readonly
            context.allowPrivilegeEscalation = specification.process?.noNewPrivileges.map { !$0 }
            description.securityContext = context
        }
        description.mounts =
            description.mounts
            ?? specification.mounts?.filter { $0.type == "bind" }.prefix(Bounds.mounts).compactMap { mount in
                mount.destination.map {
                    MountPoint(
                        destination: $0, source: mount.source, readOnly: mount.options?.contains("ro") ?? false)
                }
            }.sorted()
        if description.hostNamespaces == nil, let namespaces = specification.linux?.namespaces {
            // A namespace that the specification does not list is the host's.
            let own = Set(namespaces.compactMap(\.type))
            description.hostNamespaces = ["ipc", "network", "pid"].filter { !own.contains($0) }
        }
    }
}
