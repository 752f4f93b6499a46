// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// One SD-ELEMENT whose values can be made shorter until it fits. What was cut ends in `…` and is named in `cut`.
struct SyslogElement {
    private let id: String
    private var parameters: [(name: String, value: String, isCut: Bool)]

    /// - Parameter parameters: the most important first; names are ours, values anybody's.
    init(_ id: String, _ parameters: [(name: String, value: String)]) {
        self.id = id
        self.parameters = parameters.map { ($0.name, SyslogEscaping.visible($0.value), false) }
    }

    /// The longest values lose half of themselves first, then the last parameters go, until there are at most `limit` bytes.
    mutating func fit(into limit: Int) {
        for index in parameters.indices where parameters[index].value.utf8.count > max(limit, Self.shortest) {
            parameters[index].value = Bounds.clip(parameters[index].value, to: max(limit, Self.shortest))
            parameters[index].isCut = true
        }
        var size = bytes.count
        while size > limit {
            let longest = parameters.indices.dropFirst(Self.unshortened).max {
                parameters[$0].value.utf8.count < parameters[$1].value.utf8.count
            }
            guard let longest, parameters[longest].value.utf8.count > Self.shortest else { break }
            let half = max(Self.shortest, parameters[longest].value.utf8.count / 2)
            parameters[longest].value = Bounds.clip(parameters[longest].value, to: half)
            parameters[longest].isCut = true
            size = bytes.count
        }
        while size > limit, parameters.count > Self.unshortened {
            parameters.removeLast()
            size = bytes.count
        }
    }

    /// The first ones name the event and are never cut.
    private static let unshortened = 6
    private static let shortest = 24

    var bytes: [UInt8] {
        var bytes = Array("[\(id)".utf8)
        for parameter in parameters { Self.append(parameter.name, parameter.value, to: &bytes) }
        let cut = parameters.filter(\.isCut).map(\.name)
        if !cut.isEmpty { Self.append("cut", cut.joined(separator: ","), to: &bytes) }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes += " \(name)=\"".utf8
        SyslogEscaping.parameter(value, into: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }
}
