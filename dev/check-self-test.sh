#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plants one fault at a time in a small repository and expects dev/check.sh to name it: a check that finds nothing
# because it looks at nothing would stay green for ever.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
check=$PWD/dev/check.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0
git -C "$tree" init -q
cp .swift-format "$tree/"
mkdir -p "$tree/Sources/A" "$tree/dev"

expect() {  # <finding, or nothing for a clean tree> <path> <text>
    local header='// SPDX-License-Identifier: Apache-2.0\n'
    printf "$header"'struct Clean {}\n' >"$tree/Sources/A/Clean.swift"
    printf '%b' "$3" >"$tree/$2"
    local output code
    output=$("$check" "$tree" 2>&1)
    code=$?
    rm -f "$tree/$2"
    if [ -z "$1" ]; then
        [ "$code" -eq 0 ] && return
    else
        [ "$code" -ne 0 ] && grep -qF "$1" <<<"$output" && grep -qF "$2" <<<"$output" && return
    fi
    failed=1
    printf 'check-self-test: expected "%s" of %s, got %s:\n%s\n' "${1:-nothing}" "$2" "$code" "$output"
}
spdx='// SPDX-License-Identifier: Apache-2.0\n'
long=$(printf '// line %s\\n' $(seq 401))
expect '' Sources/A/B.swift "${spdx}struct B {}\n"
expect 'format' Sources/A/B.swift "${spdx}struct B { let a:Int }\n"
expect 'first line' Sources/A/B.swift "struct B {}\n"
expect 'may trap' Sources/A/B.swift "${spdx}func f() -> Never { fatalError(\"x\") }\n"
expect 'may trap' Sources/A/B.swift "${spdx}func f() { _ = try! g() }\n"
expect 'is public' Sources/A/B.swift "${spdx}public struct B {}\n"
expect 'more than 400' Sources/A/B.swift "${spdx}${long}"
expect 'path of one machine' notes.txt 'see /wo''rk/main\n'
expect 'registry' notes.txt 'docker.i''o/library/busybox\n'
expect 'left-over' notes.txt 'TO''DO: later\n'
expect 'merge marks' notes.txt '<<<<<''<< ours\n'
expect 'blanks' notes.txt 'a \n'
expect 'lead nowhere' notes.md '[x](nowhere.md)\n'
expect 'shell scripts' dev/broken.sh '#!/usr/bin/env bash\nif\n'
[ "$failed" -eq 0 ] && echo "check-self-test: every planted fault was found"
exit "$failed"
