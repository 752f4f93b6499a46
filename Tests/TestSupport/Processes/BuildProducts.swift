// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The programs that were built together with the running one.
package enum BuildProducts {
    /// The path of an executable of this package: `lastword-agent`, `lastword`, `node-rig`.
    ///
    /// - Throws: if it is not beside the running program.
    package static func path(_ name: String) throws -> String {
        guard let running = ProcessTable.link("/proc/self/exe") else {
            throw RigError.system("cannot read /proc/self/exe")
        }
        // Tests run in a helper of the toolchain, whose command line names the test bundle.
        for program in CommandLine.arguments + [running] {
            guard let slash = program.lastIndex(of: "/") else { continue }
            let path = program[..<slash] + "/" + name
            if Files.exists(String(path)) { return String(path) }
        }
        throw RigError.failed("\(name) is not built", remedy: "swift build --build-tests")
    }
}
