// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import Foundation
import SessionRecords
import SessionTracking
import SwiftProtobuf
import Testing

@testable import RuntimeSource

@Suite("Translation of CRI's answers")
struct CRITranslatorTests {
    /// What `crictl inspect` printed, turned back into the message.
    private func answer(_ name: String) throws -> Runtime_V1_ContainerStatusResponse {
        let data = try RecordedStreams.fixture(name)
        let json = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let status = try #require(json["status"] as? [String: Any])
        func time(_ key: String) throws -> Int64 {
            let text = try #require(status[key] as? String)
            // crictl prints 0 as a time in year 1.
            return Timestamp(rfc3339: text)?.nanoseconds ?? 0
        }
        let state: Runtime_V1_ContainerState =
            switch status["state"] as? String {
            case "CONTAINER_RUNNING": .containerRunning
            case "CONTAINER_EXITED": .containerExited
            default: .containerUnknown
            }
        let info = try JSONSerialization.data(withJSONObject: json["info"] ?? [:])
        return try .with {
            $0.status = try .with {
                $0.id = status["id"] as? String ?? ""
                $0.state = state
                $0.createdAt = try time("createdAt")
                $0.startedAt = try time("startedAt")
                $0.finishedAt = try time("finishedAt")
                $0.exitCode = Int32(status["exitCode"] as? Int ?? 0)
                $0.reason = status["reason"] as? String ?? ""
                $0.message = status["message"] as? String ?? ""
                $0.imageRef = status["imageRef"] as? String ?? ""
                $0.labels = status["labels"] as? [String: String] ?? [:]
                $0.logPath = status["logPath"] as? String ?? ""
            }
            $0.info["info"] = String(decoding: info, as: UTF8.self)
        }
    }

    @Test("an exited container's code, reason and times are told")
    func exited() throws {
        let status = try #require(CRITranslator.status(answer("crictl-inspect-notty-exited.json").status))
        #expect(status.state == .exited)
        #expect(status.exitCode == 42)
        #expect(status.reason == "Error")
        #expect(status.startedAt?.description.hasPrefix("2026-11-21T02:40:00.5") == true)
        #expect(status.finishedAt?.description == "2026-11-21T02:40:10.522775261Z")
        #expect(status.logPath?.hasSuffix("/debugger-wbcnr/0.log") == true)
    }

    @Test("a running container has neither an exit code nor an end")
    func running() throws {
        let status = try #require(CRITranslator.status(answer("crictl-inspect-notty-running.json").status))
        #expect(status.state == .running)
        #expect(status.exitCode == nil)
        #expect(status.finishedAt == nil)
    }

    @Test("a start failure has no start, and its message")
    func startFailure() throws {
        let status = try #require(CRITranslator.status(answer("crictl-inspect-badcmd.json").status))
        #expect(status.exitCode == 128)
        #expect(status.reason == "StartError")
        #expect(status.startedAt == nil)
        #expect(status.message?.contains("no such file or directory") == true)
    }

    @Test("CRI-O's -1 is no exit code")
    func unknownCode() throws {
        let status = CRITranslator.status(
            .with {
                $0.id = "abc"
                $0.state = .containerExited
                $0.exitCode = -1
                $0.finishedAt = .min
            })
        #expect(status?.state == .exited)
        #expect(status?.exitCode == nil)
        #expect(status?.finishedAt == nil)
    }

    @Test("a description made from CRI alone names the pod, the command and no environment value")
    func description() throws {
        let description = try #require(
            CRITranslator.description(answer("crictl-inspect-tty-exited.json"), version: nil))
        #expect(description.witness == .criStatus)
        #expect(description.pod == "debug-target")
        #expect(description.command?.first == "sh")
        #expect(description.tty == true)
        #expect(description.envNames?.contains("KUBERNETES_SERVICE_HOST") == true)
        #expect(!"\(description)".contains("10.96.0.1"))
        #expect(description.sandboxID == "a99e32b79fa78aad3071e45013027875933b393d6a451e2805286550a2ae1ee6")
    }
}
