// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    // Computed with another implementation of UUIDv5 (Python's uuid module) from the name space
    // uuid5(NAMESPACE_DNS, "lastword.session").
    @Test("a session's id is fixed for all time by its container's")
    func sessionIDs() throws {
        let container = try #require(ContainerID(String(repeating: "0123456789abcdef", count: 4)))
        #expect(SessionID(container: container).rawValue == "d989dafe-108f-51bb-ab53-9c1aa4b7610c")
        let short = try #require(ContainerID("a"))
        #expect(SessionID(container: short).rawValue == "137ab41d-4012-5133-8614-1685fc0018cc")
        let uid = try #require(PodUID("f17d02b7-e656-47a7-99a0-09b68d082924"))
        #expect(
            SessionID(podUID: uid, containerName: "debugger-ckfhs").rawValue == "75d324e2-194b-58bd-aeb3-d42cc526c833")
    }

    @Test("a stored session id is read back, in lower case; anything else is refused")
    func storedSessionIDs() throws {
        let id = "01234567-89ab-5def-8123-456789abcdef"
        #expect(SessionID(id)?.rawValue == id)
        #expect(SessionID(id.uppercased())?.rawValue == id)
        for text in [
            "", "x", id + "0", String(id.dropLast()), id.replacing("-", with: "0"), id.replacing("a", with: "g"),
        ] {
            #expect(SessionID(text) == nil, "\(text)")
        }
    }

    @Test(
        "a container id cannot be a path, a control character or empty",
        arguments: [
            "", ".", "..", "../x", "a/b", "a\u{0}", "a\n", "-a", "_a", " a", "é", String(repeating: "a", count: 129),
        ])
    func containerIDs(_ text: String) {
        #expect(ContainerID(text) == nil)
    }

    @Test("safe container ids are taken as they are")
    func safeContainerIDs() {
        for text in ["a", "A-b_c.9", String(repeating: "f", count: 128)] {
            #expect(ContainerID(text)?.rawValue == text)
        }
        #expect(PodUID("") == nil)
        #expect(PodUID(String(repeating: "a", count: 129)) == nil)
    }

    @Test("hex goes both ways and refuses what is not hex")
    func hex() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        #expect(Hex.decode("0Aff") == [10, 255])
        for text in ["0", "0g", "é", "00 ", "0x"] { #expect(Hex.decode(text) == nil, "\(text)") }
    }

    @Test("a digest is SHA-256, whole or in pieces")
    func digests() {
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Digest(of: Array("abc".utf8)).description == text)
        #expect(Digest(concatenating: [[], [97], [98, 99]]).description == text)
        #expect(Digest(bytes: [1, 2]) == nil)
        #expect(Digest(bytes: Hex.decode(text) ?? []) == Digest(of: Array("abc".utf8)))
    }
}
