#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the sources must hold beyond compiling. Everything is looked at before it fails, so that nobody repairs it
# finding by finding. `dev/check.sh DIRECTORY` looks at another tree.
set -uo pipefail
# The last part of a pipe runs in this shell, so that `report` can set `failed`.
shopt -s lastpipe
cd "${1:-$(dirname "$0")/..}" || exit 2
failed=0

report() {  # <what is wrong> reads findings from standard input
    local findings
    findings=$(cat)
    [ -n "$findings" ] || return 0
    failed=1
    echo "check: $1"
    sed 's/^/    /' <<<"$findings"
}

# The files of the repository: tracked ones, and new ones that are not ignored.
list() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do [ -f "$file" ] && echo "$file"; done; }
mapfile -t swift < <(list '*.swift' | grep -v '^Sources/Generated/' || true)
mapfile -t all < <(list | grep -vE '^(Sources/Generated/|Package.resolved$|LICENSE$)|/Fixtures/|/Golden/|\.(gz|png|tar)$' || true)

# Looks for an extended regular expression; the files come after it. No file, no finding.
search() { local pattern=$1; shift; [ $# -eq 0 ] || grep -nHE -e "$pattern" -- "$@" || true; }

if [ ${#swift[@]} -gt 0 ]; then
    swift format lint --strict --parallel "${swift[@]}" 2>&1 | report "format (swift format -i repairs most of it)"
    for file in "${swift[@]}"; do
        case $file in Package.swift) continue ;; esac
        head -n 1 "$file" | grep -q '^// SPDX-License-Identifier: Apache-2.0$' || echo "$file"
    done | report "the first line must be the SPDX line"
    # A trap takes the agent down; tests may trap, they take nobody with them.
    mapfile -t ours < <(printf '%s\n' "${swift[@]}" | grep '^Sources/' || true)
    search '\btry!|\bfatalError\(|\bpreconditionFailure\(|\bas!|\bunsafeBitCast\(|\bprint\([^)]*debug' "${ours[@]}" \
        | grep -vE ':[0-9]+: *///?' | report "nothing may trap"
    search '^ *public |@_exported' "${ours[@]}" | report "nothing is public; between targets it is package"
    # Tables are exempt: they grow by lines, not by subjects.
    for file in "${swift[@]}"; do
        lines=$(wc -l <"$file")
        case $file in *Keys.swift | *Catalogue.swift | Package.swift) continue ;; esac
        if [ "$lines" -gt 400 ]; then echo "$file: $lines lines"; fi
    done | report "more than 400 lines: split it by subject"
fi
mapfile -t scripts < <(list '*.sh' '.ci/*')
for file in "${scripts[@]}"; do
    bash -n "$file" 2>&1 || true
    [ -x "$file" ] || echo "$file: not executable"
done | report "shell scripts"
# Paths of one machine, names of registries, words that a reader cannot use. Split, so that this line is no finding.
machine='/wo''rk/|/ro''ot/|/ho''me/[a-z]'
search "$machine" "${all[@]}" | report "a path of one machine"
search 'docker\.i''o/|gcr\.i''o/|quay\.i''o/|registry\.k8s\.i''o/' "${all[@]}" \
    | grep -vE '^(docs/|README|Tests/)' | report "a registry's host"
search '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' "${all[@]}" | grep -vE 'XX''XXXX' | report "left-over notes: make an issue of it"
search '^(<{7}|>{7}) ' "${all[@]}" | report "merge marks"
search '[[:blank:]]+$' "${all[@]}" | cut -c 1-120 | report "blanks at the end of a line"
# A link inside the repository must lead somewhere.
mapfile -t pages < <(list '*.md')
for file in "${pages[@]}"; do
    grep -oE '\]\([^)#: ]+' "$file" 2>/dev/null | sed 's/^](//' | grep -vE '^(https?|mailto)$' | while read -r link; do
        [ -e "$(dirname "$file")/$link" ] || echo "$file: $link"
    done || true
done | report "links that lead nowhere"

[ "$failed" -eq 0 ] && echo "check: ${#swift[@]} Swift files, ${#all[@]} files in all: nothing to object"
exit "$failed"
