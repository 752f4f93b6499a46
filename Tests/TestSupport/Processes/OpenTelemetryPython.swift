// SPDX-License-Identifier: Apache-2.0
import Foundation

/// OpenTelemetry's own packages for Python, in the environment that `dev/setup.sh` makes.
package enum OpenTelemetryPython {
    /// The interpreter of that environment.
    package static let interpreter = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/otlp-python/bin/python").path

    package static let isInstalled = FileManager.default.isExecutableFile(atPath: interpreter)

    /// A script in the folder `Foreign` beside the test's own file.
    package static func script(_ name: String, beside test: String) -> String {
        URL(filePath: test).deletingLastPathComponent().appending(path: "Foreign/\(name)").path
    }
}
