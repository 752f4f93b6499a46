// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import TestSupport

/// Keeps a node up until it is told to end.
struct Hold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts a private containerd with the rig's images and keeps it until SIGTERM or Ctrl-C.",
        discussion: "Writes DIRECTORY/rig.env with SOCKET, LOG_ROOT, RUNTIME_DIRECTORY and PID once it is ready.")

    @Option(help: "Where images, layers and logs go; must be empty or not there yet.")
    var directory: String

    @Option(help: "Also run a pod of this name with one container, nginx, that waits. May be repeated.")
    var pod: [String] = []

    mutating func run() async throws {
        TerminationSignal.catchSignals()
        try Files.makeDirectories(directory)
        let node = try await RigNode.start(directory: directory)
        let environment = directory + "/rig.env"
        do {
            for name in pod { _ = try await node.kubelet.runTargetPod(PodSpecification(name: name)) }
            try node.writeEnvironment(to: environment)
            print("containerd answers at \(node.paths.socket); logs are in \(node.paths.log)")
            try await TerminationSignal.wait()
        } catch {
            try await node.teardown()
            throw error
        }
        try Files.remove(environment)
        try await node.teardown()
    }
}
