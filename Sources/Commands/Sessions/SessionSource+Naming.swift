// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

extension SessionSource {
    private static let candidates = 10

    /// The session that a person named; nil, and said so, where there is none.
    ///
    /// Several under one path: the newest, and said so. Several under one id prefix: an error that lists them.
    func session(named text: String, in context: CommandContext) async throws -> Session? {
        let reference = try SessionReference(text)
        let found = try await find(reference, Self.candidates + 1)
        guard let newest = found.first else {
            context.note("no session \(TerminalText.line(reference.description))")
            return nil
        }
        guard found.count > 1 else { return newest }
        switch reference {
        case .idPrefix(let prefix):
            let lines = found.prefix(Self.candidates).map { "\n  \($0.id)  \(TerminalText.line($0.path))" }
            throw LastwordError(
                code: ErrorText.ambiguous,
                message: "several sessions begin with \(prefix):" + lines.joined()
                    + (found.count > Self.candidates ? "\n  …" : ""),
                remedy: "give more digits of the id")
        case .path(_, _, _):
            let count = found.count > Self.candidates ? "more than \(Self.candidates)" : "\(found.count)"
            context.note(
                "\(count) sessions are named \(TerminalText.line(reference.description)): this is the newest, \(newest.id)"
            )
            return newest
        }
    }
}

/// The argument by which `show` and `logs` are told their session.
struct SessionArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The beginning of its id, or namespace/pod/container.", valueName: "session"))
    var name: String
}
