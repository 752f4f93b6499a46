// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

extension HostTests {
    @Test("agent and collector that stand still are killed by systemd's watchdog and come back; no session is missed")
    func watchdog() async throws {
        try await RecordingHost.run { node in
            let host = node.host
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.waitForPin(of: session)
            for unit in Host.Unit.allCases {
                try await host.waitUntilReady(unit)
                try await host.machine.require("systemctl", "kill", "--signal=STOP", unit.rawValue)
            }
            try await node.finish(session)
            try await node.rig.kubelet.removeContainer(session)
            for unit in Host.Unit.allCases {
                // WatchdogSec= is 30 s, and what is measured from is at most half of it ago.
                try await waitUntil(
                    limit: .seconds(120), every: .milliseconds(500), "\(unit.rawValue) is started again"
                ) {
                    try await host.property("NRestarts", of: unit) == "1"
                }
                try await host.waitUntilReady(unit)
                #expect(try await host.journal(unit).contains("Failed with result 'watchdog'"))
            }
            try await node.expectWhole(session)
            try await node.rig.kubelet.deletePod(pod, grace: 0)
        }
    }
}
