#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rewrites Sources/Generated from Proto. Builds the two generator plugins in a throw-away package under .build/protos.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v protoc >/dev/null || { echo "make protos: protoc is missing: install protobuf-compiler" >&2; exit 1; }
plugins=.build/protos
mkdir -p "$plugins/src"
: > "$plugins/src/empty.swift"
cat > "$plugins/Package.swift" <<'EOF'
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
    name: "protos",
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),
    ],
    targets: [.target(name: "empty", path: "src")])
EOF
swift build --package-path "$plugins" --product protoc-gen-swift
swift build --package-path "$plugins" --product protoc-gen-grpc-swift-2
bin=$(swift build --package-path "$plugins" --show-bin-path)
options=Visibility=Package,FileNaming=PathToUnderscores,UseAccessLevelOnImports=true
# Timestamp and Any: Debian has them in a package of its own, swift-protobuf has them with its sources.
well_known=$plugins/.build/checkouts/swift-protobuf/Protos/Sources/SwiftProtobuf
generate() {  # <target> <proto folder>...
    local target=$1
    local out=$plugins/out/$target
    shift
    rm -rf "$out"
    mkdir -p "$out"
    protoc -I Proto -I "$well_known" --plugin="$bin/protoc-gen-swift" --plugin="$bin/protoc-gen-grpc-swift-2" \
        --swift_out="$out" --swift_opt="$options" \
        --grpc-swift-2_out="$out" --grpc-swift-2_opt="$options,Server=true,Client=true" \
        $(cd Proto && find "$@" -name '*.proto' | sort)
    # A file without a service gets a client file with nothing in it.
    grep -L -E 'enum .* \{' "$out"/*.grpc.swift | xargs -r rm -f
    # Only what was made to its end takes the place of what is there.
    rm -rf "Sources/Generated/$target"
    mv "$out" "Sources/Generated/$target"
}
generate ContainerdAPI containerd
generate CRIAPI runtime
# Messages alone: they travel over plain HTTP.
generate OTLPProto opentelemetry google
