// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// Ends a private containerd and everything it made, from outside and in any state: the only way down that the rig has.
///
/// It is a shell script in the node's runtime directory so that teardown, `atexit`, the guardian of a killed run and the
/// sweep of the next run all do the very same.
enum CleanupScript {
    static func text(_ paths: NodePaths) -> String {
        """
        # Ends one private containerd of Lastword's test rig. Kills only what belongs to it.
        run=\(Shell.quoted(paths.runtime))
        dir=\(Shell.quoted(paths.directory))
        cgroup=\(Shell.quoted(paths.cgroup))

        # containerd and its shims name the runtime directory on their command lines.
        daemons() {
            for file in $(grep -lsF "$run/" /proc/[0-9]*/cmdline); do
                pid=${file#/proc/}; pid=${pid%/cmdline}
                read -r name 2>/dev/null < "/proc/$pid/comm" || continue
                case $name in containerd*|runc*) echo "$pid" ;; esac
            done
        }
        # What ran in containers is in the node's cgroups (version 1: one tree per controller).
        members() {
            find "/sys/fs/cgroup/$cgroup" /sys/fs/cgroup/*/"$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null
        }
        round=0
        while [ $round -lt 200 ]; do
            pids="$(daemons) $(members)"
            [ -n "${pids# }" ] || break
            kill -KILL $pids 2>/dev/null
            round=$((round + 1))
            sleep 0.05
        done

        # Last made, first undone. mountinfo writes a blank in a path as \\040.
        points() {
            while read -r _ _ _ _ point _; do
                point=$(printf '%b' "$(printf '%s' "$point" | sed 's/\\\\\\([0-7][0-7][0-7]\\)/\\\\0\\1/g')")
                case $point in "$run"/*|"$dir"/*) printf '%s\\n' "$point" ;; esac
            done < /proc/self/mountinfo | sort -r
        }
        points | while IFS= read -r point; do umount "$point" 2>/dev/null || umount -l "$point" 2>/dev/null; done

        # Shims of every containerd of the machine keep their sockets in one directory; the bundles name ours.
        for file in "$run"/state/io.containerd.runtime.v2.task/*/*/address; do
            [ -f "$file" ] && read -r address < "$file"
            case ${address:-} in unix://*) rm -f "${address#unix://}" ;; esac
            address=
        done
        find "/sys/fs/cgroup/$cgroup" /sys/fs/cgroup/*/"$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null

        # A directory with a mount still in it is left for a person to look at.
        [ -z "$(points)" ] || exit 1
        rm -rf "$dir/containerd" "$dir/log"
        case $dir in /tmp/lw-node.*) rmdir "$dir" 2>/dev/null ;; esac
        rm -rf "$run"
        exit 0

        """
    }

    /// Runs the script of a node and waits for its end. Blocks: for `atexit` and the sweep.
    static func runBlocking(_ runtimeDirectory: String) {
        let script = runtimeDirectory + "/cleanup.sh"
        guard Files.exists(script) else { return }
        var spawner = Spawner(["/bin/sh", script])
        spawner.newSession = true
        // No shell: then nothing can be done here, and the next run's sweep says so.
        try? spawner.runBlocking()
    }

    /// Ends the nodes of runs that are dead: their owner's lock is free.
    static func sweep(prefix: String) {
        guard let slash = prefix.lastIndex(of: "/") else { return }
        let parent = String(prefix[..<slash])
        let start = String(prefix[prefix.index(after: slash)...])
        for name in Files.names(in: parent) where name.hasPrefix(start) {
            let runtime = parent + "/" + name
            // The script is written after the lock is held, so a node without one is just being made.
            guard Files.exists(runtime + "/cleanup.sh") else { continue }
            let lock = open(runtime + "/owner.lock", O_RDWR | O_CLOEXEC)
            guard lock >= 0 else { continue }
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { runBlocking(runtime) }
            close(lock)
        }
    }
}
