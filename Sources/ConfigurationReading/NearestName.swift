// SPDX-License-Identifier: Apache-2.0

/// Finds the name that somebody probably meant.
package enum NearestName {
    /// Longer input is nobody's slip, and the comparison costs the product of both lengths.
    private static let longest = 80

    /// The candidate that differs in the fewest letters (inserted, dropped, changed or swapped; case is free), if it is
    /// near enough to be meant; else one whose last dotted part is the same; else nil.
    package static func find(_ name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= longest else { return nil }
        let wanted = Array(name.lowercased().utf8)
        let scored = candidates.map { (candidate: $0, distance: distance(wanted, Array($0.lowercased().utf8))) }
        if let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= max(2, wanted.count / 4) {
            return best.candidate
        }
        return candidates.first { lastPart($0) == lastPart(name) }
    }

    private static func lastPart(_ name: String) -> String {
        (name.split(separator: ".").last ?? "").lowercased()
    }

    /// Optimal string alignment distance.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var twoBack: [Int] = []
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    previous[column + 1] + 1, current[column] + 1, previous[column] + (byte == other ? 0 : 1))
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    cost = min(cost, twoBack[column - 1] + 1)
                }
                current.append(cost)
            }
            twoBack = previous
            previous = current
        }
        return previous[right.count]
    }
}
