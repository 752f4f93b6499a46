// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore
import SessionRecords

/// What a session printed, in three forms.
struct OutputHandler: Sendable {
    enum Format: String, CaseIterable {
        /// For reading: control characters are written out.
        case plain
        /// The very bytes.
        case raw
        /// The bytes and their frames, with both hashes, as JSON.
        case frames
    }

    let store: CollectorStore

    func respond(to request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["format"])
        let format = try request.query.choice("format", as: Format.self) ?? .plain
        guard let output = try await store.output(try request.sessionID, scope: scope) else {
            throw APIError.unknownSession
        }
        switch output {
        case .absent(let reason):
            throw APIError(.notFound, "output.absent", "there is no output of this session: \(reason)")
        case .erased(let erasure):
            throw APIError(
                .notFound, "output.erased",
                "the output was erased at \(erasure.at) by \(erasure.actor): \(erasure.reason)")
        case .kept(let bytes, let frames, let sha256, let framesSHA256):
            switch format {
            case .plain:
                return Response(
                    status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: SafeText.lines(bytes))))
            case .raw:
                return Response(
                    status: .ok,
                    headers: [.contentType: "application/octet-stream", .contentDisposition: "attachment"],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
            case .frames:
                return JSONBody.response { json in
                    json.member("bytes", .string(Data(bytes).base64EncodedString()))
                    json.member("frames", .string(Data(frames).base64EncodedString()))
                    json.member("sha256", .string(sha256.description))
                    json.member("framesSHA256", .string(framesSHA256.description))
                }
            }
        }
    }
}

/// Output as text that does nothing to a terminal or a browser that shows it.
enum SafeText {
    /// Lines and tabs stay, a carriage return before a newline goes, all else that is not to be seen is written as `\u{1b}`.
    static func lines(_ bytes: [UInt8]) -> String {
        var text = ""
        var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\n", "\t": text.unicodeScalars.append(scalar)
            case "\r" where scalars.first == "\n": continue
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                    text += "\\u{" + String(scalar.value, radix: 16) + "}"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
        return text
    }

    /// The same in one line.
    static func line(_ text: String) -> String {
        lines(Array(text.utf8)).replacing("\n", with: "\\u{a}").replacing("\t", with: "\\u{9}")
    }
}
