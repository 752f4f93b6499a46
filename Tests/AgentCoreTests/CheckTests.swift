// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import TestSupport
import Testing

@testable import AgentCore

/// Those checks whose faults cannot be provoked on every machine: what the kernel says is given.
@Suite("Checks of the surroundings")
struct CheckTests {
    private func surroundings(
        clock: Bool? = true, context: String? = nil, enforcing: Bool? = nil
    ) -> CheckSurroundings {
        CheckSurroundings(
            isClockSynchronised: { clock }, securityContext: { context }, isEnforcing: { enforcing })
    }

    @Test("a clock that nobody keeps right is a warning with a remedy, and no failure")
    func clock() {
        let bad = surroundings(clock: false).clock()
        #expect(bad.failure == nil && bad.warning?.code == "check.clock-unsynchronised")
        #expect(bad.text.hasPrefix("warn  clock: ") && bad.text.contains("remedy: "))
        #expect(bad.json.compact.contains(#""ok":true"#) && bad.json.compact.contains(#""warning":true"#))
        #expect(surroundings(clock: true).clock().warning == nil)
        #expect(surroundings(clock: nil).clock().warning == nil)
    }

    @Test("SELinux: a container's ordinary type is warned of where it is enforcing, and nothing else is")
    func confinement() {
        let context = "system_u:system_r:container_t:s0:c1,c2"
        for enforcing in [true, nil] {
            let bad = surroundings(context: context, enforcing: enforcing).confinement()
            #expect(bad.failure == nil && bad.warning?.code == "check.selinux-confined")
            #expect(bad.warning?.message.contains("container_t") == true && bad.warning?.remedy != nil)
        }
        #expect(surroundings(context: context, enforcing: false).confinement().warning == nil)
        for other in [nil, "unconfined", "cri-containerd.apparmor.d", "system_u:system_r:spc_t:s0", ""] {
            #expect(surroundings(context: other, enforcing: true).confinement().warning == nil, "\(other ?? "-")")
        }
    }

    @Test("the machine itself can be asked")
    func system() {
        #expect(CheckSurroundings.system.clock().failure == nil)
        #expect(CheckSurroundings.system.confinement().failure == nil)
        #expect(CheckSurroundings.system.isClockSynchronised() != nil)
    }

    private func token(_ claims: String) -> String {
        let part = Data(claims.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
        return "e30.\(part).c2ln"
    }

    @Test("a token that has ended is named with its file and its time; what is no such token is let be")
    func tokens() throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write(token(#"{"aud":["lastword"],"exp":1700000000}"#) + "\n", to: "token")
        let life = try #require(TokenLife(file: file))
        let end = try #require(Timestamp(seconds: 1_700_000_000, nanos: 0))
        let before = try #require(Timestamp(seconds: 1_699_999_999, nanos: 0))
        #expect(life.end == end && life.hasEnded(end) && !life.hasEnded(before))
        let failure = life.failure(end)
        #expect(failure.message.contains(file) && failure.message.contains("2023-11-14T22:13:20"))
        #expect(failure.remedy?.contains("kubelet") == true && !failure.description.contains("c2ln"))
        for other in [
            "lwt_abc", token("{}"), token(#"{"exp":"soon"}"#), token(#"{"exp":-1}"#), token(#"{"exp":1e300}"#), "a.b.c",
            "..", "",
        ] {
            #expect(TokenLife.end(of: other) == nil, "\(other)")
        }
        #expect(TokenLife(file: scratch.file("none")) == nil)
    }
}
