// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import ConfigurationReading
import SIEMFormats
import SIEMOutputs

extension CollectorConfiguration {
    private typealias Keys = OutputConfigurationKeys

    /// Everything below `outputs`, in the order of the file.
    static func outputs(_ reader: inout ConfigurationReader) -> [OutputSettings] {
        let outputs = reader.members(of: "outputs").compactMap { output($0, &reader) }
        var paths: Set<String> = []
        for output in outputs {
            guard case .file(let file) = output.receiver, !paths.insert(file.path).inserted else { continue }
            reader.contradiction(
                Keys.path, of: output.name, "another output writes to \(file.path)", remedy: "name another file")
        }
        return outputs
    }

    private static func output(_ name: String, _ reader: inout ConfigurationReader) -> OutputSettings? {
        let type = reader.read(Keys.type, of: name)
        let words = reader.read(Keys.events, of: name)
        let sendsOutput = reader.read(Keys.output, of: name)
        let outputBytes = reader.read(Keys.outputBytes, of: name)
        let start = reader.read(Keys.start, of: name)
        let syslog = syslog(name, isMeant: type == .syslog, &reader)
        let file = file(name, isMeant: type == .file, &reader)
        let kinds = words.reduce(into: Set<FeedKind>()) { $0.formUnion(OutputEvents.kinds[$1] ?? []) }
        if kinds.isEmpty {
            reader.contradiction(
                Keys.events, of: name, "nothing is to be sent", remedy: "name events, or remove the output")
        }
        if type == nil {
            reader.contradiction(Keys.type, of: name, "it is missing", remedy: "set it to syslog or file")
        }
        guard let receiver = syslog.map(OutputSettings.Receiver.syslog) ?? file.map(OutputSettings.Receiver.file) else {
            return nil
        }
        return OutputSettings(
            name: name, kinds: kinds, outputBytes: sendsOutput ? outputBytes.bytes : nil,
            fromBeginning: start == .beginning, receiver: receiver)
    }

    private static func syslog(
        _ name: String, isMeant: Bool, _ reader: inout ConfigurationReader
    ) -> SyslogSettings? {
        let address = reader.read(Keys.address, of: name)
        let transport = reader.read(Keys.transport, of: name)
        let tls = SyslogSettings.TLS(
            caFile: reader.read(Keys.caFile, of: name), serverName: reader.read(Keys.serverName, of: name),
            certificateFile: reader.read(Keys.certificateFile, of: name),
            keyFile: reader.read(Keys.keyFile, of: name), needsFarewell: reader.read(Keys.farewell, of: name))
        let format = SyslogFormat(
            facility: reader.read(Keys.facility, of: name),
            enterpriseNumber: reader.read(Keys.enterpriseNumber, of: name),
            maxBytes: reader.read(Keys.maxBytes, of: name).bytes, host: HostName.current(),
            version: CollectorApplication.version)
        let (confirm, resend) = (reader.read(Keys.confirm, of: name), reader.read(Keys.resend, of: name))
        let timeout = reader.read(Keys.timeout, of: name)
        guard isMeant else {
            refuse(Keys.syslog, "file", &reader, name)
            return nil
        }
        if (tls.certificateFile == nil) != (tls.keyFile == nil) {
            reader.contradiction(
                Keys.certificateFile, of: name, "certificate and key belong together",
                remedy: "set both certificateFile and keyFile")
        }
        let files = [tls.caFile, tls.serverName, tls.certificateFile, tls.keyFile]
        if transport == .tcp, files.contains(where: { $0 != nil }) {
            reader.contradiction(
                Keys.transport, of: name, "over plain TCP there are no certificates",
                remedy: "set it to tls, or remove caFile, serverName, certificateFile and keyFile")
        }
        guard let address, address.port > 0 else {
            reader.contradiction(Keys.address, of: name, "it is missing", remedy: "set it to the receiver's host:port")
            return nil
        }
        return SyslogSettings(
            host: address.host, port: address.port, tls: transport == .tls ? tls : nil, format: format,
            confirmAfter: confirm, resend: resend, timeout: timeout)
    }

    private static func file(_ name: String, isMeant: Bool, _ reader: inout ConfigurationReader) -> FileSettings? {
        let path = reader.read(Keys.path, of: name)
        let rotateBytes = reader.read(Keys.rotateBytes, of: name).bytes
        let (age, keep) = (reader.read(Keys.rotateAge, of: name), reader.read(Keys.keep, of: name))
        guard isMeant else {
            refuse(Keys.file, "syslog", &reader, name)
            return nil
        }
        guard let path else {
            reader.contradiction(Keys.path, of: name, "it is missing", remedy: "set it to the path of a file")
            return nil
        }
        return FileSettings(
            path: path, format: ECSFormat(version: CollectorApplication.version), rotateBytes: rotateBytes,
            rotateAge: age, keep: keep)
    }

    // MARK: Keys of the other type

    private static func refuse(
        _ foreign: [any AnyConfigurationKey], _ type: String, _ reader: inout ConfigurationReader, _ name: String
    ) {
        let keys = foreign.filter { reader.isWritten($0, of: name) }
            .compactMap { $0.name.split(separator: ".").last.map(String.init) }
        guard !keys.isEmpty, reader.isWritten(Keys.type, of: name) else { return }
        reader.contradiction(
            Keys.type, of: name, "an output of type \(type) has no \(keys.joined(separator: ", "))",
            remedy: "remove what belongs to the other type")
    }
}
