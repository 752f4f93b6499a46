// SPDX-License-Identifier: Apache-2.0

/// One line of a watch, taken apart but not yet decoded.
enum WatchEvent {
    case added(ArraySlice<UInt8>)
    case modified(ArraySlice<UInt8>)
    case deleted(ArraySlice<UInt8>)
    /// Nothing happened up to this version: a point to resume from.
    case bookmark(resourceVersion: String)
    /// A `Status` with its code; 410 means that the resume point is too old.
    case error(code: Int?, message: String)

    /// Nil for a line that is no watch event.
    init?(line: [UInt8]) {
        guard let members = JSONSlicer.members(["type", "object"], of: line[...]), let object = members["object"] else {
            return nil
        }
        switch JSONSlicer.plainString(members["type"]) {
        case "ADDED": self = .added(object)
        case "MODIFIED": self = .modified(object)
        case "DELETED": self = .deleted(object)
        case "BOOKMARK":
            let metadata = JSONSlicer.members(["metadata"], of: object)?["metadata"]
            guard let metadata, let meta = JSONSlicer.members(["resourceVersion"], of: metadata),
                let version = JSONSlicer.plainString(meta["resourceVersion"])
            else { return nil }
            self = .bookmark(resourceVersion: version)
        case "ERROR":
            let status = JSONSlicer.members(["code", "message"], of: object)
            let code = status?["code"].flatMap { Int(String(decoding: $0, as: UTF8.self)) }
            self = .error(code: code, message: JSONSlicer.plainString(status?["message"]) ?? "")
        default: return nil
        }
    }
}
