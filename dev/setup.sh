#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that build, tests and demo need and that are not there. Removes nothing: where a
# program already comes from elsewhere (Docker's containerd.io), it is used as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=()

has_header() {  # <header>
    echo "#include <$1>" | ${CC:-cc} -E -x c - >/dev/null 2>&1 || [ -e "/usr/include/$1" ]
}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
has_header systemd/sd-journal.h || missing+=(libsystemd-dev)
has_header sqlite3.h || missing+=(libsqlite3-dev)
has_header zlib.h || missing+=(zlib1g-dev)
command -v pkg-config >/dev/null || missing+=(pkg-config)
# Docker's containerd.io conflicts with Debian's containerd and runc; it brings both programs, and they will do.
command -v containerd >/dev/null || missing+=(containerd)
command -v runc >/dev/null || missing+=(runc)
# The tests run a journald of their own, and write journals with fields that only journald may set.
[ -x /lib/systemd/systemd-journald ] && command -v journalctl >/dev/null || missing+=(systemd)
[ -x /lib/systemd/systemd-journal-remote ] || missing+=(systemd-journal-remote)
# The collector's pages are looked at with a browser.
command -v chromium >/dev/null || missing+=(chromium)
# The collector's syslog outputs are tried with a real rsyslog, over TCP and with both of its TLS drivers. Debian starts it as a
# service where it installs it anew; the tests run their own, on ports of their own.
has_rsyslog() {  # <module>
    compgen -G "/usr/lib/*/rsyslog/$1.so" >/dev/null || [ -e "/usr/lib/rsyslog/$1.so" ]
}
command -v rsyslogd >/dev/null || missing+=(rsyslog)
has_rsyslog lmnsd_gtls || missing+=(rsyslog-gnutls)
has_rsyslog lmnsd_ossl || missing+=(rsyslog-openssl)
# The packages are made, looked through, installed and booted: dpkg-deb and dpkg-shlibdeps, lintian, nspawn, man and shells.
command -v dpkg-shlibdeps >/dev/null || missing+=(dpkg-dev)
command -v lintian >/dev/null || missing+=(lintian)
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
command -v mandoc >/dev/null || missing+=(mandoc)
command -v zsh >/dev/null || missing+=(zsh)
command -v fish >/dev/null || missing+=(fish)
command -v openssl >/dev/null || missing+=(openssl)
# It runs the plug-in; from 1.27 on it also renders the manifests anew.
command -v kubectl >/dev/null || missing+=(kubernetes-client)
# Senders that people have at hand, disks that are full, and who still runs.
command -v curl >/dev/null || missing+=(curl)
command -v mkfs.ext4 >/dev/null || missing+=(e2fsprogs)
command -v pgrep >/dev/null || missing+=(procps)
# The images of the tests are made from a busybox that needs no library.
busybox=$(command -v busybox || true)
if [ -z "$busybox" ] || ldd "$busybox" >/dev/null 2>&1; then missing+=(busybox-static); fi
# The image is put together from what the programs load, stripped, and the authorities of the system.
command -v objcopy >/dev/null || missing+=(binutils)
[ -r /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
# A sender and a receiver that are not ours are played with OpenTelemetry's own packages for Python, in an environment
# of its own.
python=.build/otlp-python
wanted="opentelemetry-proto==1.45.2 opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2 protobuf==7.36.2"
install_python() {
    [ "$(cat "$python/wanted" 2>/dev/null)" != "$wanted" ] || return 0
    echo "make setup: installing $wanted into $python"
    # Without a package index the tests say that they skip these.
    if rm -rf "$python" && mkdir -p .build && python3 -m venv "$python" && "$python/bin/pip" install -q $wanted; then
        echo "$wanted" >"$python/wanted"
    else
        rm -rf "$python"
        echo "make setup: could not install $wanted; the tests with OpenTelemetry for Python will be skipped" >&2
    fi
}
# The detection rules are also read by Sigma's own parser, in an environment of its own.
sigma_python=.build/sigma-python
sigma_wanted="pysigma==1.5.1"
install_sigma() {
    [ "$(cat "$sigma_python/wanted" 2>/dev/null)" != "$sigma_wanted" ] || return 0
    echo "make setup: installing $sigma_wanted into $sigma_python"
    if rm -rf "$sigma_python" && mkdir -p .build && python3 -m venv "$sigma_python" \
        && "$sigma_python/bin/pip" install -q $sigma_wanted; then
        echo "$sigma_wanted" >"$sigma_python/wanted"
    else
        rm -rf "$sigma_python"
        echo "make setup: could not install $sigma_wanted; the test with Sigma's parser will be skipped" >&2
    fi
}
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ ${#missing[@]} -eq 0 ]; then
    install_python
    install_sigma
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    echo "make setup: this machine has no apt-get; install what Debian calls: ${missing[*]}" >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    root=(sudo -n)
elif command -v sudo >/dev/null && [ -t 0 ]; then
    root=(sudo)
else
    echo "make setup: packages are missing and this user is not root: apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "make setup: installing ${missing[*]}"
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-remove --no-install-recommends "${missing[@]}")
# Package lists may be absent or old on a fresh machine.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${root[@]}" apt-get update -q && "${root[@]}" "${install[@]}"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    echo "make setup: could not install: ${missing[*]} (nothing was removed; the lines above say why)" >&2
    exit 1
fi
install_python
install_sigma
