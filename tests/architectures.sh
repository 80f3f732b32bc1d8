#!/bin/sh
# architectures.sh   compile the core for a 32-bit and for a big-endian machine, in a Debian tree, and run its unit tests
#                    there: i386 on this processor, s390x by qemu
#
# SIPTRAIL_TREES and SIPTRAIL_MIRROR: see trees.sh.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/plugin/packages.sh"

if [ "$(id -u)" -ne 0 ]; then
    as_root env SIPTRAIL_TREES="${SIPTRAIL_TREES:-}" SIPTRAIL_MIRROR="${SIPTRAIL_MIRROR:-}" "$0"
    exit
fi
. "$top/tests/trees.sh"

inside='
set -eu
dpkg --add-architecture i386
dpkg --add-architecture s390x
apt-get -q update
export DEBIAN_FRONTEND=noninteractive
apt-get -q install -y --no-install-recommends cmake make pkg-config python3 qemu-user
for machine in i686:i386: s390x:s390x:qemu-s390x; do
    IFS=: read -r compiler folder emulator <<END
$machine
END
    echo "== $folder"
    apt-get -q install -y --no-install-recommends gcc-$compiler-linux-gnu libc6-dev-$folder-cross libc6-dev:$folder \
        libglib2.0-dev:$folder libgcrypt20-dev:$folder libxxhash-dev
    PKG_CONFIG_LIBDIR=/usr/lib/$folder-linux-gnu/pkgconfig:/usr/share/pkgconfig cmake -S /siptrail -B /build-$folder \
        -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$folder -DCMAKE_C_COMPILER=$compiler-linux-gnu-gcc \
        -DCMAKE_LIBRARY_ARCHITECTURE=$folder-linux-gnu -DCMAKE_CROSSCOMPILING_EMULATOR=$emulator -DSIPTRAIL_PLUGIN=OFF
    cmake --build /build-$folder -j 2
    ctest --test-dir /build-$folder --output-on-failure
done
'
make_tree architectures bookworm
copy_sources architectures
run_inside architectures bash -c "$inside"
