#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For the build.sh of each fuzz target to source: compiles our pure modules for libFuzzer, each once.
# What is not ours (crypto, protobuf) is taken from the debug build, without instrumentation.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
debug=.build/debug
out=.build/fuzz/modules
checkouts=.build/checkouts
mkdir -p "$out"
# Optimised, for the number of runs; with the standard library's debug checks, which find a read past a buffer's end
# that ASan cannot tell from another one of the same allocation.
flags=(
    -O -wmo -g -sanitize=fuzzer,address -assert-config Debug -enable-testing -parse-as-library -swift-version 6
    -package-name lastword -use-ld=lld
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
    -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature NonisolatedNonsendingByDefault
    -enable-upcoming-feature InferIsolatedConformances
    # Ours first: the debug build has modules of the same names.
    -I "$out" -I "$debug/Modules" -I Sources/CZlib
    -Xcc -fmodule-map-file="$debug/CSystemCalls.build/module.modulemap" -Xcc -ISources/CSystemCalls/include
)
for name in CCryptoBoringSSL CCryptoBoringSSLShims CXKCP CXKCPShims; do
    flags+=(-Xcc "-I$checkouts/swift-crypto/Sources/$name/include")
done
objects=()
# What a module of ours depends on, besides its files.
newer=(Fuzz/compile.sh "$(command -v swiftc)")

# <name> <files...>: a module of ours, from these files, as it was or anew.
module() {
    local name=$1
    shift
    if [ ! -f "$out/$name.o" ] || [ -n "$(find -L "$@" "${newer[@]}" -newer "$out/$name.o" -print -quit)" ]; then
        echo "fuzz: compiling $name"
        swiftc "${flags[@]}" -module-name "$name" -emit-module -emit-module-path "$out/$name.swiftmodule" \
            -c "$@" -o "$out/$name.o"
        # The compiler leaves an object alone that comes out as it was.
        touch "$out/$name.o"
    fi
    objects+=("$out/$name.o")
    newer+=("$out/$name.o")
}

# <names...>: modules of others, as the debug build has them.
foreign() {
    local name
    for name in "$@"; do
        while read -r object; do objects+=("$object"); done < <(find "$debug/$name.build" -name '*.o')
    done
}

records() {
    module SessionRecords Sources/SessionRecords/*.swift
    foreign Crypto CryptoBoringWrapper CCryptoBoringSSL CCryptoBoringSSLShims CXKCP CXKCPShims
}

tracking() {
    records
    module SessionTracking Sources/SessionTracking/*.swift
}

# <output> <files...> and flags of the linker: the fuzz target itself.
program() {
    local output=$1
    shift
    # Archived, so that only what is called is linked.
    rm -f "$output.a"
    ar -qcs "$output.a" "${objects[@]}"
    swiftc "${flags[@]}" -module-name FuzzTarget "$@" "$output.a" -lstdc++ -o "$output"
    rm -f "$output.a"
}
