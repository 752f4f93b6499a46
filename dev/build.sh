#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds, shows how far it is on one line a while, and all of the compiler's output only if it fails.
# Arguments go to `swift build`.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .build
log=.build/last-build.log
started=$SECONDS
echo "build: swift build $*"
[ -d .build/checkouts ] || echo "build: the first build fetches the dependencies and takes about ten minutes on two cores"
swift build "$@" >"$log" 2>&1 &
building=$!
trap 'kill "$building" 2>/dev/null || true' INT TERM
shown=
while kill -0 "$building" 2>/dev/null; do
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        kill -0 "$building" 2>/dev/null || break
        sleep 1
    done
    # The newest "[done/all] what" of the log.
    step=$(grep -aoE '^\[[0-9]+/[0-9]+\] .{0,60}' "$log" | tail -n 1 || true)
    if [ "$step" != "$shown" ] && kill -0 "$building" 2>/dev/null; then
        shown=$step
        echo "build: $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s  $step"
    fi
done
if ! wait "$building"; then
    grep -aE 'error:|warning:' "$log" | sort -u | head -n 40 >&2 || true
    echo "build: failed after $((SECONDS - started)) s; all of it is in $log" >&2
    exit 1
fi
echo "build: done in $((SECONDS - started)) s"
