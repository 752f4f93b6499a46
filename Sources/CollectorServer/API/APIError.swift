// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore
import SessionRecords

/// Why a request is not answered as it asked.
struct APIError: Error {
    var status: HTTPResponse.Status
    /// Stable: `auth.required`, `query.invalid`, `session.unknown`.
    var code: String
    var message: String
    var remedy: String?
    /// When it is worth to be tried again.
    var retryAfter: Duration?

    init(
        _ status: HTTPResponse.Status, _ code: String, _ message: String, remedy: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
        self.retryAfter = retryAfter
    }

    /// What a store's failure means to the one who asked. The path of a file and the words of SQLite are for the log.
    init(store error: LastwordError) {
        switch error.code {
        case "store.busy", "store.closed", "store.full", "store.write", "store.unwritable", "store.read-only":
            self.init(
                .serviceUnavailable, error.code, "the store cannot take it now",
                remedy: "send it again later; the collector's log says why", retryAfter: .seconds(5))
        default:
            self.init(.internalServerError, error.code, "the store failed", remedy: "the collector's log says why")
        }
    }

    var response: Response {
        var object = JSONObject([("code", .string(code)), ("message", .string(message))])
        object["remedy"] = remedy.map(JSONValue.string)
        let body = JSONValue.object(JSONObject([("error", .object(object))])).compact + "\n"
        return Response(
            status: status, headers: headers.with(.contentType, "application/json"),
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }

    /// The fields that go with the status, whatever form the body has.
    var headers: HTTPFields {
        var headers = HTTPFields()
        if let retryAfter {
            // Whole seconds, rounded up.
            let seconds = retryAfter.components.seconds + (retryAfter.components.attoseconds > 0 ? 1 : 0)
            headers[.retryAfter] = String(max(1, seconds))
        }
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer realm=\"lastword\"" }
        return headers
    }
}

extension HTTPFields {
    func with(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        var fields = self
        fields[name] = value
        return fields
    }
}
