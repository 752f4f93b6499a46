// SPDX-License-Identifier: Apache-2.0
import OTLPProto
import SwiftProtobuf

/// What a receiver answers, in both directions.
package enum OTLPAnswer {
    /// What a success says.
    package struct Success: Sendable, Hashable {
        /// Records that were refused for good; the receiver does not say which.
        package var rejected: Int64
        package var message: String

        package init(rejected: Int64 = 0, message: String = "") {
            self.rejected = rejected
            self.message = message
        }
    }

    /// The body of a 200, in the request's format.
    package static func body(_ success: Success, as format: OTLPFormat) -> [UInt8] {
        var response = Opentelemetry_Proto_Collector_Logs_V1_ExportLogsServiceResponse()
        if success.rejected != 0 || !success.message.isEmpty {
            response.partialSuccess.rejectedLogRecords = success.rejected
            response.partialSuccess.errorMessage = success.message
        }
        return encode(response, as: format)
    }

    /// The body of a 4xx or 5xx: a `google.rpc.Status`. Senders go by the HTTP status; the code in it is not looked at.
    package static func body(refusal message: String, as format: OTLPFormat) -> [UInt8] {
        encode(Google_Rpc_Status.with { $0.message = message }, as: format)
    }

    /// Reads the body of a success. An empty one is a full success; nil for a body that is no OTLP response: in JSON an
    /// object that has something, and no `partialSuccess`, is some other service's.
    package static func success(_ body: [UInt8], as format: OTLPFormat) -> Success? {
        do {
            let response: Opentelemetry_Proto_Collector_Logs_V1_ExportLogsServiceResponse =
                switch format {
                case .protobuf: try .init(serializedBytes: body)
                case .json where body.isEmpty: .init()
                case .json: try .init(jsonUTF8Bytes: body, options: lenient)
                }
            if format == .json, !body.isEmpty, !response.hasPartialSuccess {
                // Again, and this time unknown names are no answer.
                _ = try Opentelemetry_Proto_Collector_Logs_V1_ExportLogsServiceResponse(jsonUTF8Bytes: body)
            }
            return Success(
                rejected: response.partialSuccess.rejectedLogRecords, message: response.partialSuccess.errorMessage)
        } catch {
            return nil
        }
    }

    private static var lenient: JSONDecodingOptions {
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        return options
    }

    /// The words of a refusal's body; empty where there are none to be read.
    package static func refusal(_ body: [UInt8], as format: OTLPFormat) -> String {
        do {
            let status: Google_Rpc_Status =
                switch format {
                case .protobuf: try .init(serializedBytes: body)
                // Of a `google.rpc.Status` its `details` are not known here.
                case .json: try .init(jsonUTF8Bytes: body, options: lenient)
                }
            return status.message
        } catch {
            return ""
        }
    }

    private static func encode(_ message: some SwiftProtobuf.Message, as format: OTLPFormat) -> [UInt8] {
        do {
            switch format {
            case .protobuf: return try message.serializedBytes()
            case .json: return try message.jsonUTF8Bytes()
            }
        } catch {
            // Texts and integers alone can always be written; an empty body means the same to a sender.
            return []
        }
    }
}
