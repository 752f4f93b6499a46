// SPDX-License-Identifier: Apache-2.0

/// One field of an entry to be sent: a name of ours, and bytes of anybody's.
package struct JournalField: Hashable, Sendable {
    package let name: String
    package let value: [UInt8]

    /// Nil for a name that journald would leave out without a word: anything but 1 to 64 of `A-Z 0-9 _`, beginning with a
    /// letter. (Names with `_` in front are journald's own to give.)
    package init?(_ name: String, _ value: [UInt8]) {
        guard JournalName.isValid(name), name.utf8.first != UInt8(ascii: "_") else { return nil }
        self.name = name
        self.value = value
    }

    package init?(_ name: String, _ value: String) {
        self.init(name, Array(value.utf8))
    }
}

/// What an entry must have: a field with exactly this value.
package struct JournalMatch: Hashable, Sendable {
    package let field: String
    package let value: String

    /// Nil for a field that cannot be matched: journald's address fields (`__…`), and what is no field's name.
    package init?(_ field: String, _ value: String) {
        guard JournalName.isValid(field), !field.hasPrefix("__") else { return nil }
        self.field = field
        self.value = value
    }

    var bytes: [UInt8] { Array("\(field)=\(value)".utf8) }
}

/// The rules for names of fields (systemd's `journal_field_valid`).
enum JournalName {
    static func isValid(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, !(48...57).contains(first) else { return false }
        return bytes.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
    }
}
