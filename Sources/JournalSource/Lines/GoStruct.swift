// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// A struct as gogo's `String()` writes it, `&TaskExit{ContainerID:x,Pid:1,}`: no quotes, so a value with a comma or a
/// brace in it cannot be told from two. Such a line is not read at all.
struct GoStruct {
    private var fields: [Substring: Substring] = [:]

    /// Nil for anything that is not this struct from front to end.
    init?(_ name: String, _ bytes: ArraySlice<UInt8>) {
        guard let all = String(validating: bytes, as: UTF8.self), all.hasPrefix("&\(name){"), all.hasSuffix(",}") else {
            return nil
        }
        let body = all.dropFirst(name.count + 2).dropLast(2)
        guard !body.contains(where: { $0 == "{" || $0 == "}" }) else { return nil }
        for part in body.split(separator: ",", maxSplits: 64, omittingEmptySubsequences: false) {
            guard let colon = part.firstIndex(of: ":") else { return nil }
            guard fields.updateValue(part[part.index(after: colon)...], forKey: part[..<colon]) == nil else {
                return nil
            }
        }
    }

    func text(_ field: Substring) -> String? {
        fields[field].map { String($0) }
    }

    func number(_ field: Substring) -> Int64? {
        fields[field].flatMap { Int64($0) }
    }

    /// A time as Go prints it, `2026-11-21 08:19:28.212353366 +0000 UTC`.
    func time(_ field: Substring) -> Timestamp? {
        guard let parts = fields[field]?.split(separator: " "), parts.count >= 3, parts[2].utf8.count == 5 else {
            return nil
        }
        return Timestamp(rfc3339: "\(parts[0])T\(parts[1])\(parts[2].prefix(3)):\(parts[2].suffix(2))")
    }
}
