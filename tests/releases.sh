#!/bin/sh
# releases.sh [RELEASE...]   build, test and package the plugin in a fresh tree of each Debian release: bookworm, trixie
#                            and sid, which have Wireshark 4.0, 4.4 and 4.6
#
# A tree that cannot be made is a failure. SIPTRAIL_TREES=FOLDER keeps the trees with their logs, and takes up those that
# it finds there; SIPTRAIL_MIRROR is asked instead of the mirror that this machine's apt has.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/plugin/packages.sh"

[ $# -gt 0 ] || set -- bookworm trixie sid
if [ "$(id -u)" -ne 0 ]; then
    as_root env SIPTRAIL_TREES="${SIPTRAIL_TREES:-}" SIPTRAIL_MIRROR="${SIPTRAIL_MIRROR:-}" "$0" "$@"
    exit
fi
need_packages debootstrap debian-archive-keyring util-linux tar

trees=${SIPTRAIL_TREES:-$(mktemp -d)}
mkdir -p "$trees"
[ -n "${SIPTRAIL_TREES:-}" ] || trap 'rm -rf --one-file-system "$trees"' EXIT

mirror=${SIPTRAIL_MIRROR:-$(apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian main //p' | head -n 1)}
if [ -z "$mirror" ]; then
    echo "siptrail: this machine's apt names no mirror of Debian: set SIPTRAIL_MIRROR" >&2
    exit 1
fi

make_tree() { # RELEASE
    tree=$trees/$1
    [ ! -e "$tree/made" ] || return 0
    rm -rf --one-file-system "$tree"
    debootstrap --variant=minbase "$1" "$tree" "$mirror" || return 1
    # sid's lists have a last day, and a mirror may be older.
    echo 'Acquire::Check-Valid-Until "false";' >"$tree/etc/apt/apt.conf.d/90siptrail"
    touch "$tree/made"
}

# A clean copy of what is in the folder of the sources.
copy_sources() { # RELEASE
    rm -rf "$trees/$1/siptrail"
    mkdir "$trees/$1/siptrail"
    tar -C "$top" -c --exclude=./.git --exclude='./build*' --exclude=__pycache__ . | tar -C "$trees/$1/siptrail" -x
}

# With /proc where a mount is allowed: a container may forbid it, and the tests do without.
run_inside() { # RELEASE COMMAND...
    tree=$trees/$1
    shift
    if unshare --mount true 2>/dev/null; then
        unshare --mount sh -c 'mount -t proc proc "$1/proc" 2>/dev/null; exec chroot "$@"' sh "$tree" "$@"
    else
        chroot "$tree" "$@"
    fi
}

test_release() { # RELEASE
    rm -f "$trees/$1/results"
    make_tree "$1" && copy_sources "$1" && run_inside "$1" /siptrail/tests/release.sh
}

failed=
for release in "$@"; do
    { test_release "$release" && echo passed || echo failed; } >"$trees/$release.log" 2>&1 </dev/null &
done
wait

for release in "$@"; do
    [ "$(tail -n 1 "$trees/$release.log")" = passed ] && continue
    failed="$failed $release"
    echo "== $release: the end of its log"
    tail -n 150 "$trees/$release.log"
done
echo "== releases"
for release in "$@"; do
    echo "$release:" "$(cat "$trees/$release/results" 2>/dev/null || echo "no tree")"
done
[ -z "$failed" ] || { echo "siptrail: failed in:$failed" >&2; exit 1; }
