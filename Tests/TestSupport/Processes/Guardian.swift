// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import Synchronization

/// A shell in a session of its own that outlives this process by a moment and ends what it left behind.
///
/// A test run that is killed runs no `deinit`, no `defer` and no `atexit`. The parent-death signal would reach only direct
/// children, and is bound to the *thread* that made them, which in a pool of threads may end at any time. So the guardian
/// holds one end of a socket pair: when this process ends, in whatever way, it reads end-of-file, kills the process groups
/// it was told of and runs the clean-up scripts of the private containerds.
final class Guardian: Sendable {
    /// Nil where no guardian could be started; then a killed run leaves its children to the sweep of the next one.
    static let shared: Guardian? = try? Guardian()

    private let socket: Int32

    private init() throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw RigError.system("cannot make a socket pair")
        }
        defer { close(ends[1]) }
        socket = ends[0]
        var spawner = Spawner(["/bin/sh", "-c", GuardianScript.text])
        spawner.newSession = true
        spawner.standardInput = ends[1]
        do {
            _ = try spawner.spawn()
        } catch {
            close(ends[0])
            throw error
        }
    }

    /// A process group to kill when this process ends.
    func adopt(group: pid_t) { tell("group \(group)") }

    /// The group has ended; its number may be used again by somebody else.
    func release(group: pid_t) { tell("over \(group)") }

    /// A directory whose `cleanup.sh`, if it is still there, is to be run when this process ends.
    func adopt(node directory: String) { tell("node \(directory)") }

    private func tell(_ line: String) {
        // Short lines, written whole; a guardian that is gone must not raise SIGPIPE here.
        let bytes = Array((line + "\n").utf8)
        _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}

/// What the guardian runs; apart from it so that a test can play the death of a run.
package enum GuardianScript {
    package static let text = """
        trap '' HUP INT TERM
        groups= nodes=
        while read -r verb value; do
            case $verb in
            group) groups="$groups $value" ;;
            over)
                rest=
                for one in $groups; do [ "$one" = "$value" ] || rest="$rest $one"; done
                groups=$rest ;;
            node) nodes="$nodes $value" ;;
            esac
        done
        for one in $groups; do kill -KILL "-$one"; done
        for one in $nodes; do [ -f "$one/cleanup.sh" ] && sh "$one/cleanup.sh"; done
        """
}
