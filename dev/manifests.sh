#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Renders daemonset/ into daemonset/rendered/, or into the folder that is named. Needs kubectl 1.27 or newer.
set -euo pipefail
out=$(realpath -m "${1:-$(dirname "$0")/../daemonset/rendered}")
cd "$(dirname "$0")/../daemonset"
# "Client Version: v1.32.4", before 1.28 among other words.
version=$(kubectl version --client 2>/dev/null | grep -oE 'v1\.[0-9]+' | head -n 1 || true)
if [ -z "$version" ] || [ "${version#v1.}" -lt 27 ]; then
    echo "make manifests: kubectl 1.27 or newer is needed for its kustomize, this one is ${version:-not there}" >&2
    exit 3
fi
mkdir -p "$out"
for folder in overlays/* monitoring; do
    kubectl kustomize "$folder" >"$out/${folder##*/}.yaml"
done
