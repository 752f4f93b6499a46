// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Files of the repository that tests hold against the code.
enum RepositoryFiles {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The file's text; with `UPDATE_GOLDEN=1` it is first written from `expected`.
    static func golden(_ path: String, expected: String) throws -> String {
        let file = root.appending(path: path)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(expected.utf8).write(to: file)
        }
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// The Swift files below `folder`, with their text.
    static func sources(_ folder: String) throws -> [(path: String, text: String)] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map {
            ($0, try String(contentsOf: base.appending(path: $0), encoding: .utf8))
        }
    }
}
