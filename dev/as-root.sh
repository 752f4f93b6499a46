#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command as root: as it is, or through sudo. A private containerd needs mounts and cgroups.
# Of the environment PATH, DEMO_HOLD, the bounds of `make torture` and every BENCH_… reach it.
set -euo pipefail
if [ "$(id -u)" -eq 0 ]; then
    exec "$@"
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    # By name and value: whether sudo keeps a variable that it is asked to keep is its configuration's to say.
    given=("PATH=$PATH")
    for name in DEMO_HOLD ROUNDS SECONDS_MAX SEED JOURNAL ${!BENCH_@}; do
        if [ -n "${!name+set}" ]; then given+=("$name=${!name}"); fi
    done
    exec sudo env "${given[@]}" "$@"
fi
echo "make: '$*' needs root (a private containerd, its mounts and cgroups): run it as root, or allow sudo" >&2
exit 1
