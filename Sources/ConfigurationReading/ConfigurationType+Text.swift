// SPDX-License-Identifier: Apache-2.0
import SessionRecords

extension ConfigurationType<String> {
    /// Any text of 1 to `limit` bytes without control characters.
    package static func text(limit: Int) -> ConfigurationType {
        ConfigurationType("text", expectation: "a text", bounds: "1…\(limit) bytes", render: { $0 }) {
            content throws(ConfigurationRefusal) in
            try Self.bounded(content, limit: limit)
        }
    }

    /// An absolute path; nothing is looked at on disk.
    package static let path = ConfigurationType("path", expectation: "an absolute path", render: { $0 }) {
        content throws(ConfigurationRefusal) in
        let text = try Self.bounded(content, limit: 4095)
        guard text.hasPrefix("/") else { throw .unusable("it is not an absolute path") }
        return text
    }

    /// An absolute path, or `unix://` and one, that fits into a socket address.
    package static let socket = ConfigurationType(
        "path", expectation: "the absolute path of a unix socket", render: { $0 }
    ) {
        content throws(ConfigurationRefusal) in
        var text = try Self.bounded(content, limit: 4095)
        if text.hasPrefix("unix://") { text.removeFirst("unix://".utf8.count) }
        guard text.hasPrefix("/") else { throw .unusable("it is not an absolute path") }
        // `sun_path` of unix(7) holds 108 bytes with its final NUL.
        guard text.utf8.count <= 107 else { throw .outOfRange("up to 107 bytes, which is what a socket address holds") }
        return text
    }

    /// `https://host[:port][/path]`, or `http://` to this machine alone: over plain HTTP a token could be read on the way.
    package static let apiURL = ConfigurationType(
        "URL", expectation: "a URL such as https://10.0.0.1:6443", bounds: "`https`; `http` to a loopback address only",
        render: { $0 }
    ) { content throws(ConfigurationRefusal) in
        let text = try Self.bounded(content, limit: 2048)
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "https" || parts[0] == "http" else { throw .wrongType }
        let authority = parts[1].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, !text.contains(" ") else { throw .wrongType }
        guard !authority.contains("@") else {
            throw .unusable("credentials do not belong into a URL; name a token file")
        }
        // Behind the last colon, unless that one is inside an IPv6 address. Larger ones end the process in NIO.
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            let port = authority[authority.index(after: colon)...]
            guard let number = Int(port), (1...65_535).contains(number) else {
                throw .outOfRange("a port from 1 to 65535")
            }
        }
        if parts[0] == "http" {
            let host = ListenAddress(text: String(authority))?.host ?? String(authority)
            guard ServerAddress.isThisHost(host) else {
                throw .unusable(
                    "plain http is accepted to a loopback address only, since a token would travel in the clear")
            }
        }
        return text
    }

    /// The SHA-256 of a certificate in hexadecimal, with or without colons; kept in lower case without them.
    package static let fingerprint = ConfigurationType(
        "fingerprint", expectation: "the SHA-256 of a certificate in 64 hexadecimal digits", render: { $0 }
    ) { content throws(ConfigurationRefusal) in
        let digits = try content.text().lowercased().filter { $0 != ":" }
        guard digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit) else { throw .wrongType }
        return digits
    }

    fileprivate static func bounded(
        _ content: ConfigurationValue.Content, limit: Int
    ) throws(ConfigurationRefusal) -> String {
        let text = try content.text()
        guard (1...limit).contains(text.utf8.count) else { throw .outOfRange("from 1 to \(limit) bytes") }
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw .unusable("it holds control characters")
        }
        return text
    }
}

extension ConfigurationType<[String]> {
    /// At most 1000 items, none twice; in a flag or a variable they are separated by commas.
    package static func list(of item: String, example: String, matches: @escaping @Sendable (String) -> Bool)
        -> ConfigurationType
    {
        ConfigurationType(
            "list", expectation: "a list of \(item)s such as \(example)", bounds: "\(item)s, at most 1000",
            isList: true,
            render: { $0.joined(separator: ",") }
        ) { content throws(ConfigurationRefusal) in
            guard case .list(let items) = content else { throw .wrongType }
            guard items.count <= 1000 else { throw .outOfRange("up to 1000 items") }
            for (index, text) in items.enumerated() {
                guard matches(text) else { throw .unusable("\(Quoted.text(text)) is not a \(item)") }
                guard !items[..<index].contains(text) else {
                    throw .unusable("\(Quoted.text(text)) stands there twice")
                }
            }
            return items
        }
    }

    /// Namespaces are RFC 1123 labels.
    package static let namespaces = list(of: "namespace", example: "[default, web]") { name in
        (1...63).contains(name.utf8.count) && name.utf8.allSatisfy(isLowerAlphanumericOrDash)
            && name.first != "-" && name.last != "-"
    }

    /// Names of systemd units, with their ending.
    package static let units = list(of: "unit", example: "[containerd.service]") { name in
        (3...255).contains(name.utf8.count) && name.contains(".") && name.first != "."
            && name.utf8.allSatisfy {
                isLowerAlphanumericOrDash($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                    || #":_.\@"#.utf8.contains($0)
            }
    }

    /// Label keys: an optional DNS prefix and a slash, then up to 63 letters, digits, `-`, `_`, `.`.
    package static let labelKeys = list(of: "label key", example: "[app.kubernetes.io/name]") { key in
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let name = parts.last else { return false }
        return (1...63).contains(name.utf8.count)
            && parts.allSatisfy { part in
                (1...253).contains(part.utf8.count)
                    && part.utf8.allSatisfy {
                        isLowerAlphanumericOrDash($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                            || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
                    }
            }
    }

    private static func isLowerAlphanumericOrDash(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-")
    }
}

extension ConfigurationType<ListenAddress?> {
    /// `off` is nil: no server.
    package static let listenAddress = ConfigurationType(
        "address", expectation: "host:port such as 127.0.0.1:9464, or off", render: { $0?.description ?? "off" }
    ) { content throws(ConfigurationRefusal) in
        let text = try content.text()
        if text == "off" { return nil }
        guard let address = ListenAddress(text: text) else { throw .wrongType }
        return address
    }
}

extension ConfigurationType<ListenAddress> {
    package static let address = ConfigurationType(
        "address", expectation: "host:port such as 127.0.0.1:4318", render: { $0.description }
    ) { content throws(ConfigurationRefusal) in
        guard let address = ListenAddress(text: try content.text()) else { throw .wrongType }
        return address
    }
}
