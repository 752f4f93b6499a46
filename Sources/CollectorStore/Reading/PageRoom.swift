// SPDX-License-Identifier: Apache-2.0

/// How much one page may still hold. A page ends behind the row that fills it: the first row always fits, whatever its size,
/// so that the list gets on.
struct PageRoom {
    static let bytes = 16 << 20

    private var left = PageRoom.bytes

    var isLeft: Bool { left > 0 }

    mutating func take(_ size: Int) {
        left -= min(left, size)
    }
}
