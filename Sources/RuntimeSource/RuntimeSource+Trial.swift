// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import GRPCCore
package import SessionRecords

extension RuntimeSource {
    /// One attempt at everything that `run` needs of the runtime, for `check` and `doctor`: the socket, CRI, and on
    /// containerd its native API. Changes nothing.
    /// - Throws: `LastwordError` with the remedy.
    package static func trialConnection(
        _ configuration: RuntimeSourceConfiguration
    ) async throws(LastwordError) -> RuntimeVersion {
        try SocketProbe.check(configuration.socketPath)
        let unary = UnaryConnection(socketPath: configuration.socketPath, metrics: RuntimeSourceMetrics())
        do {
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await unary.run() }
                defer { group.cancelAll() }
                let version = try await CRICalls(unary: unary, timeout: configuration.callTimeout).version()
                if version.name != "cri-o" {
                    // An id that no runtime gives: the answer is empty, and proves the call.
                    _ = try await ContainerRecordReader(unary: unary, timeout: configuration.callTimeout)
                        .read(probeIDs) { _ in }
                }
                return version
            }
        } catch {
            throw explain(error, configuration.socketPath)
        }
    }

    private static let probeIDs = [ContainerID("lastword.probe")].compactMap { $0 }

    private static func explain(_ error: any Error, _ path: String) -> LastwordError {
        let (code, remedy): (String, String) =
            switch (error as? RPCError)?.code {
            case .unimplemented?:
                (
                    "runtime.no-cri",
                    "set runtime.socket to containerd's or CRI-O's socket; on containerd, remove \"cri\" from "
                        + "disabled_plugins in its config.toml"
                )
            case .permissionDenied?, .unauthenticated?:
                ("runtime.permission-denied", "let the agent use the runtime's socket, or set runtime.socket")
            case .deadlineExceeded?:
                ("runtime.no-answer", "the socket accepts and nobody answers: see whether the runtime hangs")
            default:
                ("runtime.not-a-runtime", "set runtime.socket to the unix socket of containerd or CRI-O")
            }
        return LastwordError(
            code: code, message: "cannot use the runtime at \(path)", remedy: remedy,
            cause: LastwordError(code: code, message: FailureReason.text(error)))
    }
}
