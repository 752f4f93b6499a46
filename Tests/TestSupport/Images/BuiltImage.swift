// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// One image of the archive that `ImageBuilder` makes.
package struct BuiltImage: Hashable, Sendable {
    /// As a pod asks for it: `localhost/busybox:1.36`.
    package let name: String
    /// The digest of the configuration, which is what CRI calls the image's id.
    package let configDigest: Digest
    package let manifestDigest: Digest

    /// The image id as the kubelet hands it to the runtime: `sha256:…`.
    package var id: String { "sha256:\(configDigest)" }
}
