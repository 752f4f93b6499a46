// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// Programs of Debian's that some tests need.
enum Programs {
    /// Whether all of them are installed.
    static func are(_ names: String...) -> Bool {
        names.allSatisfy { name in
            ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].contains { Files.exists($0 + name) }
        }
    }
}
