#!/bin/sh
# releases.sh [RELEASE...]   build, test and package the plugin in a fresh tree of each Debian release: bookworm, trixie
#                            and sid, which have Wireshark 4.0, 4.4 and 4.6
#
# noble, Ubuntu 24.04 with Wireshark 4.2, wants SIPTRAIL_MIRROR to be a mirror of Ubuntu, and to be asked for alone.
#
# RELEASE:versions leaves out end-to-end tests in which no version of Wireshark can make a difference, RELEASE:packages all of
# them. A tree that cannot be made is a failure. SIPTRAIL_TREES and SIPTRAIL_MIRROR: see trees.sh.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/plugin/packages.sh"

[ $# -gt 0 ] || set -- bookworm trixie sid
if [ "$(id -u)" -ne 0 ]; then
    as_root env SIPTRAIL_TREES="${SIPTRAIL_TREES:-}" SIPTRAIL_MIRROR="${SIPTRAIL_MIRROR:-}" "$0" "$@"
    exit
fi
. "$top/tests/trees.sh"

test_release() { # RELEASE WHAT
    rm -f "$trees/$1/results"
    make_tree "$1" "$1" && copy_sources "$1" && run_inside "$1" /siptrail/tests/release.sh "$2"
}

failed=
releases=
for argument in "$@"; do
    release=${argument%:*}
    releases="$releases $release"
    { test_release "$release" "${argument#"$release"}" && echo passed || echo failed; } \
        >"$trees/$release.log" 2>&1 </dev/null &
done
wait

for release in $releases; do
    [ "$(tail -n 1 "$trees/$release.log")" = passed ] && continue
    failed="$failed $release"
    echo "== $release: the end of its log"
    tail -n 150 "$trees/$release.log"
done
echo "== releases"
for release in $releases; do
    echo "$release:" "$(cat "$trees/$release/results" 2>/dev/null || echo "no tree")"
done
[ -z "$failed" ] || { echo "siptrail: failed in:$failed" >&2; exit 1; }
