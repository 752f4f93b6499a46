// SPDX-License-Identifier: Apache-2.0

/// Names of signals, as Linux numbers them on x86-64 and arm64, which agree up to 31.
package enum SignalName {
    private static let names = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM",
    ]

    /// `SIGKILL`; nil for one without a name here.
    package static func name(_ number: Int) -> String? {
        names[number].map { "SIG" + $0 }
    }

    /// `9 (SIGKILL)`, or the number alone.
    package static func text(_ number: Int) -> String {
        name(number).map { "\(number) (\($0))" } ?? "\(number)"
    }
}
