#!/bin/bash
# asterisk-wrong-password, asterisk-unknown-user: registrations that Asterisk 22 refuses.
# asterisk-stale: linphone reuses a nonce that has become too old.
. "$(dirname "$0")/lib.sh"
need linphone-cli
lab
asterisk_tree

refused() {                   # refused CAPTURE SED-EXPRESSION: the trunk with one thing wrong
    sed "$2" "$HERE/trunk/client.pjsip.conf" >"$WORK/client.pjsip.conf"
    record
    asterisk stbc client "$WORK/client.pjsip.conf"
    local client=$!
    sleep 10                  # the first try and two repetitions
    stop "$client"
    save "$1"
}

asterisk stbs server "$HERE"/trunk/server.{pjsip,extensions}.conf
server=$!
refused asterisk-wrong-password 's/^password = .*/password = trunk-0816/'
refused asterisk-unknown-user 's/branch/brunch/'
stop "$server"

# linphone keeps its nonce over refreshes; five seconds are shorter than its refresh.
sed 's/^username = branch/&\nnonce_lifetime = 5/' "$HERE/trunk/server.pjsip.conf" >"$WORK/server.pjsip.conf"
asterisk stbs server "$WORK/server.pjsip.conf" "$HERE/trunk/server.extensions.conf"
record
linphone branch provider.example.net trunk-0815 15
sleep 32
linphone_says quit
save asterisk-stale
