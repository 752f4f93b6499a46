// SPDX-License-Identifier: Apache-2.0

/// A container of a pod: regular, initialization or ephemeral.
package struct ContainerSpecification: Hashable, Sendable {
    package var name: String
    package var image: String
    package var command: [String]
    package var arguments: [String] = []
    package var environment: [String: String] = [:]
    package var tty = false
    package var stdin = false
    package var addedCapabilities: [String] = []
    package var droppedCapabilities: [String] = []
    /// Needs a pod that is `privileged` too.
    package var privileged = false
    /// Bytes.
    package var memoryLimit: Int64?
    /// Host path to path in the container.
    package var mounts: [String: String] = [:]
    /// Mounts of which more is to be said.
    package var hostMounts: [HostMount] = []
    /// Nil: root in a writable image, with all that the runtime gives by default.
    package var security: ContainerSecurity?
    /// `targetContainerName`, for an ephemeral container: it joins that one's PID namespace.
    package var target: String?
    package var terminationMessagePolicy = "File"

    package init(name: String, image: String = ImageBuilder.busybox, command: [String]) {
        self.name = name
        self.image = image
        self.command = command
    }

    /// The pod's own container, which waits until it is told to end.
    package static func waiting(name: String = "nginx") -> ContainerSpecification {
        ContainerSpecification(name: name, image: ImageBuilder.nginx, command: [])
    }

    /// A debug container as `kubectl debug` with the profile `general` makes it.
    ///
    /// - Parameter shell: what `sh -c` runs.
    package static func debugger(
        name: String = "debugger-\(ContainerSpecification.randomSuffix())", shell: String, target: String? = nil
    ) -> ContainerSpecification {
        var specification = ContainerSpecification(name: name, command: ["sh", "-c", shell])
        specification.addedCapabilities = ["SYS_PTRACE"]
        specification.target = target
        return specification
    }

    /// Five letters as the API server's name generator draws them.
    package static func randomSuffix() -> String {
        String((0..<5).compactMap { _ in "bcdfghjklmnpqrstvwxz2456789".randomElement() })
    }
}
