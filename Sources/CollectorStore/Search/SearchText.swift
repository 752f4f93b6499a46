// SPDX-License-Identifier: Apache-2.0

/// What of an output is searched: readable text, whatever bytes a container printed.
///
/// The index keeps no text of its own, so that an output's words are removed from it by giving the very same text again.
/// Whoever changes what comes out here must build the index anew in a migration.
enum SearchText {
    /// Valid UTF-8 without control characters and without the escape sequences of terminals; each of these becomes a blank,
    /// so that it parts words.
    static func cleaned(_ bytes: some Collection<UInt8>) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index != bytes.endIndex {
            let byte = bytes[index]
            index = bytes.index(after: index)
            if byte == 0x1B {
                // Colours inside a word do not part it; everything else does.
                if index == bytes.endIndex || bytes[index] != UInt8(ascii: "[") { plain.append(0x20) }
                index = afterEscape(bytes, index)
                continue
            }
            // A backspace took back what was before it: what remains is what a person saw.
            if byte == 0x08, let last = plain.last, (0x21..<0x7F).contains(last) {
                plain.removeLast()
            } else {
                plain.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte)
            }
        }
        // Repairs what is no UTF-8.
        var text = String(decoding: plain, as: UTF8.self)
        if !plain.allSatisfy({ $0 < 0x80 }), text.unicodeScalars.contains(where: isUnreadable) {
            var scalars = String.UnicodeScalarView()
            for scalar in text.unicodeScalars { scalars.append(isUnreadable(scalar) ? " " : scalar) }
            text = String(scalars)
        }
        return text
    }

    /// C1 controls, the replacement character, and what is no character.
    private static func isUnreadable(_ scalar: Unicode.Scalar) -> Bool {
        (0x80..<0xA0).contains(scalar.value) || scalar == "\u{FFFD}" || scalar.value & 0xFFFE == 0xFFFE
    }

    /// The index behind an escape sequence whose ESC was taken: CSI up to its final byte, OSC up to BEL or ST, else one byte.
    /// An unterminated one ends after 256 bytes, so that it cannot hide the rest.
    private static func afterEscape<Bytes: Collection<UInt8>>(_ bytes: Bytes, _ start: Bytes.Index) -> Bytes.Index {
        guard start != bytes.endIndex else { return start }
        var index = bytes.index(after: start)
        let limit = bytes.index(start, offsetBy: 256, limitedBy: bytes.endIndex) ?? bytes.endIndex
        switch bytes[start] {
        case UInt8(ascii: "["):
            while index != limit {
                let byte = bytes[index]
                guard (0x20..<0x40).contains(byte) else {
                    return (0x40..<0x7F).contains(byte) ? bytes.index(after: index) : index
                }
                index = bytes.index(after: index)
            }
            return index
        case UInt8(ascii: "]"):
            while index != limit {
                if bytes[index] == 0x07 { return bytes.index(after: index) }
                if bytes[index] == 0x1B { return index }
                index = bytes.index(after: index)
            }
            // No end in sight: what looked like a title may be the text that somebody wants hidden.
            return bytes.index(after: start)
        default:
            return (0x20..<0x7F).contains(bytes[start]) ? index : start
        }
    }
}
