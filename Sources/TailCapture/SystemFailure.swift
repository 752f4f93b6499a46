// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A system call that failed, on what, and errno's text.
struct SystemFailure: Error, CustomStringConvertible {
    let call: String
    let number: Int32

    /// Takes errno as it stands: to be made right behind the call.
    init(_ call: String, number: Int32 = errno) {
        self.call = call
        self.number = number
    }

    var description: String { "\(call): \(Self.text(number))" }

    static func text(_ number: Int32) -> String {
        // strerror may share one buffer between threads.
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
