#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts the programs of a build, stripped, with manual pages, completions, units and configuration files where they belong.
#
#     dev/install.sh PRODUCTS [cli] [agent] [collector]      everything, if no part is named
#
# PRODUCTS is the folder of the build's products. DESTDIR is put before every path; PREFIX is /usr/local and SYSCONFDIR is
# /etc if not given. A configuration file that is there already stays as it is. Nothing is started: docs/install-systemd.md.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { echo "install: which build? dev/install.sh PRODUCTS [cli] [agent] [collector]" >&2; exit 2; }
products=$1
shift
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}
target=$root$prefix
configuration=$root${SYSCONFDIR:-/etc}/lastword
version=$(dev/version.sh)
# The same sources give the same pages: the day is the newest commit's, or the one that a packager gives.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
day=$(date -u -d "@$epoch" +%Y-%m-%d)
# Where the shells look; Debian has zsh's elsewhere.
bash_completions=$target/share/bash-completion/completions
zsh_completions=$target/share/zsh/${ZSH_FOLDER:-site-functions}
fish_completions=$target/share/fish/vendor_completions.d

program() {  # <name> <folder> <section of the manual>
    install -D -m 0755 -s "$products/$1" "$target/$2/$1"
    install -d "$target/share/man/man$3" "$bash_completions" "$zsh_completions" "$fish_completions"
    "$products/$1" --experimental-dump-help | dev/manual.py "$3" "$version" "$day" "docs/man/$1.$3.roff" \
        | gzip -9n >"$target/share/man/man$3/$1.$3.gz"
    # Read by the shell, not run: the first line that says otherwise is left out.
    "$products/$1" completion bash | sed '1{/^#!/d}' >"$bash_completions/$1"
    "$products/$1" completion zsh >"$zsh_completions/_$1"
    "$products/$1" completion fish >"$fish_completions/$1.fish"
}

service() {  # <name>: unit, users, directories
    install -d "$target/lib/systemd/system"
    sed "s|^ExecStart=/usr/|ExecStart=$prefix/|" "systemd/$1.service" >"$target/lib/systemd/system/$1.service"
    install -D -m 0644 "systemd/sysusers.d/$1.conf" "$target/lib/sysusers.d/$1.conf"
    install -D -m 0644 "systemd/tmpfiles.d/$1.conf" "$target/lib/tmpfiles.d/$1.conf"
}

settings() {  # <part>: configuration file, and the folder of its credentials
    install -d -m 0755 "$configuration"
    install -d -m 0700 "$configuration/$1.credentials"
    if [ -e "$configuration/$1.yaml" ]; then
        echo "install: $configuration/$1.yaml is there already and stays as it is"
    else
        install -m 0644 "systemd/$1.yaml" "$configuration/$1.yaml"
    fi
}

[ $# -gt 0 ] || set -- cli agent collector
for part in "$@"; do
    case $part in
    cli)
        program lastword bin 1
        # kubectl finds its plug-ins by name.
        ln -sf lastword "$target/bin/kubectl-lastword"
        ln -sf lastword.1.gz "$target/share/man/man1/kubectl-lastword.1.gz"
        ;;
    agent | collector)
        program "lastword-$part" sbin 8
        service "lastword-$part"
        settings "$part"
        ;;
    *)
        echo "install: there is no part $part: cli, agent or collector" >&2
        exit 2
        ;;
    esac
done
echo "install: $* of Lastword $version in $target"
