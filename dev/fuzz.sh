#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds each target of Fuzz/ and runs it for FUZZ_SECONDS, or those that FUZZ_TARGETS names. Needs the debug build.
# What a run learns stays in .build/fuzz/NAME/corpus; crashes land beside it. All targets run before one fails this.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .build/fuzz
trial=.build/fuzz/trial
printf '@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 { 0 }\n' \
    >"$trial.swift"
if ! swiftc -parse-as-library -sanitize=fuzzer,address "$trial.swift" -o "$trial" >"$trial.log" 2>&1; then
    echo "make fuzz: $(command -v swiftc) cannot build a program for libFuzzer (see $trial.log): its runtimes" >&2
    echo "    libclang_rt.fuzzer and libclang_rt.asan are part of the toolchains of swift.org, but not of every other" >&2
    exit 1
fi
failed=()
for name in ${FUZZ_TARGETS:-$(cd Fuzz && for target in */build.sh; do dirname "$target"; done)}; do
    directory=.build/fuzz/$name
    mkdir -p "$directory/corpus"
    "Fuzz/$name/build.sh" "$directory/program"
    # Begins with what the tests begin with, and with the crashes that were found: Fuzz/NAME/seeds lists the folders.
    mapfile -t seeds < <(grep -v '^#' "Fuzz/$name/seeds")
    echo "fuzz: $name"
    # Leaks are none of a parser's: Swift's runtime keeps what it made once. Its own crash reader would be ASan's find.
    ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no "$directory/program" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -max_len=65536 \
        -artifact_prefix="$directory/" -print_final_stats=1 "$directory/corpus" "${seeds[@]}" \
        >"$directory/log" 2>&1 || failed+=("$name")
    if [[ " ${failed[*]} " == *" $name "* ]]; then
        tail -n 40 "$directory/log" >&2
    else
        grep -aE 'stat::(number_of_executed_units|new_units_added|peak_rss_mb)|DONE' "$directory/log" | tail -n 4
    fi
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "make fuzz: failed: ${failed[*]}; the inputs are in .build/fuzz/NAME. Keep each as a fixture with a test." >&2
    exit 1
fi
