// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Synchronization
import TestSupport

/// One answer or event: a JSON object, kept as text so that it can go from thread to thread.
package struct DevToolsMessage: Sendable {
    fileprivate let bytes: Data

    package var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: bytes) as? [String: Any]) ?? [:]
    }

    func text(_ key: String) throws -> String {
        guard let text = object[key] as? String else {
            throw RigError.failed(
                "the browser's answer has no \(key): \(String(decoding: bytes.prefix(400), as: UTF8.self))")
        }
        return text
    }
}

/// Calls and their answers, and events as they come.
final class DevToolsWire: Sendable {
    struct Event: Sendable {
        let session: String
        let method: String
        let parameters: DevToolsMessage
    }

    private struct State {
        var last = 0
        var answers: [Int: DevToolsMessage] = [:]
        var failures: [Int: String] = [:]
        var events: [Event] = []
        var isClosed = false
    }

    private let writing: FileHandle
    private let state = Mutex(State())

    init(writing: FileHandle, reading: FileHandle) {
        self.writing = writing
        // Reading blocks, and the pool of Swift tasks must not. The thread ends with the browser.
        Thread.detachNewThread { [self] in
            var rest = Data()
            // Not `FileHandle.read`, which waits until there is as much as it was asked for.
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(reading.fileDescriptor, &piece, piece.count)
                guard count > 0 else { break }
                rest.append(contentsOf: piece[..<count])
                while let end = rest.firstIndex(of: 0) {
                    take(rest[rest.startIndex..<end])
                    rest = Data(rest[(end + 1)...])
                }
            }
            state.withLock { $0.isClosed = true }
        }
    }

    /// Sends a command and waits for its answer.
    func call(
        _ method: String, _ parameters: [String: Any] = [:], session: String? = nil
    ) async throws -> DevToolsMessage {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        var message: [String: Any] = ["id": id, "method": method, "params": parameters]
        message["sessionId"] = session
        try writing.write(contentsOf: try JSONSerialization.data(withJSONObject: message) + [0])
        return try await waitFor(limit: .seconds(60), every: .milliseconds(2), "the browser answers \(method)") {
            let (answer, failure, isClosed) = state.withLock { state in
                (state.answers.removeValue(forKey: id), state.failures.removeValue(forKey: id), state.isClosed)
            }
            if let failure { throw RigError.failed("\(method): \(failure)") }
            if answer == nil, isClosed { throw RigError.failed("the browser has ended") }
            return answer
        }
    }

    /// All events of a page so far.
    func events(_ session: String) -> [Event] {
        state.withLock { $0.events.filter { $0.session == session } }
    }

    private func take(_ bytes: Data) {
        guard let object = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any] else { return }
        func message(_ key: String) -> DevToolsMessage {
            let value = object[key] as? [String: Any] ?? [:]
            return DevToolsMessage(bytes: (try? JSONSerialization.data(withJSONObject: value)) ?? Data())
        }
        if let id = object["id"] as? Int {
            let failure = (object["error"] as? [String: Any]).map { "\($0["message"] ?? "failed")" }
            let answer = message("result")
            state.withLock { state in
                if let failure { state.failures[id] = failure } else { state.answers[id] = answer }
            }
        } else if let method = object["method"] as? String {
            let event = Event(
                session: object["sessionId"] as? String ?? "", method: method, parameters: message("params"))
            state.withLock { $0.events.append(event) }
        }
    }
}
