#!/bin/sh
# trunks-down.sh CAPTURE [TSHARK-OPTION...]   prints the accounts whose last exchange was not accepted
# (busy, not found and the like, with the cause "failed", are no fault of the account, nor is a challenged keep-alive)
#
# Exit status: 0 if there is none, 1 if there is one, 3 if the capture cannot be read. An exchange that the capture does
# not show the end of says nothing.
set -u

capture=${1:?usage: trunks-down.sh CAPTURE [TSHARK-OPTION...]}
shift
rows=$(tshark -2 -r "$capture" "$@" -Y siptrail.challenge -T fields -E occurrence=f -E separator=/t \
    -e siptrail.outcome -e siptrail.cause -e frame.number -e siptrail.account 2>/dev/null) || exit 3
printf '%s\n' "$rows" | awk -F '\t' '
    $2 == "failed" || $2 == "options_challenged" { $1 = "accepted" }
    $1 && $1 != "unknown" { outcome[$4] = $1; row[$4] = $4 ": " $1 " (" $2 "), frame " $3 }
    END {
        for (account in row)
            if (outcome[account] != "accepted") {
                print row[account]
                down = 1
            }
        exit down
    }'
