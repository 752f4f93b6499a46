// SPDX-License-Identifier: Apache-2.0
import Foundation
import PodSource
import SessionTracking
import Testing

/// Pod objects that a real 1.36 cluster showed, from the fixtures beside this file.
enum RecordedPods {
    static func bytes(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/" + name, withExtension: "json"))
        return Array(try Data(contentsOf: url))
    }

    static func text(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }

    static func facts(_ name: String) throws -> PodFacts {
        try PodTranslator().translate(try bytes(name)).facts
    }

    static var names: [String] {
        get throws {
            let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".json") && !$0.hasPrefix("4-kubelet-api") }
                .map { String($0.dropLast(".json".count)) }.sorted()
        }
    }

    /// A small pod of our own: `spec`, `status` and more metadata as JSON fragments.
    static func pod(
        _ name: String = "p", uid: String = "11111111-0000-0000-0000-000000000001", node: String = "node-1",
        metadata: String = "", spec: String = #""containers":[{"name":"app","image":"nginx"}]"#, status: String = ""
    ) -> String {
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"\(name)","namespace":"default","uid":"\(uid)"\
        \(metadata.isEmpty ? "" : "," + metadata)},"spec":{"nodeName":"\(node)",\(spec)},"status":{\(status)}}
        """
    }

    static func facts(json: String) throws -> PodFacts {
        try PodTranslator().translate(Array(json.utf8)).facts
    }
}
