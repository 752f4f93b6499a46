// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// The Debian packages, looked through without being installed.
@Suite(
    "The Debian packages",
    .enabled(if: Programs.are("dpkg-deb", "dpkg-shlibdeps"), "dpkg-dev is not installed: dev/setup.sh does"))
struct PackageTests {
    private func field(_ name: String, of package: String) async throws -> String {
        let file = try await Packages.made.file(package)
        return try await ChildProcess.require(["dpkg-deb", "--field", file, name]).text
            .split(separator: "\n").joined(separator: "\n")
    }

    @Test("libraries are what the programs need, by the packages that have them", arguments: Packages.names)
    func dependencies(_ package: String) async throws {
        let depends = try await field("Depends", of: package).split(separator: ",").map {
            $0.split(separator: " ")[0]
        }
        for library in ["libc6", "libgcc-s1", "libsqlite3-0", "libstdc++6", "libsystemd0", "zlib1g"] {
            #expect(depends.contains { $0 == library }, "\(library) in \(depends)")
        }
        #expect(depends.contains("systemd") == (package != "lastword"))
    }

    @Test(
        "configuration files are an administrator's, and the directories of secrets are nobody's",
        arguments: Packages.names)
    func conffiles(_ package: String) async throws {
        let file = try await Packages.made.file(package)
        let conffiles = try await ChildProcess.run(["dpkg-deb", "--info", file, "conffiles"]).text
        let listing = try await ChildProcess.require(["dpkg-deb", "--contents", file]).text
        let expected = [
            "lastword-agent": "/etc/lastword/agent.yaml\n", "lastword-collector": "/etc/lastword/collector.yaml\n",
        ]
        #expect(conffiles == expected[package] ?? "")
        #expect(!listing.contains("credentials") && !listing.contains("./var"))
        #expect(listing.split(separator: "\n").allSatisfy { $0.contains(" root/root ") })
    }

    @Test("no two packages have the same file")
    func disjoint() async throws {
        var owners: [String: String] = [:]
        for package in Packages.names {
            let file = try await Packages.made.file(package)
            let listing = try await ChildProcess.require(["dpkg-deb", "--contents", file]).text
            for line in listing.split(separator: "\n") where !line.hasPrefix("d") {
                let name = String(line.split(separator: " ").dropFirst(5).first ?? "")
                #expect(owners.updateValue(package, forKey: name) == nil, "\(name) is also in \(package)")
            }
        }
        #expect(owners.count > 30)
    }

    @Test(
        "lintian finds no error and no warning",
        .enabled(if: Programs.are("lintian"), "lintian is not installed: dev/setup.sh does"))
    func lintian() async throws {
        let packages = try await Packages.made
        let files = try Packages.names.map { try packages.file($0) }
        // Of the debug build and of packing for a test alone: the toolchain's libraries, and no compression.
        let stand =
            "custom-library-search-path,uses-no-compression-for-data-tarball,uses-no-compression-for-control-tarball"
        let result = try await ChildProcess.run(
            ["lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", stand] + files,
            limit: .seconds(300))
        #expect(result.succeeded, "\(result.text)\(result.errorText)")
    }
}
