// SPDX-License-Identifier: Apache-2.0

/// The shell scripts by which a `HostMachine` is laid out, started and removed.
enum HostScripts {
    /// A fresh root: only `/usr` is this machine's. Of `/etc` there is what programs cannot do without; dpkg knows what is
    /// installed, without the scripts and triggers of others.
    static let layout = """
        set -e
        tree=$1/tree
        mkdir -p "$1/upper" "$tree"
        cd "$tree"
        mkdir -p usr etc/systemd/system var/lib/dpkg/info var/lib/dpkg/updates var/lib/dpkg/triggers var/log run tmp proc sys dev \\
            root srv
        chmod 1777 tmp
        for link in bin sbin lib lib32 lib64 libx32; do
            if [ -L "/$link" ]; then cp -a "/$link" .; elif [ -d "/$link" ]; then mkdir "$link"; fi
        done
        cp /usr/lib/os-release etc/os-release
        for file in ld.so.cache nsswitch.conf debian_version; do [ ! -e "/etc/$file" ] || cp "/etc/$file" etc/; done
        printf 'root:x:0:0:root:/root:/bin/sh\\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\\n' > etc/passwd
        printf 'root:x:0:\\nnogroup:x:65534:\\n' > etc/group
        : > etc/fstab
        mkdir etc/ssl
        [ ! -e /etc/ssl/openssl.cnf ] || cp /etc/ssl/openssl.cnf etc/ssl/
        tr -d - < /proc/sys/kernel/random/uuid > etc/machine-id
        ln -s /usr/lib/systemd/system/multi-user.target etc/systemd/system/default.target
        # Nobody logs in here, and what the machine's own packages would start is none of a test's business.
        for unit in console-getty.service getty.target systemd-logind.service systemd-resolved.service \\
            systemd-networkd.service systemd-timesyncd.service timers.target; do
            ln -s /dev/null "etc/systemd/system/$unit"
        done
        cp /var/lib/dpkg/status var/lib/dpkg/status
        cp /var/lib/dpkg/info/*.list var/lib/dpkg/info/
        [ ! -e /var/lib/dpkg/arch ] || cp /var/lib/dpkg/arch var/lib/dpkg/arch

        """

    /// `$1` the machine's directory, `$2` its name, then further arguments for systemd-nspawn.
    static let nspawn = """
        set -e
        directory=$1 name=$2
        shift 2
        # Cgroups of its own in each hierarchy that systemd writes into, so that what is left can be found.
        for tree in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
            [ -e "$tree/cgroup.procs" ] || continue
            mkdir -p "$tree/$name/$$" && echo $$ > "$tree/$name/$$/cgroup.procs"
        done
        # The layer over /usr is a mount of this process alone. One overlay does not carry another: there it is in memory.
        exec unshare -m --propagation private /bin/sh -ec '
            directory=$1 name=$2
            shift 2
            case $(stat -f -c %T "$directory") in
            overlay*) mount -t tmpfs tmpfs "$directory/upper" ;;
            esac
            mkdir -p "$directory/upper/usr" "$directory/upper/work"
            mount -t overlay -o "lowerdir=/usr,upperdir=$directory/upper/usr,workdir=$directory/upper/work" overlay \\
                "$directory/tree/usr"
            # Where the tests run in a container, its image may forbid packages to start anything.
            rm -f "$directory/tree/usr/sbin/policy-rc.d"
            exec systemd-nspawn --quiet --register=no --keep-unit --private-network --link-journal=no --machine="$name" \\
                --directory="$directory/tree" "$@"
            ' nspawn "$directory" "$name" "$@"

        """

    static func cleanup(_ directory: String) -> String {
        """
        dir=\(Shell.quoted(directory))
        name=$(basename "$dir" | tr . -)
        members() { cat /sys/fs/cgroup/"$name"/cgroup.procs /sys/fs/cgroup/*/"$name"/cgroup.procs 2>/dev/null
            find "/sys/fs/cgroup/$name" /sys/fs/cgroup/*/"$name" -name cgroup.procs -exec cat {} + 2>/dev/null; }
        round=0
        while [ $round -lt 200 ]; do
            pids=$(members | sort -u)
            [ -n "$pids" ] || break
            kill -KILL $pids 2>/dev/null
            round=$((round + 1))
            sleep 0.05
        done
        find "/sys/fs/cgroup/$name" /sys/fs/cgroup/*/"$name" -depth -type d -exec rmdir {} + 2>/dev/null
        # A directory with a mount still in it is left for a person to look at.
        if grep -qF " $dir/" /proc/self/mountinfo; then exit 1; fi
        rm -rf "$dir"
        exit 0

        """
    }
}
