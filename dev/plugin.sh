#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs `kubectl lastword` as krew wants it. Arguments: the folder of a release build's products, the folder for
# kubectl-lastword-linux-ARCH.tar.gz and lastword.yaml, krew's manifest with its hash. PLUGIN_URL is where the archive
# will be fetched from; without it a placeholder stays.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
products=$1
out=$2
case $(uname -m) in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
    *) echo "make plugin: not built for $(uname -m)" >&2; exit 1 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/plugin"
archive=kubectl-lastword-linux-$architecture.tar.gz
install -m 0755 "$products/lastword" "$work/plugin/kubectl-lastword"
strip "$work/plugin/kubectl-lastword"
install -m 0644 "$repository/LICENSE" "$work/plugin/LICENSE"
tar -C "$work/plugin" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner \
    -cf "$work/plugin.tar" LICENSE kubectl-lastword
gzip -n "$work/plugin.tar"
mv "$work/plugin.tar.gz" "$out/$archive"
version=$("$products/lastword" --version)
sum=$(sha256sum "$out/$archive" | cut -d ' ' -f 1)
sed -e "s|@VERSION@|$version|; s|@ARCH@|$architecture|; s|@SHA256@|$sum|; s|@URL@|${PLUGIN_URL:-@URL@/$archive}|" \
    "$repository/dev/krew/lastword.yaml" >"$out/lastword.yaml"
echo "plugin: $archive and lastword.yaml in $out"
