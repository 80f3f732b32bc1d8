#!/bin/sh
# install.sh [CAPTURE]     build and install the plugin, then print the report for a capture
# install.sh --profile     copy the Wireshark profile "SIP Trail" into your personal folder
# install.sh --uninstall   remove plugin and profile again; what you have changed in the profile stays
#
# Root installs into Wireshark's system folder, everybody else into the personal plugin folder: Wireshark loads no
# personal plugins for root.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/plugin/packages.sh"
. "$top/plugin/package/profile.sh"

# A folder to build in that this user may write to.
build_folder() {
    if [ -n "${SIPTRAIL_BUILD:-}" ]; then
        echo "$SIPTRAIL_BUILD"
    elif [ -w "$top" ] && { [ ! -e "$top/build" ] || [ -O "$top/build" ]; }; then
        echo "$top/build"
    else
        echo "${XDG_CACHE_HOME:-$HOME/.cache}/siptrail-build"
    fi
}

plugin_folder() {
    if [ "$(id -u)" -eq 0 ]; then which=Global; else which=Personal; fi
    tshark -G folders 2>/dev/null | sed -n "s/^$which Plugins:[[:space:]]*//p" | head -n 1
}

uninstall() {
    file=$(plugin_folder)/epan/siptrail.so
    build=$(build_folder)
    [ ! -f "$build/install_manifest.txt" ] || cmake --build "$build" --target uninstall >/dev/null
    rm -f "$file"
    echo "siptrail: removed $file"
    profile_uninstall "$top/plugin/profile"
}

build_and_install() {
    build=$(build_folder)
    folder=$(plugin_folder)
    if [ "$(id -u)" -eq 0 ]; then personal=OFF; else personal=ON; fi
    log=$(mktemp)
    if ! { cmake -S "$top" -B "$build" -DSIPTRAIL_TESTS=OFF -DSIPTRAIL_PERSONAL=$personal \
        -DSIPTRAIL_PLUGIN_DIR="$folder" &&
        cmake --build "$build" -j 2 && cmake --install "$build"; } >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        echo "siptrail: the build failed, see above" >&2
        return 1
    fi
    rm -f "$log"
    loaded=$(tshark -G plugins 2>/dev/null | sed -n 's/^siptrail\.so.*\t//p')
    if [ -z "$loaded" ]; then
        echo "siptrail: installed in $folder/epan, but tshark does not load it: see 'tshark -G plugins'" >&2
        return 1
    fi
    echo "siptrail: installed in $folder/epan"
    # Of two it is the other one that explains the capture, in its own words.
    [ "$loaded" -ef "$folder/epan/siptrail.so" ] ||
        echo "siptrail: but tshark loads the one in $loaded: remove one of the two" >&2
}

# tshark, its remarks shown at the end, and only when it fails: to root it says each time that this could be dangerous. A
# capture that was cut short is read as far as it goes.
run_tshark() {
    tshark "$@" 2>>"$remarks" || touch "$remarks.failed"
}

# What the wire says, without what a terminal takes for a command.
printable() {
    LC_ALL=C sed 's/\xc2[\x80-\x9f]/?/g' | LC_ALL=C tr '\001-\010\013-\037\177' '?'
}

# One line for each account and cause, with the frame where it is first seen. Of two causes the remedy is for the last, and of
# two remedies it is the one of the message that comes last, which knows most.
causes() {
    awk -F '\t' '
        { key = $2 "\t" $3 }
        !(key in count) { first[key] = $1; order[++n] = key }
        { count[key]++; fix[key] = $4 }
        END {
            for (i = 1; i <= n; i++) {
                split(order[i], part, "\t")
                more = count[order[i]] - 1
                printf "%s, frame %s%s%s: %s\n", part[1] ? part[1] : "no account", first[order[i]],
                    more ? " and " more " more" : "", part[2] ? ", " part[2] : "", fix[order[i]]
            }
        }'
}

# The report: each message with something to say in one line, the tables, and at the end, where a terminal shows it, why
# what failed failed and what to do.
report() {
    capture=$1
    shift
    remarks=$(mktemp)
    run_tshark -r "$capture" "$@" -2 -Y siptrail -T fields -e frame.number -e siptrail -E separator=/t |
        sed 's/	SIP Trail: /  /' | awk '{ n = $1; $1 = ""; printf "%7s%s\n", n, $0 }'
    echo
    run_tshark -q -r "$capture" "$@" -z siptrail,exchanges
    echo
    run_tshark -q -r "$capture" "$@" -z siptrail,registrations
    echo
    run_tshark -r "$capture" "$@" -2 -Y 'siptrail.cause || (siptrail.fix && !siptrail.meaning)' -T fields \
        -E occurrence=l -e frame.number -e siptrail.account -e siptrail.cause -e siptrail.fix | printable | causes
    failed=0
    if [ -e "$remarks.failed" ]; then
        awk '!seen[$0]++' "$remarks" >&2
        failed=1
    fi
    rm -f "$remarks" "$remarks.failed"
    return $failed
}

usage() {
    cat >&2 <<TEXT
usage: plugin/install.sh [CAPTURE]    build and install the plugin, print the report for a capture
       plugin/install.sh --profile    add the Wireshark profile
       plugin/install.sh --uninstall  remove plugin and profile
TEXT
}

case ${1:-} in
--uninstall)
    uninstall
    exit
    ;;
--profile)
    profile_install "$top/plugin/profile"
    exit
    ;;
-*)
    usage
    [ "$1" = --help ] || [ "$1" = -h ] || exit 2
    exit
    ;;
esac
if [ $# -gt 1 ]; then
    echo "siptrail: one capture at a time; a name with blanks in it wants quotes: $*" >&2
    exit 2
fi
if [ $# -gt 0 ] && { [ ! -f "$1" ] || [ ! -r "$1" ]; }; then
    echo "siptrail: cannot read the capture $1" >&2
    exit 2
fi
need_packages $BUILD_PACKAGES
build_and_install
echo
if [ $# -gt 0 ]; then
    report "$1"
else
    echo "captures/trunk-registration.pcapng:"
    report "$top/captures/trunk-registration.pcapng" \
        -o 'uat:siptrail_credentials:"trunk","pbx.example.com","password","brass-Kettle-9"'
fi
