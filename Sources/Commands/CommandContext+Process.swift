// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

extension CommandContext {
    /// The environment variables that mean something here.
    package static let variables =
        ["LASTWORD_STORE", CollectorOptions.tokenVariable, "NO_COLOR", "TERM"] + CollectorOptions.variables.values

    /// The context of a real process: its descriptors, environment and clock, the node's store, the node's checks.
    ///
    /// `extraChecks` come after the built-in ones in `doctor`.
    package static func process(
        program: ProgramName = .lastword, environment: [String: String],
        extraChecks: @escaping @Sendable (DoctorTarget) -> [DoctorCheck] = { _ in [] }
    ) -> CommandContext {
        let terminal = isatty(STDOUT_FILENO) == 1
        var context = CommandContext(
            standardOutput: .descriptor(STDOUT_FILENO, capacity: 65_536),
            standardError: .descriptor(STDERR_FILENO, capacity: 0),
            environment: environment, isTerminal: terminal, columns: terminal ? nil : 100,
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return Timestamp(seconds: Int64(time.tv_sec), nanos: Int64(time.tv_nsec)) ?? Timestamp(nanoseconds: 0)
            },
            pause: { try await Task.sleep(for: $0) },
            openStore: { path in try StoreSessionSource.open(path) },
            hasStore: { path in access(path + "/lastword.db", F_OK) == 0 },
            openCollector: { access in try CollectorSessionSource.open(access) },
            journalHeads: { place, ledger in JournalHeads.read(place, ledger: ledger) },
            doctorChecks: { target in
                let settings = AgentChecks.settings(target)
                let standard =
                    settings["runtime.kind"] == "cri-o" ? "/run/crio/crio.sock" : "/run/containerd/containerd.sock"
                return StoreChecks.all(target.storePath) + [
                    NodeChecks.runtimeSocket(
                        target.runtimeSocket ?? settings["runtime.socket"] ?? standard),
                    NodeChecks.podLogs(target.podLogs ?? settings["logs.podLogsDirectory"] ?? "/var/log/pods"),
                ]
                    + extraChecks(target)
            })
        context.program = program
        return context
    }
}
