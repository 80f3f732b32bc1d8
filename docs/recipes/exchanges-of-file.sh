#!/bin/sh
# exchanges-of-file.sh SECONDS FILE [PREDECESSOR...] [...]   exchanges that are decided in one of many rotated files, as NDJSON
#
# Predecessors are named nearest first; three dots say that there are more. Their last SECONDS are read before FILE, so that
# what began there is understood.
#
# An exchange is decided when it is closed, or SECONDS after its challenge, whichever comes first. So each exchange of a
# row of files is decided in one of them and only one, and that is the one that prints it. What is still undecided at the
# end of FILE is printed with "open": 1; it counts only when no file follows.
#
# A file that was cut short is read as far as it goes, unless it is SIPTRAIL_LATEST, which may still be written.
#
# TSHARK_OPTIONS may hold options without blanks in them, such as -o tcp.desegment_tcp_streams:TRUE or -d udp.port==5070,sip.
set -eu

[ $# -ge 2 ] && [ -r "$2" ] || {
    echo "usage: exchanges-of-file.sh SECONDS FILE [PREDECESSOR...] [...], and FILE must be there" >&2
    exit 2
}
seconds=$1
file=$2
shift 2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The `name` of what can be read of a file, and the `count` of its packets: a copy, if it was cut short, as by a crash. More may
# come to the latest one.
take() { # FILE
    name=$1
    if ! count=$(capinfos -T -r -c "$1" 2>"$work/remarks"); then
        if ! grep -q 'cut short' "$work/remarks"; then
            cat "$work/remarks" >&2
            exit 1
        fi
        if [ "$1" = "${SIPTRAIL_LATEST:-}" ]; then
            echo "exchanges-of-file.sh: $1 is cut short: wait until it is written, or let editcap copy what can be read of it" >&2
            exit 1
        fi
        echo "exchanges-of-file.sh: $1 is cut short, and read as far as it goes" >&2
        name=$(mktemp "$work/XXXXXX")
        editcap "$1" "$name" 2>/dev/null
    fi
    count=$(printf '%s\n' "$count" | cut -f 2)
}
count_of() { # FILE
    capinfos -T -r -c "$1" | cut -f 2
}
start_of() {
    capinfos -T -r -S -a "$1" | cut -f 2
}
end_of() {
    capinfos -T -r -S -e "$1" | cut -f 2
}

# The last seconds of the predecessors, oldest first; `boundary` is where they end.
boundary=0
lead=0
leads=
for before in "$@"; do
    if [ "$before" = ... ]; then
        echo "exchanges-of-file.sh: the predecessors of $file do not reach $seconds s back, name more of them" >&2
        exit 1
    fi
    take "$before"
    [ "$count" -gt 0 ] || continue
    [ "$boundary" != 0 ] || boundary=$(end_of "$name")
    from=$(echo "$boundary $seconds" | awk '{ printf "%.6f", $1 - $2 }')
    part=$(mktemp "$work/XXXXXX")
    editcap -A "$from" "$name" "$part"
    leads="$part $leads"
    lead=$((lead + $(count_of "$part")))
    echo "$(start_of "$name") $from" | awk '{ exit $1 <= $2 }' || break
done

take "$file"
end=0
[ "$count" -eq 0 ] || end=$(end_of "$name")

# Number and time of each challenge come as columns (-T fields would build all details of all packets, and take twice as long),
# then the table. What goes wrong in a pipe is told by a file.
{ mergecap -a -F pcapng -w - $leads "$name" || touch "$work/failed"; } |
    { tshark -n -r - ${TSHARK_OPTIONS:-} -Y siptrail.challenge -t e -o 'gui.column.format:"Number","%m","Time","%t"' \
        -z siptrail,exchanges || touch "$work/failed"; } |
    FILE=$file awk -v lead="$lead" -v boundary="$boundary" -v end="$end" -v seconds="$seconds" '
        # What gsub makes of a backslash is another thing in each awk.
        function quoted(text,    i, c, out) {
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                out = out (c == "\\" || c == "\"" ? "\\" : "") c
            }
            return "\"" out "\""
        }
        function word(text) {
            return text == "-" ? "null" : quoted(text)
        }
        BEGIN { header = "Challenge Retry Closed Account Peer Digest Outcome Cause" }
        !table && $1 == "Challenge" {
            table = 1
            $1 = $1
            if ($0 != header) {
                print "exchanges-of-file.sh: not the table that this script reads: " $0 >"/dev/stderr"
                exit 1
            }
            next
        }
        !table { time[$1] = $2; next }
        {
            sub(/^ +/, "")
            n = split($0, cell, /  +/)
            account = cell[4]
            for (i = 5; i <= n - 4; i++)
                account = account "  " cell[i]
            due = time[cell[1]] + seconds
            closed = cell[3] != "-"
            if (due <= boundary || (closed && cell[3] <= lead))
                next
            open = !closed && due > end
            printf "{\"file\":%s,\"frame\":%d,\"time\":%s,\"account\":%s,\"peer\":%s,", quoted(ENVIRON["FILE"]), cell[1] - lead,
                time[cell[1]], quoted(account), word(cell[n - 3])
            printf "\"digest\":%s,\"outcome\":%s,\"cause\":%s,\"open\":%d}\n", word(cell[n - 2]), quoted(cell[n - 1]),
                word(cell[n]), open
        }
        END { exit !table }'
[ ! -e "$work/failed" ]
