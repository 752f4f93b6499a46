#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the three Debian packages of a build: lastword (the command line), lastword-agent, lastword-collector.
#
#     dev/deb.sh PRODUCTS FOLDER [lastword] [lastword-agent] [lastword-collector]      all three, if none is named
#
# PRODUCTS is the folder of the build's products, FOLDER where the packages go. DEB_VERSION is another version than the
# sources'; DEB_COMPRESSION is dpkg-deb's -Z (xz). Dependencies on libraries are what dpkg-shlibdeps reads from the programs.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 2 ] || { echo "deb: dev/deb.sh PRODUCTS FOLDER [PACKAGE...]" >&2; exit 2; }
products=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
shift 2
[ $# -gt 0 ] || set -- lastword lastword-agent lastword-collector
version=${DEB_VERSION:-$(dev/version.sh)}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH=$epoch
architecture=$(dpkg --print-architecture)
maintainer=${DEB_MAINTAINER:-Lastword maintainers <maintainers@lastword.invalid>}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Modes come from here, not from whoever builds.
umask 022

# The libraries of a program, with the oldest versions that have its symbols.
libraries() {  # <program>
    local source=$work/source
    mkdir -p "$source/debian"
    printf 'Source: lastword\n\nPackage: lastword\nArchitecture: any\n' >"$source/debian/control"
    # A debug build is linked with the toolchain's own libraries, which no package has.
    (cd "$source" && dpkg-shlibdeps -O --ignore-missing-info "$1" 2>"$work/shlibdeps.log") | sed -n 's/^shlibs:Depends=//p' \
        || { cat "$work/shlibdeps.log" >&2; return 1; }
}

documents() {  # <package> <tree>
    local folder=$2/usr/share/doc/$1
    install -d "$folder"
    cp dev/deb/copyright "$folder/copyright"
    {
        printf 'lastword (%s) unstable; urgency=medium\n\n  * CHANGELOG.md says what is new.\n\n' "$version"
        printf ' -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$epoch")"
    } | gzip -9n >"$folder/changelog.gz"
    gzip -9nc CHANGELOG.md >"$folder/CHANGELOG.md.gz"
}

package() {  # <package> <part of dev/install.sh>
    local tree=$work/$1 name
    install -d "$tree/DEBIAN"
    DESTDIR=$tree PREFIX=/usr ZSH_FOLDER=vendor-completions dev/install.sh "$products" "$2" >/dev/null
    documents "$1" "$tree"
    case $2 in
    cli) install -m 0644 docs/cli.md docs/record-format.md "$tree/usr/share/doc/$1/" ;;
    agent) install -m 0644 docs/configuration.md docs/metrics.md docs/runbook.md docs/install-systemd.md "$tree/usr/share/doc/$1/" ;;
    collector) install -m 0644 docs/collector.md docs/collector-configuration.md docs/collector-metrics.md "$tree/usr/share/doc/$1/" ;;
    esac
    # What lintian objects to and stays, each with its reason.
    install -D -m 0644 "dev/deb/$1.lintian-overrides" "$tree/usr/share/lintian/overrides/$1"
    # tmpfiles.d makes them; a package that owned them could not let them be at removal.
    find "$tree/etc" -depth -type d -name '*.credentials' -exec rmdir {} + 2>/dev/null || true
    find "$tree/usr" -type f -size +4k -name '*.md' -path '*/share/doc/*' -exec gzip -9n {} +
    if [ -d "$tree/etc" ]; then (cd "$tree" && find etc -type f | sed 's|^|/|' | sort) >"$tree/DEBIAN/conffiles"; fi
    for name in postinst prerm postrm; do
        [ -e "dev/deb/$1.$name" ] || continue
        install -m 0755 "dev/deb/$1.$name" "$tree/DEBIAN/$name"
    done
    (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
    # Every file gets the day of the sources, so that one build is one package.
    find "$tree" -exec touch -h -d "@$epoch" {} +
    sed -e "s|@VERSION@|$version|; s|@ARCHITECTURE@|$architecture|; s|@MAINTAINER@|$maintainer|" \
        -e "s|@LIBRARIES@|$(libraries "$(find "$tree/usr/bin" "$tree/usr/sbin" -type f 2>/dev/null)")|" \
        -e "s|@SIZE@|$(du -sk --apparent-size --exclude=DEBIAN "$tree" | cut -f 1)|" \
        "dev/deb/$1.control" >"$tree/DEBIAN/control"
    dpkg-deb --root-owner-group -Z"${DEB_COMPRESSION:-xz}" --build "$tree" "$folder/${1}_${version}_${architecture}.deb" >/dev/null
    echo "deb: $folder/${1}_${version}_${architecture}.deb"
}

for name in "$@"; do
    case $name in
    lastword) package lastword cli ;;
    lastword-agent | lastword-collector) package "$name" "${name#lastword-}" ;;
    *)
        echo "deb: there is no package $name" >&2
        exit 2
        ;;
    esac
done
