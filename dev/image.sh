#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts the image together without a container engine.
#   dev/image.sh PRODUCTS OUT.tar     an OCI archive, for `ctr images import`, skopeo or crane
#   dev/image.sh --root PRODUCTS DIR  its root file system alone; daemonset/Dockerfile copies that
# PRODUCTS is a build's folder: lastword, lastword-agent, lastword-collector. IMAGE names the image (lastword:0.1.0);
# with LAYER=plain the layer is not packed. The same programs and libraries give the same bytes.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
only_root=
if [ "${1:-}" = --root ]; then only_root=1; shift; fi
if [ $# -ne 2 ]; then
    sed -n '3,8p' "$0" >&2
    exit 2
fi
products=$1
out=$(realpath -m "$2")
image=${IMAGE:-lastword:0.1.0}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$only_root" ]; then root=$out; else root=$work/root; fi

# All libraries go into the one folder where Debian's loader looks without a cache, whatever folder they came from.
path_of() { ldconfig -p | awk -v name="$1" '$1 == name && !seen { print $NF; seen = 1 }'; }
libc=$(path_of libc.so.6)
triplet=$(basename "$(dirname "$libc")")
libraries=$root/usr/lib/$triplet

install -d -m 0755 "$root"/{dev,etc/ssl/certs,proc,run,sys,usr/bin,usr/sbin,usr/share/doc/lastword,var/lib} "$libraries"
install -d -m 1777 "$root/tmp"
# As Debian has it: the loader and the libraries look below both names.
ln -sfn usr/lib "$root/lib"
ln -sfn usr/lib64 "$root/lib64"
install -d -m 0755 "$root/usr/lib64"

put() {  # <program> <folder>: without what only a debugger reads
    install -m 0755 "$products/$1" "$root/$2/$1"
    objcopy --strip-debug "$root/$2/$1"
}
put lastword usr/bin
put lastword-agent usr/sbin
put lastword-collector usr/sbin
ln -sf lastword "$root/usr/bin/kubectl-lastword"

library() {  # <path>
    local name=${1##*/}
    [ ! -e "$libraries/$name" ] || return 0
    # -L: the name that is asked for, with the file behind it.
    cp -L "$1" "$libraries/$name"
    chmod 0755 "$libraries/$name"
}
needed() {  # <file>: every library that it loads, and those that they load
    if ldd "$1" | grep 'not found' >&2; then
        echo "make image: a library of $1 is missing" >&2
        exit 1
    fi
    ldd "$1" | sed -nE 's/.* => (\/[^ ]+) .*/\1/p'
}
for program in "$products"/lastword "$products"/lastword-agent "$products"/lastword-collector; do
    for path in $(needed "$program"); do library "$path"; done
done
# Newer versions of libsystemd load these only when a journal needs them, so that ldd does not know.
for name in libzstd.so.1 liblz4.so.1 liblzma.so.5 libgcrypt.so.20; do
    path=$(path_of "$name")
    if [ -z "$path" ]; then continue; fi
    library "$path"
    for other in $(needed "$path"); do library "$other"; done
done
loader=$(ldd "$products/lastword" | sed -nE 's/^[[:blank:]]*(\/[^ ]*ld-linux[^ ]*) .*/\1/p')
install -d -m 0755 "$root/usr$(dirname "$loader")"
cp -L "$loader" "$root/usr$loader"

# Users by name, so that no library fails to find itself. No group "lastword": without a capability nobody can give files
# to it.
printf '%s\n' 'root:x:0:0:root:/:/nonexistent' 'collector:x:65532:65532:collector:/var/lib:/nonexistent' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'collector:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
# For a receiver that a public authority has signed for.
if [ ! -r /etc/ssl/certs/ca-certificates.crt ]; then
    echo "make image: /etc/ssl/certs/ca-certificates.crt is missing: apt-get install ca-certificates" >&2
    exit 1
fi
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
install -m 0644 "$repository/LICENSE" "$root/usr/share/doc/lastword/LICENSE"
if [ -n "$only_root" ]; then
    echo "image: root file system in $root"
    exit 0
fi

case $(uname -m) in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
    *) echo "make image: not built for $(uname -m)" >&2; exit 1 ;;
esac
blobs=$work/oci/blobs/sha256
mkdir -p "$blobs"
pack() { tar -C "$1" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner -cf "$2" .; }
hash() { sha256sum "$1" | cut -d ' ' -f 1; }
keep() {  # <file>: into the blobs, under its hash, which it prints
    local digest
    digest=$(hash "$1")
    mv "$1" "$blobs/$digest"
    echo "$digest"
}
size() { stat -c %s "$blobs/$1"; }

pack "$root" "$work/layer.tar"
difference=$(hash "$work/layer.tar")
media=application/vnd.oci.image.layer.v1.tar
if [ "${LAYER:-gzip}" != plain ]; then
    gzip -n "$work/layer.tar"
    mv "$work/layer.tar.gz" "$work/layer.tar"
    media=$media+gzip
fi
layer=$(keep "$work/layer.tar")
# daemonset/Dockerfile says the same of entry point and environment; a test compares them.
cat >"$work/config" <<JSON
{"architecture":"$architecture","os":"linux","config":{"Entrypoint":["/usr/sbin/lastword-agent"],"Env":["PATH=/usr/sbin:/usr/bin","SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt","SWIFT_BACKTRACE=enable=no"],"WorkingDir":"/"},"rootfs":{"type":"layers","diff_ids":["sha256:$difference"]}}
JSON
config=$(keep "$work/config")
cat >"$work/manifest" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:$config","size":$(size "$config")},"layers":[{"mediaType":"$media","digest":"sha256:$layer","size":$(size "$layer")}]}
JSON
manifest=$(keep "$work/manifest")
# containerd takes the whole name from its own annotation, others the tag from OCI's.
cat >"$work/oci/index.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:$manifest","size":$(size "$manifest"),"annotations":{"io.containerd.image.name":"$image","org.opencontainers.image.ref.name":"${image##*:}"}}]}
JSON
echo '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
pack "$work/oci" "$out"
echo "image: $image in $out, $(du -h "$out" | cut -f 1), config sha256:$config"
