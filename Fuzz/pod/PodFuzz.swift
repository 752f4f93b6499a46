// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SessionRecords
import SessionTracking

@testable import PodSource

/// A pod, or a list of pods, of anybody's making is translated within bounds or refused; the slicer takes apart
/// whatever the decoder understands.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let json = Array(UnsafeBufferPointer(start: data, count: size))
    translate(json[...])
    let elements = JSONSlicer.elements(of: json[...])
    let members = JSONSlicer.members(["metadata", "items"], of: json[...])
    for item in JSONSlicer.elements(of: members?["items"] ?? []) ?? [] { translate(item) }
    _ = JSONSlicer.plainString(json[...])
    // The decoder also takes what is not UTF-8, which no API server sends.
    guard json.first.map({ $0 < 0x80 }) == true, !json.contains(0) else { return 0 }
    if let array = try? JSONDecoder().decode([Anything].self, from: Data(json)) {
        precondition(elements?.count == array.count, "the slicer sees another number of elements")
    }
    if (try? JSONDecoder().decode([String: Anything].self, from: Data(json))) != nil {
        precondition(members != nil, "the slicer does not see an object")
    }
    return 0
}

private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}

private func translate(_ json: ArraySlice<UInt8>) {
    guard let pod = try? PodTranslator().translate(json) else { return }
    let facts = pod.facts
    precondition((try? PodTranslator().translate(json)) == pod, "translated twice, differently")
    let names = [facts.namespace, facts.name] + facts.containers.map(\.name) + facts.labels.flatMap { [$0, $1] }
    precondition(names.allSatisfy { $0.utf8.count <= Bounds.nameBytes }, "a name without bound")
    precondition(facts.labels.count <= Bounds.labels, "labels without bound")
}
