// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Plays a Kubernetes node for the demo and for looking around by hand.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node-rig",
        abstract: "Plays a Kubernetes node: a private containerd, a kubelet stand-in, an API server stand-in.",
        subcommands: [Demo.self, Hold.self, Torture.self])
}
