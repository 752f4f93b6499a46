// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Absolute paths as components of bytes: Swift compares strings by meaning, file systems by bytes.
enum Paths {
    /// The components of an absolute path; nil if it is relative or has `.`, `..`, an empty or a too long component, or a
    /// NUL, which would end it early for the system. One slash at the end is let through.
    static func components(_ path: String) -> [[UInt8]]? {
        var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count >= 2, parts.removeFirst().isEmpty else { return nil }
        if parts.last?.isEmpty == true { parts.removeLast() }
        for part in parts {
            guard !part.isEmpty, part.count <= Int(NAME_MAX), !part.contains(0), part != Array(".".utf8),
                part != Array("..".utf8)
            else { return nil }
        }
        return parts
    }

    /// `realpath(3)`; nil with errno set.
    static func resolve(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
