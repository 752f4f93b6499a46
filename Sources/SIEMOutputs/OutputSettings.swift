// SPDX-License-Identifier: Apache-2.0
package import CollectorStore
package import SIEMFormats

/// One output, as it was configured.
package struct OutputSettings: Sendable {
    package enum Receiver: Sendable {
        case syslog(SyslogSettings)
        case file(FileSettings)
    }

    /// Names its mark in the store: another name begins anew.
    package var name: String
    package var kinds: Set<FeedKind>
    /// How many bytes of an output go along, from its end; nil for none.
    package var outputBytes: Int?
    package var fromBeginning: Bool
    package var receiver: Receiver

    package init(
        name: String, kinds: Set<FeedKind>, outputBytes: Int?, fromBeginning: Bool, receiver: Receiver
    ) {
        self.name = name
        self.kinds = kinds
        self.outputBytes = outputBytes
        self.fromBeginning = fromBeginning
        self.receiver = receiver
    }
}

extension OutputSettings {
    /// Where it goes, for people.
    package var place: String {
        switch receiver {
        case .syslog(let syslog): "\(syslog.tls == nil ? "tcp" : "tls") \(syslog.host):\(syslog.port)"
        case .file(let file): file.path
        }
    }
}

/// A syslog receiver.
package struct SyslogSettings: Sendable {
    package struct TLS: Sendable {
        /// Nil: the system's authorities.
        package var caFile: String?
        /// The name that the certificate must be for; nil: the address's host.
        package var serverName: String?
        package var certificateFile: String?
        package var keyFile: String?
        /// Whether only an end with TLS's own farewell (`close_notify`) says that everything was read: all else anybody on the
        /// way could feign.
        package var needsFarewell: Bool

        package init(
            caFile: String?, serverName: String?, certificateFile: String?, keyFile: String?, needsFarewell: Bool
        ) {
            self.caFile = caFile
            self.serverName = serverName
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.needsFarewell = needsFarewell
        }
    }

    package var host: String
    package var port: Int
    /// Nil: plain TCP.
    package var tls: TLS?
    package var format: SyslogFormat
    /// The longest time between an event's sending and the question whether it was read.
    package var confirmAfter: Duration
    /// What was read so long ago is not sent again when the connection breaks.
    package var resend: Duration
    /// For a connection, a batch, an answer.
    package var timeout: Duration

    package init(
        host: String, port: Int, tls: TLS?, format: SyslogFormat, confirmAfter: Duration = .seconds(10),
        resend: Duration = .seconds(30), timeout: Duration = .seconds(30)
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.format = format
        self.confirmAfter = confirmAfter
        self.resend = resend
        self.timeout = timeout
    }
}

/// A file of lines.
package struct FileSettings: Sendable {
    package var path: String
    package var format: ECSFormat
    /// A file of this size, or this old, is put aside.
    package var rotateBytes: Int
    package var rotateAge: Duration
    /// How many that were put aside are kept.
    package var keep: Int

    package init(path: String, format: ECSFormat, rotateBytes: Int, rotateAge: Duration, keep: Int) {
        self.path = path
        self.format = format
        self.rotateBytes = rotateBytes
        self.rotateAge = rotateAge
        self.keep = keep
    }
}
