#!/bin/sh
# run.sh   build the plugin and run all its tests; installs what that needs.
#
# 1. gcc: plugin, unit tests, fuzz corpus     2. clang with ASan and UBSan: the same for the core
# 3. clang-format                             4. end to end through tshark and sharkd (pytest)
# 5. the same and the packages in trees of three Debian releases (releases.sh)
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/plugin/packages.sh"

need_packages $BUILD_PACKAGES $TEST_PACKAGES clang libclang-rt-14-dev clang-format libwrap0

work=${SIPTRAIL_TEST_BUILD:-$(mktemp -d)}
[ -n "${SIPTRAIL_TEST_BUILD:-}" ] || trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

build() { # FOLDER OPTION...
    folder=$1
    shift
    cmake -S "$top" -B "$work/$folder" "$@" >"$work/$folder.log" 2>&1 &&
        cmake --build "$work/$folder" -j 2 >>"$work/$folder.log" 2>&1 && return
    cat "$work/$folder.log" >&2
    echo "siptrail: the build '$folder' failed" >&2
    return 1
}

unit_tests() { # FOLDER
    (cd "$work/$1" && ctest --output-on-failure -j 2)
}

# The package would start a service on this machine: its program alone will do.
sshd_without_service() {
    [ ! -x /usr/sbin/sshd ] || return 0
    (cd "$work" && apt-get -q download openssh-server >&2 && dpkg -x openssh-server_*.deb sshd) || return 1
    export SIPTRAIL_SSHD="$work/sshd/usr/sbin/sshd"
}
sshd_without_service || echo "siptrail: no sshd for the test of many hosts" >&2

echo "== gcc"
build gcc -DCMAKE_C_COMPILER=gcc
unit_tests gcc

echo "== clang, AddressSanitizer and UndefinedBehaviorSanitizer"
build clang -DCMAKE_C_COMPILER=clang -DSIPTRAIL_SANITIZE=ON
unit_tests clang

echo "== clang-format"
find "$top/plugin" "$top/tests" -name '*.[ch]' -exec clang-format --dry-run -Werror {} +

echo "== end to end"
SIPTRAIL_PLUGIN="$work/gcc/plugin/siptrail.so" /usr/bin/python3 -m pytest -q -p no:cacheprovider "$top/tests"

echo "== releases"
here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
for release in bookworm trixie sid; do
    # This machine's own release has had its end-to-end tests above.
    if [ "$release" = "$here" ]; then
        releases="${releases:-} $release:packages"
    else
        releases="${releases:-} $release"
    fi
done
"$top/tests/releases.sh" $releases
