// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// The Debian packages of the debug build, made once: of the sources' version, and the programs' units of a later one.
struct Packages: Sendable {
    let directory: String
    let version: String

    /// What the later package is called.
    static let laterVersion = "99.0.0"

    static let shared = Task {
        let directory = Repository.fresh("packages")
        let products = try Repository.products
        // Packed as they would be it would take minutes, and say no more.
        try await Repository.run(
            "dev/deb.sh", [products, directory], settings: ["DEB_COMPRESSION=none"])
        try await Repository.run(
            "dev/deb.sh", [products, directory, "lastword-agent", "lastword-collector"],
            settings: ["DEB_COMPRESSION=none", "DEB_VERSION=\(laterVersion)"])
        let version = try await Repository.run("dev/version.sh", []).split(separator: "\n").first ?? ""
        return Packages(directory: directory, version: String(version))
    }

    static var made: Packages {
        get async throws { try await shared.value }
    }

    static let names = ["lastword", "lastword-agent", "lastword-collector"]

    /// The package's file on this machine.
    func file(_ name: String, version: String? = nil) throws -> String {
        let start = "\(name)_\(version ?? self.version)_"
        guard let found = Files.names(in: directory).first(where: { $0.hasPrefix(start) }) else {
            throw RigError.failed("no package \(start)….deb was made")
        }
        return directory + "/" + found
    }
}
