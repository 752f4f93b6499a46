#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Says in one line what is wrong with the Swift toolchain, if anything is.
set -euo pipefail
if ! command -v swift >/dev/null; then
    echo "make: swift is missing: install a Swift 6.2 (or later) toolchain from https://www.swift.org/install and put its bin folder into PATH" >&2
    exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
major=${version%%.*}
minor=${version#*.}
if [ -z "$version" ] || [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
    echo "make: Swift 6.2 or later is needed, $(command -v swift) is ${version:-of an unknown version}" >&2
    exit 1
fi
