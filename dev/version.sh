#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints Lastword's version, as Sources/SessionRecords/ProductVersion.swift has it.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -nE 's/^ *package static let current = "([0-9A-Za-z.+-]+)"$/\1/p' Sources/SessionRecords/ProductVersion.swift)
[ -n "$version" ] || { echo "version: Sources/SessionRecords/ProductVersion.swift has none" >&2; exit 1; }
echo "$version"
