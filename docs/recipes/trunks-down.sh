#!/bin/sh
# trunks-down.sh CAPTURE [TSHARK-OPTION...]   prints registrations that are down, or whose client does not hear the registrar
#                                             or is not heard, and accounts whose last exchange failed
#
# Exit status: 0 if there is none, 1 if there is one, 3 if the capture cannot be read, 4 if it shows neither a registration nor
# an account, so that nothing is known. Of a capture that was cut short, all counts that can be read. What it does not show the
# end of says nothing, but for a REGISTER over TCP or TLS whose answer a client does not wait for any more.
set -u

capture=${1:?usage: trunks-down.sh CAPTURE [TSHARK-OPTION...]}
shift
remarks=$(mktemp)
trap 'rm -f "$remarks"' EXIT
tables=$(tshark -q -r "$capture" "$@" -z siptrail,registrations -z siptrail,accounts 2>"$remarks") || {
    grep -v '^Running as user' "$remarks" | head -n 2 >&2
    [ -n "$tables" ] || exit 3
}
printf '%s\n' "$tables" | awk -F '  +' '
    function tell(name, peer, state, cause) {
        if (!((name, peer) in told))
            print name ": " state " (" cause ") at " peer
        told[name, peer] = down = 1
    }
    /^Address-of-record / || /^Account / { table = $1; next }
    { sub(/^ +/, ""); rows++ }
    table == "Address-of-record" && ($2 ~ /^(refused|unanswered|challenged|lapsed)$/ || $3 ~ /^(port_unreachable|answer_not_seen|provisional_only|answer_lost|answer_late|client_unheard|contact_not_listed)$/) {
        tell($1, $12, $2, $3)
    }
    table == "Account" && $2 ~ /^(rejected|forbidden|failed|interval-too-brief|no-retry|no-answer)$/ { accounts[++n] = $0 }
    END {
        for (i = 1; i <= n; i++) {
            count = split(accounts[i], cell, /  +/)
            tell(cell[4] == "-" ? cell[1] : cell[4], cell[count], cell[2], cell[3])
        }
        if (!rows)
            print "trunks-down.sh: no registration and no account seen: is SIP on another port, or SIP Trail switched off?" >"/dev/stderr"
        exit rows ? down : 4
    }'
