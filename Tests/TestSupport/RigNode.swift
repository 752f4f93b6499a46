// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A whole node in small: a private containerd with images, and a kubelet stand-in on it.
package struct RigNode: Sendable {
    package let containerd: ContainerdInstance
    package let kubelet: KubeletStandIn
    package let images: [BuiltImage]

    package var paths: NodePaths { containerd.paths }

    /// Starts containerd and imports the images; about two seconds.
    ///
    /// - Parameter directory: where layers and logs go; nil for a directory of its own under `/tmp`. See
    ///   `ContainerdInstance.init`.
    package static func start(directory: String? = nil) async throws -> RigNode {
        let builder = try await ImageBuilder()
        let containerd = try ContainerdInstance(directory: directory)
        do {
            try await containerd.start()
            try await containerd.importImages(builder.archive)
        } catch {
            try await containerd.teardown()
            throw error
        }
        return RigNode(
            containerd: containerd,
            kubelet: KubeletStandIn(
                paths: containerd.paths, connection: containerd.connection, images: builder.images),
            images: builder.images)
    }

    /// Ends everything; see `ContainerdInstance.teardown`.
    package func teardown() async throws {
        try await containerd.teardown()
    }

    /// Writes what a shell needs to know about the node, whole or not at all: its presence says that the node is ready.
    package func writeEnvironment(to path: String) throws {
        let lines = [
            ("SOCKET", paths.socket), ("LOG_ROOT", paths.log), ("RUNTIME_DIRECTORY", paths.runtime),
            ("PID", String(getpid())),
        ]
        try Files.write(lines.map { "\($0.0)=\(Shell.quoted($0.1))\n" }.joined(), to: path + ".tmp")
        try Files.rename(path + ".tmp", to: path)
    }

    package func leftovers() -> [String] { containerd.leftovers() }
}

/// The one node that the tests of a process share; started when the first asks for it, ended when the process exits.
///
/// A test that stops, kills or pauses containerd starts a node of its own instead.
package enum SharedNode {
    private static let starting = Task { try await RigNode.start() }

    /// - Throws: what the start threw, for everyone who asks.
    package static var node: RigNode {
        get async throws { try await starting.value }
    }
}
