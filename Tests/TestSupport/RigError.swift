// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SessionRecords

/// Errors of the rig: the same type as everywhere, with codes under `rig.`.
package enum RigError {
    /// Something did not happen in time, or is not as it must be.
    package static func failed(_ message: String, remedy: String? = nil, cause: (any Error)? = nil) -> LastwordError {
        LastwordError(code: "rig.failed", message: message, remedy: remedy, cause: cause)
    }

    /// A system call failed; reads `errno`, so it is made right after the call.
    package static func system(_ what: String, number: Int32 = errno) -> LastwordError {
        LastwordError(code: "rig.system", message: "\(what): \(String(cString: strerror(number)))")
    }
}
