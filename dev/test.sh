#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests on the build that is there, then prints a summary. Arguments go to `swift test`.
# With TEST_NO_SKIPS set, a skipped test is a failure.
# As another user than root: everything but the tests on real containers as that user, these through sudo.
set -euo pipefail
cd "$(dirname "$0")/.."
log=.build/last-test.log
: >"$log"
started=$SECONDS
# By test target: what is nothing without root, and what skips some tests without it.
only_root='^IntegrationTests\.'
also_root='^(Integration|Packaging|RuntimeSource|TailCapture|AgentStore|CollectorStore|SystemJournal|JournalSource)Tests\.'
failed=0

# A group that hangs must not hold up everything behind it for hours.
limit=${TEST_LIMIT:-1200}

run() {  # <what> <command...>
    echo "test: $1"
    shift
    local from status
    from=$(wc -l <"$log")
    # By lines, so that the log of a group that is ended for its limit says how far it came.
    set -- timeout --kill-after=10 "$limit" stdbuf -oL "$@"
    # One line a minute of tests is enough on the screen; the log has all of them.
    "$@" 2>&1 | tee -a "$log" | { grep -aE '✘|recorded an issue|Test run with|skipped|error:|Fatal|^↳' || true; }
    status=${PIPESTATUS[0]}
    if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then unfinished "$((from + 1))"; fi
    return "$status"
}

unfinished() {  # <first line of the log>
    echo "test: the group did not end within $limit s; begun and not ended:" >&2
    comm -23 \
        <(tail -n "+$1" "$log" | sed -nE 's/^[^ ]+ Test (.*) started\.$/\1/p' | sort -u) \
        <(tail -n "+$1" "$log" | sed -nE 's/^[^ ]+ Test (.*) (passed|failed) after .*/\1/p' \
            | sed -E 's/ with [0-9]+ test cases?$//' | sort -u) \
        | grep -av '^case passing' | sed 's/^/test:   /' >&2
}

# Group by group, and only so many tests of a group at once: tests that compute or wait on disks keep the few threads of
# Swift's pool busy, and a test beside them that waits for a state would run into its limit.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${TEST_WIDTH:-8}
groups=(
    "values, decisions, files: ^(SessionRecords|SessionTracking|OTLPCoding|Delivery|TailCapture|AgentStore|CollectorStore|Commands|AgentCore|SIEMFormats|Manifest)Tests\\."
    "sources, forwarding: ^(RuntimeSource|ServerAccess|PodSource|Forwarding|SystemJournal|JournalSource)Tests\\."
    "the collector: ^(CollectorServer|CollectorPages|SIEMOutputs)Tests\\."
    "the agent on real containers: ^IntegrationTests\\."
    "packages, units, a host that boots them: ^PackagingTests\\."
)
for folder in Tests/*Tests; do
    target=${folder##*/}
    if ! printf '%s\n' "${groups[@]##*: }" | grep -q "[\^(|]${target%Tests}[)|T]"; then
        echo "test: no group of dev/test.sh has $target: its tests would never run" >&2
        exit 1
    fi
done
if [ $# -gt 0 ]; then groups=("what was asked for: ."); fi

for group in "${groups[@]}"; do
    filter=${group##*: }
    name=${group%: *}
    if [ "$(id -u)" -eq 0 ]; then
        run "$name" swift test --skip-build --filter "$filter" "$@" || failed=1
    else
        run "$name" swift test --skip-build --filter "$filter" --skip "$only_root" "$@" || failed=1
    fi
done
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        run "what needs root, on real containers too, through sudo" \
            sudo env "PATH=$PATH" "HOME=$HOME" swift test --skip-build --filter "$also_root" "$@" || failed=1
        # What root wrote must not stand in the way of the next build.
        sudo chown -R "$(id -u):$(id -g)" .build
    else
        echo "test: NOT RUN: the tests on real containers need root, and sudo is not to be had" >&2
        failed=1
    fi
fi

passed=$(grep -acE '^✔ Test ("|[a-zA-Z_]+\()' "$log" || true)
issues=$(grep -acE 'recorded an issue' "$log" || true)
skipped=$(grep -acE '^➜ Test .* skipped' "$log" || true)
echo "test: $passed passed, $issues issues, $skipped skipped, in $((SECONDS - started)) s; all of it is in $log"
if [ "$skipped" -gt 0 ]; then grep -aE '^➜ Test .* skipped' "$log" | sort -u | sed 's/^/test: /'; fi
if [ "$skipped" -gt 0 ] && [ -n "${TEST_NO_SKIPS:-}" ]; then
    echo "test: nothing may be skipped here" >&2
    failed=1
fi
if [ "$passed" -eq 0 ]; then
    echo "test: no test ran" >&2
    failed=1
fi
exit "$failed"
