// SPDX-License-Identifier: Apache-2.0

/// A directory of a test's own, removed with all that is in it when the last reference goes.
package final class ScratchDirectory: Sendable {
    /// Absolute, without a slash at the end, short enough for a unix socket inside.
    package let path: String

    package init() throws {
        path = try Files.makeTemporaryDirectory(prefix: "/tmp/lw.")
    }

    deinit {
        Files.removeTree(path)
    }

    /// The path of a name in it.
    package func file(_ name: String) -> String {
        path + "/" + name
    }

    /// Writes a file, making the directories above it; returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = file(name)
        if let slash = path.lastIndex(of: "/") { try Files.makeDirectories(String(path[..<slash])) }
        try Files.write(bytes, to: path)
        return path
    }

    /// Makes a directory in it; returns its path.
    @discardableResult
    package func directory(_ name: String) throws -> String {
        try Files.makeDirectories(file(name))
        return file(name)
    }
}
