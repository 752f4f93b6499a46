// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore
import SessionRecords

/// The body of an answer, written piece by piece: a record stands in it as the very bytes that the agent made.
struct JSONBody {
    private var buffer = ByteBuffer()
    /// Whether the object or list at hand has nothing in it yet, from the outermost to the innermost.
    private var isEmpty: [Bool] = []

    mutating func object(_ body: (inout JSONBody) throws -> Void) rethrows {
        try nested("{", "}", body)
    }

    mutating func list(_ key: String, _ body: (inout JSONBody) throws -> Void) rethrows {
        name(key)
        try nested("[", "]", body)
    }

    mutating func object(_ key: String, _ body: (inout JSONBody) throws -> Void) rethrows {
        name(key)
        try nested("{", "}", body)
    }

    /// A member of the object at hand; nil leaves it out.
    mutating func member(_ key: String, _ value: JSONValue?) {
        guard let value else { return }
        name(key)
        buffer.writeString(value.compact)
    }

    mutating func member(_ key: String, raw: [UInt8]) {
        name(key)
        buffer.writeBytes(raw)
    }

    mutating func element(_ value: JSONValue) {
        separate()
        buffer.writeString(value.compact)
    }

    mutating func element(raw: [UInt8]) {
        separate()
        buffer.writeBytes(raw)
    }

    mutating func element(_ body: (inout JSONBody) throws -> Void) rethrows {
        separate()
        try nested("{", "}", body)
    }

    private mutating func nested(
        _ open: String, _ close: String, _ body: (inout JSONBody) throws -> Void
    ) rethrows {
        buffer.writeString(open)
        isEmpty.append(true)
        try body(&self)
        isEmpty.removeLast()
        buffer.writeString(close)
    }

    private mutating func name(_ key: String) {
        separate()
        buffer.writeString(JSONValue.string(key).compact + ":")
    }

    private mutating func separate() {
        guard let last = isEmpty.last else { return }
        if !last { buffer.writeString(",") }
        isEmpty[isEmpty.count - 1] = false
    }

    var response: Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: buffer))
    }

    static func response(_ body: (inout JSONBody) throws -> Void) rethrows -> Response {
        var json = JSONBody()
        try json.object(body)
        return json.response
    }

    /// A body that is a record already.
    static func response(raw: [UInt8]) -> Response {
        var json = JSONBody()
        json.buffer.writeBytes(raw)
        return json.response
    }
}
