// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import GRPCCore
import Synchronization
import TestSupport
import Testing

@testable import RuntimeSource

@Suite("The runtime's client")
struct RuntimeClientTests {
    @Test("a call that was cancelled before it began to wait for a connection ends with its client")
    func cancelledCall() async throws {
        try await FakeRuntime.running { runtime in
            let client = try RuntimeClient(socketPath: runtime.socketPath)
            let calls = Runtime_V1_RuntimeService.Client(wrapping: client)
            let connections = Task { try? await client.runUntilCancelled() }
            _ = try await calls.version(Runtime_V1_VersionRequest(), options: .patient(timeout: .seconds(10)))
            // Closed in good order: the next call is to open a connection, and nobody answers there.
            await runtime.stop()
            // No state that the client shows tells that it has seen this, nor below that the call waits; too early, and the
            // call ends by itself.
            try await Task.sleep(for: .milliseconds(200))
            let ended = Flag()
            let call = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try? await calls.version(Runtime_V1_VersionRequest(), options: .patient(timeout: nil))
                ended.set()
            }
            try await Task.sleep(for: .milliseconds(100))
            connections.cancel()
            try await waitUntil("the call has ended") { ended.isSet }
            await call.value
            _ = await connections.value
        }
    }
}

private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}
