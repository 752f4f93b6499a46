// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// Looks at files as somebody who owns nothing.
package enum SomebodyElse {
    /// Runs the closure with the file rights of `nobody`, on this thread alone. Root only; for closures that neither wait
    /// nor start anything.
    package static func run<Result>(_ body: () throws -> Result) throws -> Result {
        let user = try function("setfsuid")
        let group = try function("setfsgid")
        let before = (user(65_534), group(65_534))
        defer {
            _ = user(UInt32(bitPattern: before.0))
            _ = group(UInt32(bitPattern: before.1))
        }
        return try body()
    }

    // Hidden from Swift's Glibc module, so they are asked for by name.
    private static func function(_ name: String) throws -> @convention(c) (UInt32) -> Int32 {
        guard let symbol = dlsym(nil, name) else { throw RigError.failed("the C library has no \(name)") }
        return unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> Int32).self)
    }
}
