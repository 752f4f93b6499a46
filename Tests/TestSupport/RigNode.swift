// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A whole node in small: a private containerd with images, and a kubelet stand-in on it.
package struct RigNode: Sendable {
    package let containerd: ContainerdInstance
    package let kubelet: KubeletStandIn
    package let images: [BuiltImage]
    /// Where containerd's own lines are, if it was asked for.
    package let journal: PrivateJournal?

    package var paths: NodePaths { containerd.paths }

    /// Starts containerd and imports the images; about two seconds.
    ///
    /// - Parameters:
    ///   - directory: where layers and logs go; nil for a directory of its own under `/tmp`. See
    ///     `ContainerdInstance.init`.
    ///   - withJournal: with a journald of its own, into which containerd logs as `containerd.service`.
    ///   - hasNodeNames: with the names of a node's directories, as the runtime and its containers see them.
    package static func start(
        directory: String? = nil, withJournal: Bool = false, hasNodeNames: Bool = false
    ) async throws -> RigNode {
        let builder = try await ImageBuilder()
        let journal = withJournal ? try PrivateJournal() : nil
        let containerd: ContainerdInstance
        do {
            try await journal?.start()
            containerd = try ContainerdInstance(
                directory: directory, journal: journal, hasNodeNames: hasNodeNames)
        } catch {
            try await journal?.teardown()
            throw error
        }
        do {
            try await containerd.start()
            try await containerd.importImages(builder.archive)
        } catch {
            try await containerd.teardown()
            try await journal?.teardown()
            throw error
        }
        return RigNode(
            containerd: containerd,
            kubelet: KubeletStandIn(
                paths: containerd.paths, connection: containerd.connection, images: builder.images),
            images: builder.images, journal: journal)
    }

    /// Ends everything; see `ContainerdInstance.teardown`.
    package func teardown() async throws {
        try await containerd.teardown()
        try await journal?.teardown()
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

    package func leftovers() -> [String] { containerd.leftovers() + (journal?.leftovers() ?? []) }
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
