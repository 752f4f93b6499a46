#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts the programs of a release build, stripped, into $DESTDIR$PREFIX. Argument: the folder of the build's products.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${DESTDIR:-}${PREFIX:-/usr/local}
install -d "$prefix/bin" "$prefix/sbin"
install -m 0755 -s "$1/lastword" "$prefix/bin/lastword"
install -m 0755 -s "$1/lastword-agent" "$prefix/sbin/lastword-agent"
install -m 0755 -s "$1/lastword-collector" "$prefix/sbin/lastword-collector"
# kubectl finds its plug-ins by name.
ln -sf lastword "$prefix/bin/kubectl-lastword"
echo "install: lastword and kubectl-lastword in $prefix/bin, lastword-agent and lastword-collector in $prefix/sbin"
