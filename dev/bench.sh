#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the measurements of a release build. Argument: its scratch path. A table on the screen, .build/bench.jsonl beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1/release/lastword-bench
if [ ! -x "$program" ]; then
    echo "make bench: there is no measurement to run yet ($program)" >&2
    exit 1
fi
exec dev/as-root.sh "$program" --jsonl .build/bench.jsonl
