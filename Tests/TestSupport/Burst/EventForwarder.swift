// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import Dispatch
import Glibc
import SessionRecords
import SwiftProtobuf
import Synchronization

/// Puts events on containerd's bus the way its shims do: `Forward` over ttrpc, on the socket beside the gRPC one.
///
/// Through gRPC's `Publish` one process reaches some 2 700 calls a second, fewer than a burst needs, and every 200 of them
/// cost a connection. ttrpc is a header of ten bytes before each message (https://github.com/containerd/ttrpc, PROTOCOL.md).
final class EventForwarder: Sendable {
    private struct State {
        var next: UInt32 = 1
        var waiting: [UInt32: CheckedContinuation<Void, any Error>] = [:]
        var failure: LastwordError?
    }

    private static let headerBytes = 10
    private static let request: UInt8 = 1

    private let descriptor: Int32
    private let state = Mutex(State())
    private let finished = DispatchSemaphore(value: 0)

    init(socket: String) throws {
        descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw RigError.system("cannot make a socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(socket.utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw RigError.failed("\(socket) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw RigError.system("cannot connect to \(socket)") }
        // A thread of its own: it blocks in the reading of answers.
        DispatchQueue(label: "lastword-rig.answers").async { self.readAnswers() }
    }

    /// Ends the connection; calls under way fail.
    func close() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        finished.wait()
        Glibc.close(descriptor)
    }

    /// Returns when containerd has given the event to its subscribers.
    func forward(_ topic: String, _ event: some Message, at: Int64) async throws {
        let envelope = try Containerd_Services_Events_V1_Envelope.with {
            $0.timestamp = Self.timestamp(at)
            $0.namespace = "k8s.io"
            $0.topic = topic
            // As containerd names its types: without a slash.
            $0.event.typeURL = type(of: event).protoMessageName
            $0.event.value = try event.serializedBytes()
        }
        let bytes: [UInt8] = try envelope.serializedBytes()
        let frame = Self.message([
            (1, Array("containerd.services.events.ttrpc.v1.Events".utf8)), (2, Array("Forward".utf8)),
            (3, Self.message([(1, bytes)])),
        ])
        try await withCheckedThrowingContinuation { continuation in
            // Under the lock, so that frames go out whole and in the order of their numbers, as the protocol wants it.
            let failure = state.withLock { state -> (any Error)? in
                if let failure = state.failure { return failure }
                let stream = state.next
                state.next += 2
                do {
                    try Files.writeAll(
                        Self.bigEndian(UInt32(frame.count)) + Self.bigEndian(stream) + [Self.request, 0] + frame,
                        to: descriptor, named: "containerd's ttrpc socket")
                } catch {
                    return error
                }
                state.waiting[stream] = continuation
                return nil
            }
            if let failure { continuation.resume(throwing: failure) }
        }
    }

    static func timestamp(_ nanoseconds: Int64) -> Google_Protobuf_Timestamp {
        .with {
            $0.seconds = nanoseconds / 1_000_000_000
            $0.nanos = Int32(nanoseconds % 1_000_000_000)
        }
    }

    // MARK: Answers

    private func readAnswers() {
        var failure = RigError.failed("containerd closed its ttrpc connection")
        while let header = read(Self.headerBytes) {
            let length = header[..<4].reduce(0) { $0 << 8 | Int($1) }
            let stream = header[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard length <= 4 << 20, let body = read(length) else { break }
            // An answer to `Forward` holds nothing; its first field would be an error's status.
            let isRefused = body.first == 0x0A && body.count > 2
            let waiter = state.withLock { $0.waiting.removeValue(forKey: stream) }
            if isRefused {
                failure = RigError.failed("containerd refused an event: \(String(decoding: body, as: UTF8.self))")
                waiter?.resume(throwing: failure)
            } else {
                waiter?.resume()
            }
        }
        let waiters = state.withLock { state in
            state.failure = failure
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for waiter in waiters { waiter.resume(throwing: failure) }
        finished.signal()
    }

    /// Nil at the end of the connection.
    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress.map { $0 + done }, count - done)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            done += got
        }
        return bytes
    }

    // MARK: Encoding

    /// A protobuf message of fields that all are bytes.
    private static func message(_ fields: [(number: UInt8, value: [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = []
        for field in fields {
            bytes.append(field.number << 3 | 2)
            var length = field.value.count
            while length >= 0x80 {
                bytes.append(UInt8(length & 0x7F | 0x80))
                length >>= 7
            }
            bytes.append(UInt8(length))
            bytes += field.value
        }
        return bytes
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
