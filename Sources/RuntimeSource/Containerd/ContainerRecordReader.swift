// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import GRPCCore
import SessionRecords
import SwiftProtobuf
import Synchronization

/// Reads container records, one message at a time where the server has `ListStream`, else in answers small enough for
/// containerd's message limit.
final class ContainerRecordReader: Sendable {
    typealias Record = Containerd_Services_Containers_V1_Container

    /// Which records to read.
    private enum Scope {
        case ids(ArraySlice<ContainerID>)
        /// All but sandboxes, of the ids that begin so.
        case prefix(String)

        var filters: [String] {
            switch self {
            case .ids(let ids): ids.map { #"id=="\#($0.rawValue)""# }
            case .prefix(""): [notSandbox]
            case .prefix(let prefix): [#"\#(notSandbox),id~="^\#(prefix)""#]
            }
        }

        /// `!=` holds too where there is no such label.
        private var notSandbox: String { #"labels."io.cri-containerd.kind"!=sandbox"# }

        /// Smaller scopes that are this one together; empty if it cannot be divided.
        var parts: [Scope] {
            switch self {
            case .ids(let ids):
                guard ids.count > 1 else { return [] }
                let middle = ids.startIndex + ids.count / 2
                return [.ids(ids[..<middle]), .ids(ids[middle...])]
            case .prefix(let prefix):
                // 4096 parts at most: far more than memory for so many records would allow.
                guard prefix.utf8.count < 3 else { return [] }
                return "0123456789abcdef".map { .prefix(prefix + String($0)) } + [.prefix(prefix + "[^0-9a-f]")]
            }
        }
    }

    private let unary: UnaryConnection
    private let timeout: Duration
    /// For a list of everything, whose length our own consumer decides.
    private let longTimeout: Duration = .seconds(600)
    private let streams = Mutex(true)

    init(unary: UnaryConnection, timeout: Duration) {
        self.unary = unary
        self.timeout = timeout
    }

    /// Whether the server's `ListStream` is used; false once it said that it has none.
    var usesStream: Bool { streams.withLock { $0 } }

    /// All records but those of sandboxes. A record may be handed out twice.
    /// - Returns: false if some could not be read for their size.
    func readAll(_ each: @escaping @Sendable (Record) async throws -> Void) async throws -> Bool {
        try await read(.prefix(""), timeout: longTimeout, each: each)
    }

    /// The records of `ids`, at most 100 of them; those that do not exist are left out.
    /// - Returns: false if some could not be read for their size.
    func read(_ ids: [ContainerID], _ each: @escaping @Sendable (Record) async throws -> Void) async throws -> Bool {
        guard !ids.isEmpty else { return true }
        return try await read(.ids(ids[...]), timeout: timeout, each: each)
    }

    private func read(
        _ scope: Scope, timeout: Duration, each: @escaping @Sendable (Record) async throws -> Void
    ) async throws -> Bool {
        let request = Containerd_Services_Containers_V1_ListContainersRequest.with { $0.filters = scope.filters }
        do {
            if usesStream {
                do {
                    try await stream(request, timeout: timeout, each: each)
                    return true
                } catch let error as RPCError where error.code == .unimplemented {
                    streams.withLock { $0 = false }
                }
            }
            let records = try await unary.call(timeout: timeout) { client, options in
                try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).list(
                    request, metadata: ContainerdNamespace.metadata(ContainerdNamespace.kubernetes), options: options)
            }
            for record in records.containers { try await each(record) }
            return true
        } catch let error as RPCError where error.code == .resourceExhausted {
            let parts = scope.parts
            var isComplete = !parts.isEmpty
            for part in parts where try await !read(part, timeout: timeout, each: each) { isComplete = false }
            return isComplete
        }
    }

    private func stream(
        _ request: Containerd_Services_Containers_V1_ListContainersRequest, timeout: Duration,
        each: @escaping @Sendable (Record) async throws -> Void
    ) async throws {
        try await unary.call(timeout: timeout) { client, options in
            try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).listStream(
                request, metadata: ContainerdNamespace.metadata(ContainerdNamespace.kubernetes), options: options
            ) { response in
                for try await message in response.messages { try await each(message.container) }
            }
        }
    }
}
