# trees.sh: trees of Debian (and Ubuntu) to test in. Sourced, with $top set, by releases.sh and architectures.sh, which run as root.

need_packages debootstrap debian-archive-keyring util-linux tar

# SIPTRAIL_TREES=FOLDER keeps the trees with their logs, and takes up those that it finds there.
trees=${SIPTRAIL_TREES:-$(mktemp -d)}
mkdir -p "$trees"
[ -n "${SIPTRAIL_TREES:-}" ] || trap 'rm -rf --one-file-system "$trees"' EXIT

# SIPTRAIL_MIRROR is asked instead of the mirror that this machine's apt has.
mirror=${SIPTRAIL_MIRROR:-$(apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian main //p' | head -n 1)}
if [ -z "$mirror" ]; then
    echo "siptrail: this machine's apt names no mirror of Debian: set SIPTRAIL_MIRROR" >&2
    exit 1
fi

make_tree() { # NAME RELEASE
    tree=$trees/$1
    [ ! -e "$tree/made" ] || return 0
    rm -rf --one-file-system "$tree"
    case $2 in
    noble) debootstrap --variant=minbase --components=main,universe "$2" "$tree" "$mirror" gutsy ;; # Debian 12 lacks its script
    *) debootstrap --variant=minbase "$2" "$tree" "$mirror" ;;
    esac || return 1
    # sid's lists have a last day, and a mirror may be older.
    echo 'Acquire::Check-Valid-Until "false";' >"$tree/etc/apt/apt.conf.d/90siptrail"
    # Nor is a tree worth waiting for the disk.
    echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/siptrail"
    touch "$tree/made"
}

# A clean copy of the sources.
copy_sources() { # NAME
    rm -rf "$trees/$1/siptrail"
    mkdir "$trees/$1/siptrail"
    tar -C "$top" -c --exclude=./.git --exclude='./build*' --exclude=__pycache__ . | tar -C "$trees/$1/siptrail" -x
}

# With /proc where a mount is allowed: a container may forbid it, and the tests do without.
run_inside() { # NAME COMMAND...
    tree=$trees/$1
    shift
    if unshare --mount true 2>/dev/null; then
        unshare --mount sh -c 'mount -t proc proc "$1/proc" 2>/dev/null; exec chroot "$@"' sh "$tree" "$@"
    else
        chroot "$tree" "$@"
    fi
}
