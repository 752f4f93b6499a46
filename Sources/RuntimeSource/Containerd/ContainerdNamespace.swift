// SPDX-License-Identifier: Apache-2.0

/// Containerd's namespaces that are watched.
enum ContainerdNamespace {
    /// Kubernetes' own, fixed in containerd's CRI plugin.
    static let kubernetes = "k8s.io"
    /// Ours, for the marker alone.
    static let lastword = "lastword"
}
