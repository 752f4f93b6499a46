// SPDX-License-Identifier: Apache-2.0
import Glibc

package enum HostName {
    /// The kernel's host name, which is what the kubelet takes where it is told nothing else.
    package static func current() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        // The last byte stays 0, as a cut name may come without one.
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
