// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore

/// One route of the API: what it is called, who may ask, and who answers.
struct Route: Sendable {
    enum Access: Sendable, Equatable {
        /// Anybody, without a login.
        case open
        /// Whoever has the role.
        case role(Principal.Role)
        /// A reader who is not limited to namespaces: what belongs to nodes.
        case unlimitedReader
        /// From this machine without a login, otherwise any reader.
        case loopbackOrReader
        /// A page for any reader, who may also be signed in by a cookie.
        case page
        /// A page about nodes: the same, for readers who are not limited to namespaces.
        case nodePage
    }

    let method: HTTPRequest.Method
    /// As in the OpenAPI document: `/v1/sessions/{id}`.
    let path: String
    let access: Access
    /// Nil: the route takes no body.
    let bodyLimit: Int?
    let handler: @Sendable (APIRequest) async throws -> Response
    /// How an error is told; JSON where nothing else is agreed.
    let failure: @Sendable (APIRequest, APIError) -> Response
    private let segments: [Substring]

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, bodyLimit: Int? = nil,
        failure: @escaping @Sendable (APIRequest, APIError) -> Response = { $1.response },
        handler: @escaping @Sendable (APIRequest) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.bodyLimit = bodyLimit
        self.failure = failure
        self.handler = handler
        segments = path.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// The parameters of a path that is this route's; nil for another path.
    func match(_ path: String) -> [String: String]? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, part) in zip(segments, parts) {
            if segment.hasPrefix("{") {
                guard let value = PercentCoding.decode(part), !value.isEmpty else { return nil }
                parameters[String(segment.dropFirst().dropLast())] = value
            } else if segment != part {
                return nil
            }
        }
        return parameters
    }
}

enum PercentCoding {
    /// Nil for a broken escape and for what is not UTF-8.
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
