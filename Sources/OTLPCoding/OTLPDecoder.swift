// SPDX-License-Identifier: Apache-2.0
import OTLPProto
import SwiftProtobuf

/// The two forms of an OTLP body, by the request's content type.
package enum OTLPFormat: Sendable, Hashable, CaseIterable {
    case protobuf, json

    /// Nil for any other content type; parameters such as a charset are looked over.
    package init?(contentType: String) {
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        switch type {
        case "application/x-protobuf": self = .protobuf
        case "application/json": self = .json
        default: return nil
        }
    }

    package var contentType: String {
        switch self {
        case .protobuf: "application/x-protobuf"
        case .json: "application/json"
        }
    }
}

/// Reads a request's body: entries of ours, checked against their own bytes, and a count of what is somebody else's.
package struct OTLPDecoder: Sendable {
    /// Of all senders, honest or not, in one request.
    package static let maximumRecords = 10_000
    /// Protobuf messages in one body. A message of two bytes becomes some hundred in memory, and the body alone may
    /// have 64 MiB.
    static let maximumMessages = 1_000_000

    private let maximumRecords: Int

    package init(maximumRecords: Int = OTLPDecoder.maximumRecords) {
        self.maximumRecords = maximumRecords
    }

    /// A body whose messages are counted, and not decoded yet.
    package struct Counted: Sendable {
        fileprivate let body: [UInt8]
        fileprivate let format: OTLPFormat
        /// At least as many as there are: in JSON, braces in texts are counted with them.
        package let messages: Int

        /// What decoding takes in memory beside the texts and bytes of the body itself, in bytes; an estimate.
        package var memory: Int { messages * 256 }
    }

    /// Refuses what has more messages than any request, or is no protobuf that a sender of OTLP would write.
    package static func count(_ body: [UInt8], as format: OTLPFormat) throws(OTLPRefusal) -> Counted {
        switch format {
        case .protobuf:
            switch WireScan.scan(body, limit: maximumMessages) {
            case .messages(let count): return Counted(body: body, format: format, messages: count)
            case .tooMany: throw tooLarge
            case .malformed: throw noRequest
            }
        case .json:
            // Each message begins with a brace; those inside strings are counted with them, which is no harm here.
            let count = body.count { $0 == UInt8(ascii: "{") }
            guard count <= maximumMessages else { throw tooLarge }
            return Counted(body: body, format: format, messages: count)
        }
    }

    package func decode(_ body: [UInt8], as format: OTLPFormat) throws(OTLPRefusal) -> IncomingBatch {
        try decode(try Self.count(body, as: format))
    }

    /// Everything or nothing: one record that contradicts itself refuses the whole request.
    package func decode(_ counted: Counted) throws(OTLPRefusal) -> IncomingBatch {
        let request = try request(counted)
        var entries: [IncomingEntry] = []
        var foreign = 0
        var index = 0
        for resourceLogs in request.resourceLogs {
            let reader = RecordReader(resource: resourceLogs.resource)
            for scope in resourceLogs.scopeLogs {
                for record in scope.logRecords {
                    guard index < maximumRecords else {
                        throw OTLPRefusal(.tooMany, "more than \(maximumRecords) log records in one request")
                    }
                    do throws(RecordFault) {
                        if let entry = try reader.entry(record) { entries.append(entry) } else { foreign += 1 }
                    } catch {
                        throw OTLPRefusal(error.kind, "log record \(index): \(error.words)")
                    }
                    index += 1
                }
            }
        }
        return IncomingBatch(entries: entries, foreign: foreign)
    }

    private func request(
        _ counted: Counted
    ) throws(OTLPRefusal) -> Opentelemetry_Proto_Collector_Logs_V1_ExportLogsServiceRequest {
        do {
            switch counted.format {
            case .protobuf:
                var options = BinaryDecodingOptions()
                options.messageDepthLimit = 32
                options.discardUnknownFields = true
                return try .init(serializedBytes: counted.body, options: options)
            case .json:
                var options = JSONDecodingOptions()
                options.messageDepthLimit = 32
                options.ignoreUnknownFields = true
                return try .init(jsonUTF8Bytes: counted.body, options: options)
            }
        } catch {
            throw Self.noRequest
        }
    }

    private static let tooLarge = OTLPRefusal(.tooMany, "more than \(maximumMessages) messages in one request")
    private static let noRequest = OTLPRefusal(.malformed, "the body is not an ExportLogsServiceRequest")
}
