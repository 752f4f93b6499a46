// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CollectorClient
import SessionRecords

/// `lastword doctor`.
struct DoctorRun: Verb {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check what Lastword needs on this node, and say what to do.",
        discussion: "The exit code is 1 if a check failed; warnings and skipped checks leave it 0.")

    @Option(
        help: ArgumentHelp("The container runtime's socket, if it is not the configured one.", valueName: "path"),
        completion: .file())
    var runtimeSocket: String?

    @Option(
        help: ArgumentHelp("The kubelet's directory of pod logs, if it is not the configured one.", valueName: "path"),
        completion: .directory)
    var podLogs: String?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print it.", valueName: "format"))
    var format: DocumentFormat = .text

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let named = [
            ("--store-directory", global.namedStore(context)), ("--runtime-socket", runtimeSocket),
            ("--logs-pod-logs-directory", podLogs),
        ]
        let target = DoctorTarget(
            storePath: global.storePath(context), runtimeSocket: runtimeSocket, podLogs: podLogs,
            agentFlags: named.flatMap { flag, value in value.map { [flag, $0] } ?? [] })
        var findings: [DoctorFinding] = []
        let remote = global.remote.access(context, environment: true).map { [Self.collector($0, context)] } ?? []
        for check in context.doctorChecks(target) + remote {
            findings.append(DoctorFinding(name: check.name, answer: await check.ask()))
        }
        try context.print(
            JSONValue.array(findings.map(\.json)).document(format)
                ?? DoctorText.render(findings, palette: global.palette(context)))
        return findings.contains { $0.answer.outcome == .failed } ? .nothing : .success
    }
}

extension DoctorRun {
    /// Whether a collector that is named lets us read.
    private static func collector(_ access: CollectorAccess, _ context: CommandContext) -> DoctorCheck {
        DoctorCheck("collector") {
            do {
                let source = try await context.openCollector(access)
                _ = try await source.list(SessionSelection(), 1, nil)
                return DoctorCheck.Answer(.ok, "\(access.url) answers, and lets us read")
            } catch {
                let (message, remedy) = ErrorText.parts(
                    error as? LastwordError ?? LastwordError(code: "collector.failed", message: "\(error)"))
                return DoctorCheck.Answer(.failed, message, remedy: remedy)
            }
        }
    }
}

/// A check's name and what it answered.
struct DoctorFinding: Hashable, Sendable {
    var name: String
    var answer: DoctorCheck.Answer

    var json: JSONValue {
        var object = JSONObject([
            ("check", .string(name)), ("result", .string(answer.outcome.rawValue)), ("detail", .string(answer.detail)),
        ])
        object["remedy"] = answer.remedy.map(JSONValue.string)
        return .object(object)
    }
}

/// The human form of `doctor`: one line a check, the remedy below it.
enum DoctorText {
    static func render(_ findings: [DoctorFinding], palette: Palette = .plain) -> String {
        let width = DoctorCheck.Outcome.allCases.map(\.rawValue.count).max() ?? 0
        let names = findings.map(\.name.count).max() ?? 0
        return findings.map { finding in
            let outcome = finding.answer.outcome
            let style: Palette.Style =
                switch outcome {
                case .ok: .good
                case .warning: .warning
                case .failed: .bad
                case .skipped: .dim
                }
            let mark = palette.paint(outcome.rawValue, style)
            let gap = String(repeating: " ", count: width - outcome.rawValue.count + 2)
            let nameGap = String(repeating: " ", count: names - finding.name.count + 2)
            var text = mark + gap + finding.name + nameGap + TerminalText.line(finding.answer.detail) + "\n"
            if let remedy = finding.answer.remedy {
                text += String(repeating: " ", count: width + 2) + "remedy: " + TerminalText.line(remedy) + "\n"
            }
            return text
        }.joined()
    }
}
