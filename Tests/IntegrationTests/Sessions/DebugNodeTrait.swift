// SPDX-License-Identifier: Apache-2.0
import Testing

/// Gives a suite one `DebugNode` for all its tests, and takes it down after the last.
struct DebugNodeTrait: SuiteTrait, TestScoping {
    // The node is the suite's, not each test's.
    let isRecursive = false

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let node = try await DebugNode.start()
        do {
            try await DebugNode.$current.withValue(node) { try await function() }
        } catch {
            try await node.stop()
            throw error
        }
        try await node.stop()
    }
}

extension Trait where Self == DebugNodeTrait {
    static var debugNode: DebugNodeTrait { DebugNodeTrait() }
}
