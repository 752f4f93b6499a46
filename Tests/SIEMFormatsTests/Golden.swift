// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Compares text with a file in `Golden/`; `UPDATE_GOLDEN=1` writes the file instead.
enum Golden {
    static func expect(_ text: String, _ name: String, _ location: SourceLocation = #_sourceLocation) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
            return
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(text == expected, "differs from Golden/\(name)", sourceLocation: location)
    }
}
