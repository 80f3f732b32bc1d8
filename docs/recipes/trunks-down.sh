#!/bin/sh
# trunks-down.sh CAPTURE [TSHARK-OPTION...]   prints registrations that are down, or whose client does not hear the registrar
#                                             or is not heard, and accounts whose last exchange failed
#
# Exit status: 0 if there is none, 1 if there is one, 2 if it is called wrongly, 3 if the capture cannot be read, 4 if it shows
# no registration and no challenge, or the end of none, so that nothing is known, 5 if tshark does not load SIP Trail. Of a
# capture that was cut short, all counts that can be read. What it does not show the
# end of says nothing, but for a REGISTER over TCP or TLS whose answer a client does not wait for any more.
set -u

case ${1:-}:${2:--} in
:* | -*:* | *:[!-]*)
    echo "usage: trunks-down.sh CAPTURE [TSHARK-OPTION...]   one capture at a time" >&2
    exit 2
    ;;
esac
capture=$1
shift
remarks=$(mktemp)
trap 'rm -f "$remarks"' EXIT
tables=$(tshark -q -r "$capture" "$@" -z siptrail,registrations -z siptrail,accounts 2>"$remarks") || {
    if grep -q 'Invalid -z argument "siptrail' "$remarks"; then
        echo "trunks-down.sh: tshark does not load SIP Trail: is it installed for this user? root loads no personal plugins" >&2
        exit 5
    fi
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
    $2 != "unknown" { known++ }
    table == "Address-of-record" && ($2 ~ /^(refused|unanswered|challenged|lapsed)$/ || $3 ~ /^(port_unreachable|unreachable|disconnected|answer_not_seen|provisional_only|answer_lost|answer_late|client_unheard|contact_misplaced|contact_not_listed)$/) {
        tell($1, $12, $2, $3)
    }
    table == "Account" && $2 ~ /^(rejected|forbidden|failed|interval-too-brief|no-retry|no-answer)$/ { accounts[++n] = $0 }
    END {
        for (i = 1; i <= n; i++) {
            count = split(accounts[i], cell, /  +/)
            tell(cell[4] == "-" ? cell[1] : cell[4], cell[count], cell[2], cell[3])
        }
        if (!rows)
            print "trunks-down.sh: no registration and no account seen: is SIP inside TLS, on another port, or SIP Trail switched off?" >"/dev/stderr"
        else if (!known)
            print "trunks-down.sh: of no registration and no challenge does the capture show the end" >"/dev/stderr"
        exit down ? 1 : known ? 0 : 4
    }'
