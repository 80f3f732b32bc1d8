# packages.sh: what building and testing need, and how to get it. Sourced by install.sh and ../tests/run.sh.

BUILD_PACKAGES="cmake make gcc libc6-dev pkg-config libglib2.0-dev libgcrypt20-dev libxxhash-dev wireshark-dev tshark"
TEST_PACKAGES="wireshark-common python3 python3-pytest python3-pytest-xdist util-linux parallel sqlite3 openssh-client iproute2"
PACKAGING_PACKAGES="dpkg-dev file gzip"

# The command that makes a command run as root: nothing for root itself.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        echo "siptrail: this needs root, and there is no sudo. As root: $*" >&2
        return 1
    fi
}

missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

# What BUILD_PACKAGES stand for, on a system that has no apt-get to ask.
have_tools() {
    for tool in cmake make cc pkg-config tshark; do
        command -v $tool >/dev/null 2>&1 || return 1
    done
    pkg-config --exists glib-2.0 libgcrypt libxxhash wireshark
}

# Installs what is missing of the named Debian packages, and touches nothing when nothing is.
need_packages() {
    if ! command -v apt-get >/dev/null 2>&1; then
        have_tools && return 0
        echo "siptrail: this system has no apt-get. Install what these Debian packages hold, then run this again:" >&2
        echo "  $*" >&2
        return 1
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    echo "siptrail: installing" $missing
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing >&2 && return 0
    echo "siptrail: could not install:" $missing >&2
    return 1
}
