// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// How a session stands or ended, in a sign, a word and a colour: never by the colour alone.
struct Outcome {
    /// The name of the style.
    let style: String
    let sign: String
    let text: String
    /// A sentence, for the tooltip and for those who do not see the sign.
    let meaning: String

    init(_ session: Session) {
        switch session.state {
        case .running:
            self.init("running", "●", "running", "It is running, as far as its node has told.")
        case .waiting:
            self.init("waiting", "◌", "waiting", "It has been asked for and has no container yet.")
        case .neverStarted:
            self.init("none", "⊘", "not started", "Its container never started.")
        case .unknown:
            self.init("unknown", "?", "unknown", "Nobody can say how it ended.")
        case .ended:
            self = Self.ended(session)
        }
    }

    private init(_ style: String, _ sign: String, _ text: String, _ meaning: String) {
        self.style = style
        self.sign = sign
        self.text = text
        self.meaning = meaning
    }

    private static func ended(_ session: Session) -> Outcome {
        guard let code = session.exitCode else {
            return Outcome("unknown", "?", "ended", "It ended; nobody knows its exit code.")
        }
        if session.isMadeUpEnding {
            return Outcome(
                "unknown", "?", "exit \(code)",
                "Exit code \(code) was made up by whoever reported it: it is no evidence of how the process ended.")
        }
        if code == 0 { return Outcome("ok", "✓", "exit 0", "It ended with exit code 0.") }
        if session.oomKilled == true {
            return Outcome("fail", "✕", "exit \(code) OOM", "It was killed for want of memory, exit code \(code).")
        }
        guard let signal = session.derivedSignal else {
            return Outcome("fail", "✕", "exit \(code)", "It ended with exit code \(code).")
        }
        let name = SignalName.name(signal).map { String($0.dropFirst(3)) } ?? "signal \(signal)"
        return Outcome(
            "fail", "✕", "exit \(code) \(name)",
            "Exit code \(code): signal \(SignalName.text(signal)), if the code follows the shells' 128 + n.")
    }

    var view: View { ["style": style, "sign": sign, "text": text, "meaning": meaning] }
}

/// What a template is filled with. Keys of nested values have names of their own: a template looks for a name that is missing
/// in the value around it.
typealias View = [String: Any]
