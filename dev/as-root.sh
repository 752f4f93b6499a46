#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command as root: as it is, or through sudo. A private containerd needs mounts and cgroups.
set -euo pipefail
if [ "$(id -u)" -eq 0 ]; then
    exec "$@"
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    exec sudo --preserve-env=PATH,DEMO_HOLD,ROUNDS,SECONDS_MAX,SEED env "PATH=$PATH" "$@"
fi
echo "make: '$*' needs root (a private containerd, its mounts and cgroups): run it as root, or allow sudo" >&2
exit 1
