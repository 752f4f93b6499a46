// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How large the rows are made; each may be set in the environment.
struct BenchmarkSettings: Sendable {
    /// Real containers for the latencies.
    var containers = 100
    /// Real containers that live 1–50 ms.
    var shortLived = 50
    /// Pods that are deleted at the exit.
    var pods = 100
    /// Seconds of the burst, and synthetic ends a second that it aims at.
    var burstSeconds = 15
    var burstRate = 1000
    /// Milliseconds between a synthetic container's end and the removal of its record; the quickest kubelet that was
    /// measured took 300.
    var burstRemovalDelay = 500
    var idleSeconds = 30
    /// Sessions, and as many ledger entries, in the store that the command line reads.
    var sessions = 1_000_000

    static let help = """
        The sizes come from the environment: BENCH_CONTAINERS (100), BENCH_SHORT (50), BENCH_PODS (100), BENCH_SECONDS \
        (15), BENCH_RATE (1000) and BENCH_REMOVAL_MS (500) of the burst, BENCH_IDLE_SECONDS (30), BENCH_SESSIONS \
        (1000000). Needs root, containerd, runc and busybox-static.
        """

    static func fromEnvironment() -> BenchmarkSettings {
        var settings = BenchmarkSettings()
        func read(_ name: String, _ key: WritableKeyPath<BenchmarkSettings, Int>) {
            guard let text = getenv(name).map({ String(cString: $0) }), let value = Int(text), value >= 0 else {
                return
            }
            settings[keyPath: key] = value
        }
        read("BENCH_CONTAINERS", \.containers)
        read("BENCH_SHORT", \.shortLived)
        read("BENCH_PODS", \.pods)
        read("BENCH_SECONDS", \.burstSeconds)
        read("BENCH_RATE", \.burstRate)
        read("BENCH_REMOVAL_MS", \.burstRemovalDelay)
        read("BENCH_IDLE_SECONDS", \.idleSeconds)
        read("BENCH_SESSIONS", \.sessions)
        return settings
    }
}
