// SPDX-License-Identifier: Apache-2.0
import Dispatch
package import SIEMFormats
package import SessionRecords

/// Writes events as lines of a file. A line counts as delivered when it is on disk.
package struct FileOutput: EventOutput {
    private let settings: FileSettings
    private let file: EventFile
    /// A disk that hangs holds up this queue, and none of Swift's own threads.
    private let queue = DispatchQueue(label: "lastword.output.file")

    package init(_ settings: FileSettings, now: @escaping @Sendable () -> Timestamp) {
        self.settings = settings
        file = EventFile(settings, now: now)
    }

    package func send(_ events: [SecurityEvent], unless isStale: @escaping @Sendable () -> Bool) async throws {
        let lines = events.map(settings.format.line)
        try await blocking { file in
            if isStale() { throw OutputFault.stale }
            try file.append(lines)
        }
    }

    /// What `send` returned from is on disk.
    package func confirm(unless isStale: @escaping @Sendable () -> Bool) async throws {}

    package func look() async throws {}

    package func abandon() async {
        do {
            try await blocking { $0.close() }
        } catch {
            // Closing an open file that is synced loses nothing, and `close` throws nothing.
        }
    }

    package func check() async throws {
        try await blocking { try $0.check() }
    }

    private func blocking(_ body: @escaping @Sendable (EventFile) throws -> Void) async throws {
        let file = self.file
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { continuation.resume(with: Result { try body(file) }) }
        }
    }
}
