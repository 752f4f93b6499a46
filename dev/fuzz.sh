#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs each fuzz target of Fuzz/ for FUZZ_SECONDS. Crashes land in .build/fuzz; keep them as fixtures.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
targets=(Fuzz/*/build.sh)
if [ ${#targets[@]} -eq 0 ]; then
    echo "make fuzz: there is no fuzz target yet (Fuzz/*/build.sh)" >&2
    exit 1
fi
for target in "${targets[@]}"; do
    name=$(basename "$(dirname "$target")")
    mkdir -p ".build/fuzz/$name/corpus"
    "$target" ".build/fuzz/$name/program"
    echo "fuzz: $name"
    (cd ".build/fuzz/$name" && ./program -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1 corpus)
done
