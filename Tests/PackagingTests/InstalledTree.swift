// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// What `dev/install.sh` makes of the debug build, once for all tests.
struct InstalledTree: Sendable {
    let directory: String

    static let prefix = "/usr"

    static let shared = Task {
        let tree = InstalledTree(directory: Repository.fresh("tree"))
        try await tree.install()
        return tree
    }

    static var made: InstalledTree {
        get async throws { try await shared.value }
    }

    func install() async throws {
        try await Repository.run(
            "dev/install.sh", [try Repository.products],
            settings: ["DESTDIR=\(directory)", "PREFIX=\(Self.prefix)"])
    }

    func path(_ installed: String) -> String { directory + installed }

    /// Every file and link, without the directories.
    var files: [String] {
        Files.tree(directory).filter { !Files.isDirectory($0) }.map { String($0.dropFirst(directory.count)) }
    }
}
