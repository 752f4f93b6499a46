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

    /// Everything but the unreserved characters of RFC 3986 is written as `%XX`.
    package static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isUnreserved =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._~".utf8.contains(byte)
            if isUnreserved {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        // A segment of dots alone would be taken for a step up.
        return result == "." || result == ".." ? result.replacing(".", with: "%2E") : result
    }
}
