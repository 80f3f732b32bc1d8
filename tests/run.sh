#!/bin/sh
# run.sh   build the plugin and run all its tests; installs what that needs.
#
# 1. gcc: plugin, unit tests, fuzz corpus     2. clang with ASan and UBSan: the same
# 3. each fuzz target for a minute            4. damaged captures through tshark with ASan and UBSan
# 5. clang-format, valgrind                   6. the same, packages too, in trees of other Debian releases (releases.sh)
# 7. end to end through tshark and sharkd (pytest)
#
# SIPTRAIL_FUZZ_SECONDS=3600 fuzzes for longer.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/plugin/packages.sh"

need_packages $BUILD_PACKAGES $TEST_PACKAGES clang libclang-rt-14-dev clang-format libwrap0 valgrind

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
build clang -DCMAKE_C_COMPILER=clang -DSIPTRAIL_SANITIZE=ON -DSIPTRAIL_FUZZ=ON -DCMAKE_MODULE_LINKER_FLAGS=-shared-libasan
unit_tests clang

# A find is printed with what makes it, as the temporary folder will be gone.
fuzz() { # TARGET
    mkdir -p "$work/fuzz-$1"
    "$work/clang/tests/fuzz_$1" -max_total_time="${SIPTRAIL_FUZZ_SECONDS:-60}" -max_len=8192 -timeout=20 -rss_limit_mb=2048 \
        -dict="$top/tests/fuzz/sip.dict" -artifact_prefix="$work/fuzz-$1/find-" -print_final_stats=1 \
        "$work/fuzz-$1" "$top/tests/fuzz/corpus/$1" >"$work/fuzz-$1.log" 2>&1 && {
        echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/fuzz-$1.log") executions"
        return
    }
    grep -v '^#[0-9]' "$work/fuzz-$1.log" >&2
    for find in "$work/fuzz-$1"/find-*; do
        echo "siptrail: a find of the fuzz target $1; base64 -d makes a file for tests/fuzz/corpus/$1 of:" >&2
        base64 "$find" >&2
    done
    return 1
}

both() { # TARGET TARGET: one for each of two cores
    fuzz "$1" &
    first=$!
    fuzz "$2" || { wait "$first"; return 1; }
    wait "$first"
}

echo "== fuzzing"
both message auth
both digest tracker

echo "== damaged captures, with sanitizers"
/usr/bin/python3 "$top/tests/e2e/fuzz_captures.py" "$work/clang/plugin/siptrail.so" --files 80 --keep "$work/finds"

echo "== clang-format"
find "$top/plugin" "$top/tests" -name '*.[ch]' -exec clang-format --dry-run -Werror {} +

echo "== memory"
/usr/bin/python3 "$top/tests/e2e/leaks.py" "$work/gcc/plugin/siptrail.so" two-realms subscribe-204 rspauth

echo "== releases"
here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
for release in bookworm trixie sid; do
    # This machine's own release has its end-to-end tests below.
    if [ "$release" = "$here" ]; then
        releases="${releases:-} $release:packages"
    else
        releases="${releases:-} $release:versions"
    fi
done
"$top/tests/releases.sh" $releases

echo "== end to end"
SIPTRAIL_PLUGIN="$work/gcc/plugin/siptrail.so" /usr/bin/python3 -m pytest -q -n "$(nproc)" --dist loadgroup -p no:cacheprovider "$top/tests"
