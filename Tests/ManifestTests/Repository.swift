// SPDX-License-Identifier: Apache-2.0
import Foundation
import ManifestSupport

/// Files of the repository that these tests read.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path).sorted()
    }

    /// The overlays, by what their folders are called; each has a rendered file of that name.
    static let overlays = (try? names("daemonset/overlays")) ?? []

    static func manifest(_ overlay: String) throws -> Manifest {
        try Manifest(text("daemonset/rendered/\(overlay).yaml"))
    }
}
