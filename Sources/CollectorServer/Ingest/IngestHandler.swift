// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import ConfigurationReading
import HTTPTypes
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import OTLPCoding
import SessionRecords
import Telemetry

/// `POST /v1/logs`: bounds, decodes, checks, commits, and only then says yes.
///
/// A delivery is taken whole or not at all. What is refused and why is counted and logged here; the store has its own word
/// for what the schema forbids.
struct IngestHandler: Sendable {
    let store: CollectorStore
    let limits: CollectorConfiguration.Limits
    let budget: MemoryBudget
    let now: @Sendable () -> Timestamp
    let logger: Logging.Logger

    func respond(to request: APIRequest) async throws -> Response {
        guard let sender = request.principal.sender else {
            throw APIError(.forbidden, "auth.role", "the login is not for the role agent")
        }
        do {
            return try await take(request, from: sender)
        } catch let error as APIError {
            refused(error.code, error.message, sender)
            throw error
        } catch let error as LastwordError where error.code.hasPrefix("ingest.") {
            refused(error.code, error.message, sender)
            throw APIError(
                error.code == "ingest.other-node" ? .forbidden : .badRequest, error.code, error.message,
                remedy: error.remedy)
        }
    }

    /// Errors are told as OTLP says: a `google.rpc.Status` in the request's own form.
    static func failure(_ request: APIRequest, _ error: APIError) -> Response {
        let format = request.headers[.contentType].flatMap { OTLPFormat(contentType: $0) } ?? .json
        let words = [error.message, error.remedy].compactMap(\.self).joined(separator: "; ")
        return Response(
            status: error.status, headers: error.headers.with(.contentType, format.contentType),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: OTLPAnswer.body(refusal: words, as: format))))
    }

    private func take(_ request: APIRequest, from sender: Sender) async throws -> Response {
        let format = try Self.format(request.headers)
        // Held until the answer is made: so long its bytes are in memory.
        let share = budget.share()
        let body = try await self.body(request, share)
        let counted = try Self.told { () throws(OTLPRefusal) in try OTLPDecoder.count(body, as: format) }
        guard counted.memory <= limits.memory.bytes - body.count else {
            // Whatever else goes away: it would never fit.
            throw APIError(
                .contentTooLarge, "request.too-many",
                "\(counted.messages) messages take more memory than limits.memory allows", remedy: "send less at once")
        }
        try share.reserve(counted.memory)
        let batch = try Self.told { () throws(OTLPRefusal) in
            try OTLPDecoder(maximumRecords: limits.records).decode(counted)
        }
        let result = try await store.ingest(
            batch.entries.map(ReceivedEntry.init), sender: sender, receivedAt: now())
        count(result, foreign: batch.foreign)
        withExtendedLifetime(share) {}
        let success = OTLPAnswer.Success(
            rejected: Int64(batch.foreign),
            message: batch.foreign == 0
                ? "" : "\(batch.foreign) log records are not entries of a Lastword ledger: nothing of them is stored")
        return Response(
            status: .ok, headers: [.contentType: format.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: OTLPAnswer.body(success, as: format))))
    }

    private static func told<Result>(_ body: () throws(OTLPRefusal) -> Result) throws(APIError) -> Result {
        do throws(OTLPRefusal) {
            return try body()
        } catch {
            switch error.kind {
            case .tooMany:
                throw APIError(.contentTooLarge, "request.too-many", error.message, remedy: "send less at once")
            case .disagreement: throw APIError(.badRequest, "ingest.disagreement", error.message)
            case .malformed: throw APIError(.badRequest, "ingest.malformed", error.message)
            }
        }
    }

    private static func format(_ headers: HTTPFields) throws(APIError) -> OTLPFormat {
        guard let format = headers[.contentType].flatMap({ OTLPFormat(contentType: $0) }) else {
            throw APIError(
                .unsupportedMediaType, "request.content-type", "the content type is not one of OTLP's",
                remedy: "send application/x-protobuf or application/json")
        }
        return format
    }

    /// The body unpacked, within the limits.
    private func body(_ request: APIRequest, _ share: MemoryBudget.Share) async throws -> [UInt8] {
        let encoding = (request.headers[.contentEncoding] ?? "identity").lowercased()
        guard ["identity", "gzip"].contains(encoding) else {
            throw APIError(
                .unsupportedMediaType, "request.content-encoding", "the content encoding is not known",
                remedy: "send gzip, or none")
        }
        let bytes = try await request.body.collect(upTo: limits.requestBytes.bytes) { try share.reserve($0) }
        guard encoding == "gzip" else { return bytes }
        do {
            return try Unpacking.gunzip(bytes, limit: limits.unpackedBytes.bytes) { try share.reserve($0) }
        } catch Unpacking.Failure.tooLarge {
            throw APIError(
                .contentTooLarge, "request.too-large",
                "the body unpacks to more than \(limits.unpackedBytes.bytes) bytes", remedy: "send less at once")
        } catch Unpacking.Failure.damaged {
            throw APIError(.badRequest, "request.gzip", "the body is not gzip, or is damaged")
        }
    }

    // MARK: What is told of it

    private func refused(_ code: String, _ message: String, _ sender: Sender) {
        Counter(label: "lastword_collector_deliveries_refused_total", dimensions: [("reason", code)]).increment()
        logger.warning(
            "a delivery was refused",
            metadata: [
                LogKey.sender: "\(sender.name)", LogKey.errorType: "\(code)", LogKey.reason: "\(message)",
            ])
    }

    private func count(_ result: IngestResult, foreign: Int) {
        for (outcome, number) in [
            ("stored", result.stored - result.forks), ("duplicate", result.duplicates), ("fork", result.forks),
            ("foreign", foreign),
        ] where number > 0 {
            Counter(label: "lastword_collector_entries_total", dimensions: [("outcome", outcome)]).increment(by: number)
        }
        for alarm in result.alarms {
            Counter(label: "lastword_collector_alarms_total", dimensions: [("kind", alarm.kind.rawValue)]).increment()
            logger.warning(
                "something is wrong with a node's ledger",
                metadata: [
                    LogKey.nodeName: "\(alarm.node)", LogKey.ledgerID: "\(alarm.ledger ?? "-")",
                    LogKey.topic: "\(alarm.kind.rawValue)", LogKey.reason: "\(alarm.text)",
                ])
        }
    }
}

extension ReceivedEntry {
    init(_ entry: IncomingEntry) {
        self.init(
            ledger: entry.ledger, number: entry.number, type: entry.type, at: entry.at,
            previousHash: entry.previousHash, hash: entry.hash, bytes: entry.bytes, stubReason: entry.stubReason,
            node: entry.node, session: entry.session, gap: entry.gap,
            output: entry.output.map { ($0.bytes, $0.frames) }, outputOmitted: entry.outputOmitted)
    }
}
