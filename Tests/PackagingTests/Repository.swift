// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// The repository whose scripts are run, and its build.
enum Repository {
    static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// The folder of the programs that were built together with the tests.
    static var products: String {
        get throws {
            let agent = try BuildProducts.path("lastword-agent")
            return String(agent[..<(agent.lastIndex(of: "/") ?? agent.startIndex)])
        }
    }

    static func file(_ path: String) -> String { root + "/" + path }

    /// A folder that is not there yet, for what all tests of a run share: made once, replaced by the next run's, so that
    /// hundreds of megabytes are there once and not once a run.
    static func fresh(_ name: String) -> String {
        let path = file(".build/packaging-tests/" + name)
        Files.removeTree(path)
        return path
    }

    static func text(_ path: String) throws -> String { try Files.text(file(path)) }

    /// Runs one of the repository's scripts, which must succeed; its standard output.
    @discardableResult
    static func run(_ script: String, _ arguments: [String], settings: [String] = []) async throws -> String {
        try await ChildProcess.require(
            ["env"] + settings + [file(script)] + arguments, limit: .seconds(300)
        ).text
    }
}
