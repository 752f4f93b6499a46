// SPDX-License-Identifier: Apache-2.0
package import ContainerdAPI
package import SessionRecords
import SwiftProtobuf

/// A container that exists only as a record and a log file: the record of a real debug container with other names.
package struct SyntheticContainer: Sendable {
    package typealias Record = Containerd_Services_Containers_V1_Container

    package let id: ContainerID
    package let exitCode: Int
    package let output: [UInt8]
    let logPath: String

    /// What all of them are made from.
    package struct Model: Sendable {
        let record: Record
        let id: String
        /// `<podLogs>/<ns>_<pod>_<uid>`.
        let logDirectory: String
        fileprivate let spec: ByteTemplate
        fileprivate let extensions: [String: ByteTemplate]

        package init(record: Record, of container: RunningContainer) {
            self.record = record
            id = container.id.rawValue
            logDirectory = container.pod.logDirectory
            let needles = [container.logPath, id, container.name].map { Array($0.utf8) }
            spec = ByteTemplate(Array(record.spec.value), needles: needles)
            extensions = record.extensions.mapValues { ByteTemplate(Array($0.value), needles: needles) }
        }
    }

    package init(_ number: Int, of model: Model) throws {
        var hex = String(number, radix: 16)
        hex = String(repeating: "0", count: max(0, 12 - hex.utf8.count)) + hex
        guard let id = ContainerID("bbbb" + hex + String(model.id.suffix(48))) else {
            throw RigError.failed("no id for synthetic container \(number)")
        }
        self.id = id
        exitCode = number % 126
        output = Array("finding \(number): connection pool exhausted\ndone\n".utf8)
        logPath = "\(model.logDirectory)/\(Self.name(number))/0.log"
    }

    private static func name(_ number: Int) -> String { "synthetic-\(number)" }

    /// The model's record with this container's id, name and log in every place where they stand.
    package func record(_ number: Int, of model: Model) -> Record {
        let values = [logPath, id.rawValue, Self.name(number)].map { Array($0.utf8) }
        var record = model.record
        record.id = id.rawValue
        record.labels["io.kubernetes.container.name"] = Self.name(number)
        record.snapshotKey = id.rawValue
        record.spec.value = .init(model.spec.filled(values))
        for (key, template) in model.extensions { record.extensions[key]?.value = .init(template.filled(values)) }
        record.clearCreatedAt()
        record.clearUpdatedAt()
        return record
    }

    /// The log as the runtime would have written it by the container's end.
    package func writeLog() throws {
        guard let slash = logPath.lastIndex(of: "/") else { return }
        try Files.makeDirectories(String(logPath[..<slash]))
        var text = ""
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            text += "2026-01-01T00:00:00.123456789Z stdout F \(line)\n"
        }
        try Files.write(text, to: logPath, mode: 0o640)
    }
}
