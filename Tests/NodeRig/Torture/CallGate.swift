// SPDX-License-Identifier: Apache-2.0

/// Keeps containers' making and containerd's going apart: a start that is cut off may have happened or not, and the driver
/// would not know what is true. All that comes after the start may be cut off at any moment.
actor CallGate {
    private var passing = 0
    private var isClosed = false

    /// Runs a call that must not be cut off.
    nonisolated func pass<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        while await !enter() { try await Task.sleep(for: .milliseconds(10)) }
        do {
            let result = try await body()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    /// Lets nobody in, and returns when all are out.
    func close() async throws {
        isClosed = true
        while passing > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }

    func open() {
        isClosed = false
    }

    private func enter() -> Bool {
        guard !isClosed else { return false }
        passing += 1
        return true
    }

    private func leave() {
        passing -= 1
    }
}
