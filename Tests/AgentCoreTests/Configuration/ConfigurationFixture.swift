// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Foundation
import Glibc
import SessionRecords

@testable import AgentCore

/// A directory with a configuration file in it, gone at the end of the test.
final class ConfigurationFixture {
    let directory: String

    var file: String { directory + "/agent.yaml" }

    init(_ yaml: String? = nil) throws {
        var template = Array("/tmp/lastword-config-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXError(.EIO) }
        directory = String(cString: made)
        if let yaml { try Data(yaml.utf8).write(to: URL(filePath: file)) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)  // Left behind in /tmp at worst.
    }

    func load(_ arguments: [String] = [], _ environment: [String: String] = [:]) throws -> AgentConfiguration {
        try AgentConfiguration.load(
            arguments: arguments, environment: environment, defaultFile: file, hostName: "Host-1")
    }

    /// The faults of a configuration that must be refused, as people read them.
    func faults(_ arguments: [String] = [], _ environment: [String: String] = [:]) -> [String] {
        do {
            _ = try load(arguments, environment)
            return []
        } catch let error as ConfigurationError {
            return error.faults.map(\.description)
        } catch {
            return ["another error: \(error)"]
        }
    }
}
