# Shared steps of these recipes: a two-host lab, a recorder, an Asterisk tree.
# Source it; everything it makes is undone when the recipe ends.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CAPTURES=$(cd "$HERE/../.." && pwd)
WORK=$(mktemp -d -t stb.XXXXXX)
PIDS=()                       # everything start() has begun and leave() must end
CLIENT=192.0.2.20 SERVER=192.0.2.10
SIP_ONLY='(udp or tcp) and (port 5060 or port 5061 or port 5080)'

leave() {
    local pid
    for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null || true; done
    ip netns del stbc 2>/dev/null || true
    ip netns del stbs 2>/dev/null || true
    [ -n "${KEEP_LOGS:-}" ] && echo "logs kept in $WORK" || rm -rf "$WORK"
}
trap leave EXIT

need() {                      # need PACKAGE...: install what is missing
    local missing=() p
    for p in "$@"; do
        dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
    done
    [ ${#missing[@]} -eq 0 ] && return
    apt-get -o DPkg::Lock::Timeout=900 install -y --no-install-recommends "${missing[@]}" >"$WORK/apt.log" 2>&1
}

# stbc (client) and stbs (server), one cable between them. IPv6 stays off unless a
# recipe asks, or neighbour discovery would be most of the traffic. Checksums are
# computed by the kernel proper, so that the recording shows what a wire would.
lab() {
    local ns
    need iproute2 tcpdump tshark ethtool procps
    for ns in stbc stbs; do
        ip netns add $ns
        ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
        ip -n $ns link set lo up
    done
    ip link add veth0 netns stbc address 02:00:00:00:00:20 type veth peer name veth0 netns stbs address 02:00:00:00:00:10
    ip -n stbc addr add $CLIENT/24 dev veth0
    ip -n stbs addr add $SERVER/24 dev veth0
    for ns in stbc stbs; do
        ip netns exec $ns ethtool -K veth0 tx off tso off gso off gro off >/dev/null 2>&1
        ip -n $ns link set veth0 up
    done
}

in_client() { ip netns exec stbc "$@"; }
in_server() { ip netns exec stbs "$@"; }

# start LOGNAME COMMAND...: in the background, PID in $!. COMMAND is a program, never a
# function: of a function only the subshell would be known, and would be killed.
start() {
    local log=$WORK/$1.log; shift
    "$@" >"$log" 2>&1 </dev/null &
    PIDS+=($!)
}

stop() {                      # stop PID: end one started process now
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

until_true() {                # until_true SECONDS COMMAND...: poll five times a second
    local n=$(($1 * 5)); shift
    until "$@" >/dev/null 2>&1; do
        [ $((n -= 1)) -gt 0 ] || { echo "gave up waiting for: $*" >&2; return 1; }
        sleep 0.2
    done
}

listening() { in_server ss -Hlntu "sport = :$1" | grep -q .; }   # listening PORT

record() {                    # record [FILTER [TCPDUMP OPTIONS]]: at the server's end of the cable
    local filter=${1:-$SIP_ONLY}; shift || true
    rm -f "$WORK/tcpdump.log" "$WORK/rec.pcap"        # of the capture before
    start tcpdump ip netns exec stbs tcpdump -i veth0 -U --immediate-mode -w "$WORK/rec.pcap" "$@" "$filter"
    RECORDER=$!
    until_true 5 grep -q listening "$WORK/tcpdump.log"
}

# save NAME [EDITCAP OPTIONS]: going through classic pcap leaves no host details behind
save() {
    local name=$1; shift
    sleep 0.5
    stop "$RECORDER"
    editcap -F pcapng "$@" "$WORK/rec.pcap" "$CAPTURES/$name.pcapng"
    tshark -r "$CAPTURES/$name.pcapng" 2>/dev/null
}

# Asterisk left Debian before 12, so it runs from a small sid tree.
# ASTERISK_TREE=DIR keeps that tree for the next recipe; otherwise it is made anew.
asterisk_tree() {
    TREE=${ASTERISK_TREE:-$WORK/sid}
    [ -x "$TREE/usr/sbin/asterisk" ] && return
    need debootstrap
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sort -u | sed -n 1p)
    debootstrap --variant=minbase sid "$TREE" "$mirror" >"$WORK/debootstrap.log"
    printf '#!/bin/sh\nexit 101\n' >"$TREE/usr/sbin/policy-rc.d"    # start no daemon
    chmod +x "$TREE/usr/sbin/policy-rc.d"
    DEBIAN_FRONTEND=noninteractive chroot "$TREE" \
        apt-get install -y --no-install-recommends asterisk >"$WORK/asterisk-install.log" 2>&1
}

# asterisk NETNS NAME CONFIG...: one instance with its own directories below /NAME of the
# tree; each CONFIG is installed under its name without the part before the first dot
# (server.pjsip.conf becomes pjsip.conf).
asterisk() {
    local ns=$1 name=$2 file base; shift 2
    local root=$TREE/$name
    rm -rf "$root"; mkdir -p "$root"/{etc,lib,run,spool,log,keys}
    sed "s#@ROOT@#/$name#" "$HERE/asterisk/asterisk.conf" >"$root/etc/asterisk.conf"
    cp "$HERE"/asterisk/{modules,logger,rtp}.conf "$root/etc"
    for file in "$@"; do base=${file##*/}; cp "$file" "$root/etc/${base#*.}"; done
    start "asterisk-$name" ip netns exec "$ns" chroot "$TREE" asterisk -f -C "/$name/etc/asterisk.conf"
    until_true 30 asterisk_cli "$ns" "$name" "core waitfullybooted"
}

asterisk_cli() { ip netns exec "$1" chroot "$TREE" asterisk -C "/$2/etc/asterisk.conf" -rx "$3"; }

# linphone USER DOMAIN PASSWORD EXPIRES: registers and then obeys linphone_says COMMAND
linphone() {
    mkdir -p "$WORK/home/.local/share/linphone"
    sed "s/@USER@/$1/; s/@USER@/$1/; s/@DOMAIN@/$2/; s/@PASSWORD@/$3/; s/@EXPIRES@/$4/" "$HERE/linphone/linphonerc" >"$WORK/linphonerc"
    [ -p "$WORK/linphone.in" ] || mkfifo "$WORK/linphone.in"
    exec 7<>"$WORK/linphone.in"
    ip -n stbc route replace default via $SERVER          # without one it does not even try
    start linphone ip netns exec stbc env HOME="$WORK/home" sh -c 'exec linphonec -c "$0" <"$1"' "$WORK/linphonerc" "$WORK/linphone.in"
}
linphone_says() { echo "$*" >&7; sleep 1; }
