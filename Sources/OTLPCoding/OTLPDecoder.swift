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

    /// Everything or nothing: one record that contradicts itself refuses the whole request.
    package func decode(_ body: [UInt8], as format: OTLPFormat) throws(OTLPRefusal) -> IncomingBatch {
        let request = try request(body, format)
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
        _ body: [UInt8], _ format: OTLPFormat
    ) throws(OTLPRefusal) -> Opentelemetry_Proto_Collector_Logs_V1_ExportLogsServiceRequest {
        do {
            switch format {
            case .protobuf:
                guard WireScan.messages(in: body, limit: Self.maximumMessages) else { throw Self.tooLarge }
                var options = BinaryDecodingOptions()
                options.messageDepthLimit = 32
                options.discardUnknownFields = true
                return try .init(serializedBytes: body, options: options)
            case .json:
                // Each message begins with a brace; those inside strings are counted with them, which is no harm here.
                guard body.lazy.filter({ $0 == UInt8(ascii: "{") }).count <= Self.maximumMessages else {
                    throw Self.tooLarge
                }
                var options = JSONDecodingOptions()
                options.messageDepthLimit = 32
                options.ignoreUnknownFields = true
                return try .init(jsonUTF8Bytes: body, options: options)
            }
        } catch let refusal as OTLPRefusal {
            throw refusal
        } catch {
            throw OTLPRefusal(.malformed, "the body is not an ExportLogsServiceRequest")
        }
    }

    private static let tooLarge = OTLPRefusal(.tooMany, "more than \(maximumMessages) messages in one request")
}
