# shellcheck shell=bash
# Helpers of the capture recipes: private network namespaces, background programs, recording.
# Sourced, never run.  A recipe sets PREFIX (its namespaces are PREFIX-name), then calls these.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
OUT=${OUT:-$(cd "$HERE/../.." && pwd)}
PREFIX=${PREFIX:-sip}
NAMESPACES=()
PIDS=()
RECORDER=

install_packages() { # PACKAGE...
    local missing=() p
    for p; do dpkg -s "$p" >/dev/null 2>&1 || missing+=("$p"); done
    [ ${#missing[@]} -eq 0 ] && return
    apt-get -q update
    apt-get -o DPkg::Lock::Timeout=900 install -y --no-install-recommends "${missing[@]}"
}

start_work() {
    T=$(mktemp -d)
    trap stop_work EXIT
    # an interrupted recipe shall clean up as well
    trap 'exit 1' INT TERM
}

stop_work() {
    local p n
    for p in "${PIDS[@]}"; do kill "$p" 2>/dev/null || true; done
    # Kamailio's main process needs its time to end the others
    for p in "${PIDS[@]}"; do timeout 5 tail --pid="$p" -f /dev/null || kill -9 "$p" || true; done
    wait 2>/dev/null || true
    # children of a program that had to be killed
    for n in "${NAMESPACES[@]}"; do ip netns pids "$n" | xargs -r kill -9 || true; done
    for n in "${NAMESPACES[@]}"; do ip netns del "$n" 2>/dev/null || true; done
    [ -n "${KEEP:-}" ] || rm -rf "$T"
}

# --- network -----------------------------------------------------------------------------------

add_namespace() { # NAME
    ip netns add "$PREFIX-$1"
    NAMESPACES+=("$PREFIX-$1")
    ip -n "$PREFIX-$1" link set lo up
    # IPv6 addresses shall be usable at once, without duplicate address detection
    ip netns exec "$PREFIX-$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 2>/dev/null || true
}

# A cable between two namespaces; the interface is named on each side after the other side.
link_namespaces() { # NAME1 ADDRESS1/LEN NAME2 ADDRESS2/LEN
    local a=$PREFIX-$1 b=$PREFIX-$3
    ip link add name "to-$3" netns "$a" type veth peer name "to-$1" netns "$b"
    add_address "$1" "to-$3" "$2"
    add_address "$3" "to-$1" "$4"
    # a recording shall show checksums and segments as a real line has them
    ip netns exec "$a" ethtool -K "to-$3" tx off gso off tso off >/dev/null
    ip netns exec "$b" ethtool -K "to-$1" tx off gso off tso off >/dev/null
    ip -n "$a" link set "to-$3" up
    ip -n "$b" link set "to-$1" up
}

add_address() { # NAME INTERFACE ADDRESS/LEN
    case $3 in
        *:*) ip -n "$PREFIX-$1" addr add "$3" dev "$2" nodad ;;
        *) ip -n "$PREFIX-$1" addr add "$3" dev "$2" ;;
    esac
}

# linphone does not even try to register without a default route.
default_route() { # NAME GATEWAY
    ip -n "$PREFIX-$1" route add default via "$2"
}

inside() { # NAME COMMAND...
    local n=$1; shift
    ip netns exec "$PREFIX-$n" "$@"
}

# --- background programs -------------------------------------------------------------------------

# Starts a program in a namespace; its process id is in LAST.  Output goes to $T/LOG.log.
spawn() { # LOG NAME COMMAND...
    local log=$1 n=$2; shift 2
    ip netns exec "$PREFIX-$n" "$@" >"$T/$log.log" 2>&1 </dev/null &
    LAST=$!
    PIDS+=("$LAST")
}

# Like spawn, for programs that read commands: what `say LOG text` writes is typed into it.
spawn_console() { # LOG NAME COMMAND...
    local log=$1 n=$2; shift 2
    mkfifo "$T/$log.in"
    ip netns exec "$PREFIX-$n" "$@" >"$T/$log.log" 2>&1 <>"$T/$log.in" &
    LAST=$!
    PIDS+=("$LAST")
}

say() { # LOG TEXT
    echo "$2" >"$T/$1.in"
}

stop() { # PID
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# --- recording -----------------------------------------------------------------------------------

# Records on the interfaces of one namespace until `record_stop`.
record_start() { # NAME FILTER INTERFACE...
    local n=$1 filter=$2 args=() i; shift 2
    for i; do args+=(-i "$i" -f "$filter"); done
    rm -f "$T/raw.pcapng"
    spawn dumpcap "$n" dumpcap -q "${args[@]}" -w "$T/raw.pcapng"
    RECORDER=$LAST
    for i in $(seq 50); do [ -s "$T/raw.pcapng" ] && break; sleep 0.1; done
    sleep 0.3
}

# Ends the recording and stores it; an optional display filter picks the frames to keep.
record_stop() { # CAPTURE [DISPLAY-FILTER]
    sleep 0.5
    kill -INT "$RECORDER"; wait "$RECORDER" 2>/dev/null || true
    local from=$T/ordered.pcapng
    # dumpcap writes interface after interface, not in order of time
    reordercap "$T/raw.pcapng" "$from" >/dev/null
    if [ -n "${2:-}" ]; then
        tshark -r "$from" -Y "$2" -w "$T/kept.pcapng" 2>/dev/null
        from=$T/kept.pcapng
    fi
    # the section header tells too much about the recording machine
    python3 "$HERE/clean-pcapng.py" "$from" "$OUT/$1.pcapng"
    echo "$OUT/$1.pcapng: $(tshark -r "$OUT/$1.pcapng" 2>/dev/null | wc -l) frames"
}
