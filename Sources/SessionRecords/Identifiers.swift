// SPDX-License-Identifier: Apache-2.0
import Crypto

/// The runtime's id of one container: 64 hex digits on containerd and CRI-O.
///
/// The id becomes part of file names (the pin) and of log lines, so only what cannot be a path or a control character is
/// let in: 1 to 128 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit.
package struct ContainerID: Hashable, Sendable, Comparable, TextCoded {
    static let meaning = "container ID"
    package let rawValue: String

    /// Nil if the text is not a safe container id.
    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...128).contains(bytes.count), let first = bytes.first, Self.isAlphanumeric(first),
            bytes.allSatisfy({ Self.isAlphanumeric($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D })
        else { return nil }
        rawValue = String(text)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    package var description: String { rawValue }

    package static func < (lhs: ContainerID, rhs: ContainerID) -> Bool {
        lhs.rawValue < rhs.rawValue
    }
}

/// The API server's `metadata.uid` of a pod (for a static pod on the node: its configuration hash). Any text of 1 to 128
/// bytes; it is compared and shown, never used as a path.
package struct PodUID: Hashable, Sendable, Comparable, TextCoded {
    static let meaning = "pod UID"
    package let rawValue: String

    package init?(_ text: String) {
        guard (1...128).contains(text.utf8.count) else { return nil }
        rawValue = text
    }

    package var description: String { rawValue }

    package static func < (lhs: PodUID, rhs: PodUID) -> Bool {
        lhs.rawValue < rhs.rawValue
    }
}

/// A session's id: a UUID of version 5 (RFC 9562, SHA-1) of the container ID alone, so that every observer of one
/// container arrives at the same id; for a session without a container, of pod UID and container name.
package struct SessionID: Hashable, Sendable, Comparable, TextCoded {
    static let meaning = "session ID"
    /// Lower-case hyphenated text.
    package let rawValue: String

    /// Lastword's name space for UUIDv5: itself the UUIDv5 of `lastword.session` in the RFC's DNS name space.
    private static let nameSpace: [UInt8] = uuid5(
        nameSpace: [
            0x6B, 0xA7, 0xB8, 0x10, 0x9D, 0xAD, 0x11, 0xD1, 0x80, 0xB4, 0x00, 0xC0, 0x4F, 0xD4, 0x30, 0xC8,
        ], name: "lastword.session")

    package init(container: ContainerID) {
        rawValue = Self.text(Self.uuid5(nameSpace: Self.nameSpace, name: container.rawValue))
    }

    /// For a container that was asked for and never made.
    package init(podUID: PodUID, containerName: String) {
        rawValue = Self.text(Self.uuid5(nameSpace: Self.nameSpace, name: podUID.rawValue + "/" + containerName))
    }

    /// A stored id; nil unless it has the form of a UUID.
    package init?(_ text: String) {
        let lower = text.lowercased()
        let bytes = Array(lower.utf8)
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            let hyphen = index == 8 || index == 13 || index == 18 || index == 23
            let hex = (48...57).contains(byte) || (97...102).contains(byte)
            guard hyphen ? byte == 0x2D : hex else { return nil }
        }
        rawValue = lower
    }

    package var description: String { rawValue }

    package static func < (lhs: SessionID, rhs: SessionID) -> Bool {
        lhs.rawValue < rhs.rawValue
    }

    private static func uuid5(nameSpace: [UInt8], name: String) -> [UInt8] {
        var bytes = Array(Insecure.SHA1.hash(data: nameSpace + Array(name.utf8)).prefix(16))
        bytes[6] = (bytes[6] & 0x0F) | 0x50
        bytes[8] = (bytes[8] & 0x3F) | 0x80
        return bytes
    }

    private static func text(_ bytes: [UInt8]) -> String {
        let hex = Hex.encode(bytes)
        let parts = [8, 4, 4, 4, 12]
        var index = hex.startIndex
        return parts.map { length in
            let end = hex.index(index, offsetBy: length)
            defer { index = end }
            return String(hex[index..<end])
        }.joined(separator: "-")
    }
}

/// Lower-case hexadecimal text of bytes.
package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil if the text is not an even number of hex digits.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case 48...57: value = digit - 48
            case 65...70: value = digit - 55
            case 97...102: value = digit - 87
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? bytes : nil
    }
}

/// A SHA-256 digest; text is 64 lower-case hex digits.
package struct Digest: Hashable, Sendable, TextCoded {
    static let meaning = "SHA-256 digest"
    /// Always 32 bytes.
    package let bytes: [UInt8]

    package static let zero = Digest(unchecked: [UInt8](repeating: 0, count: 32))

    private init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(of data: [UInt8]) {
        bytes = Array(SHA256.hash(data: data))
    }

    /// Of several pieces one after the other.
    package init(concatenating pieces: [[UInt8]]) {
        var hash = SHA256()
        for piece in pieces { hash.update(data: piece) }
        bytes = Array(hash.finalize())
    }

    /// Nil unless the text is 64 hex digits.
    package init?(_ text: String) {
        guard let bytes = Hex.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// Nil unless there are 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    package var description: String { Hex.encode(bytes) }
}
