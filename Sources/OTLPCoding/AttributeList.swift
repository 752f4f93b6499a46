// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OTLPProto
import SessionRecords
import SwiftProtobuf

typealias AnyValue = Opentelemetry_Proto_Common_V1_AnyValue
typealias KeyValue = Opentelemetry_Proto_Common_V1_KeyValue

/// Attributes in the order in which they were added. What is nil is left out.
struct AttributeList {
    private(set) var values: [KeyValue] = []

    mutating func add(_ key: String, _ text: String?) {
        guard let text else { return }
        append(key) { $0.stringValue = text }
    }

    mutating func add(_ key: String, _ number: Int64?) {
        guard let number else { return }
        append(key) { $0.intValue = number }
    }

    mutating func add(_ key: String, _ number: Int?) {
        add(key, number.map(Int64.init))
    }

    mutating func add(_ key: String, _ flag: Bool?) {
        guard let flag else { return }
        append(key) { $0.boolValue = flag }
    }

    mutating func add(_ key: String, _ time: Timestamp?) {
        add(key, time?.description)
    }

    mutating func add(_ key: String, _ texts: [String]?) {
        guard let texts else { return }
        append(key) { value in
            value.arrayValue = .with { list in
                list.values = texts.map { text in .with { $0.stringValue = text } }
            }
        }
    }

    mutating func add(_ key: String, bytes: [UInt8]) {
        append(key) { $0.bytesValue = Data(bytes) }
    }

    private mutating func append(_ key: String, _ set: (inout AnyValue) -> Void) {
        values.append(
            .with {
                $0.key = key
                $0.value = .with(set)
            })
    }
}
