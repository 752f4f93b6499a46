// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Addresses of pages, every part of them percent-encoded.
package enum PageLink {
    package static func session(_ id: SessionID, part: Int? = nil) -> String {
        "/sessions/\(id.rawValue)" + (part.map { "?part=\($0)#transcript" } ?? "")
    }

    package static func pod(namespace: String, pod: String) -> String { "/pods/\(encode(namespace))/\(encode(pod))" }

    package static func node(_ name: String) -> String { "/nodes/\(encode(name))" }

    /// The list with these filters; those with an empty value are left out.
    package static func sessions(_ filters: [(name: String, value: String)]) -> String {
        query("/sessions", filters)
    }

    package static func query(_ path: String, _ parameters: [(name: String, value: String)]) -> String {
        let parts = parameters.filter { !$0.value.isEmpty }.map { "\(encode($0.name))=\(encode($0.value))" }
        return parts.isEmpty ? path : path + "?" + parts.joined(separator: "&")
    }

    package static func encode(_ text: String) -> String {
        let result = PercentEncoding.encode(text)
        // A segment of dots alone would be taken for a step up.
        return result == "." || result == ".." ? result.replacing(".", with: "%2E") : result
    }
}
