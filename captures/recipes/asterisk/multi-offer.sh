#!/bin/bash
# multi-offer-md5, multi-offer-sha, multi-offer-unanswered: one registrar that offers
# SHA-512-256, SHA-256 and MD5 at once, three clients that make different things of it.
. "$(dirname "$0")/lib.sh"
need baresip-core sipsak
lab
asterisk_tree
asterisk stbs server "$HERE/multi-offer/server.pjsip.conf"

with_asterisk() {             # with_asterisk CAPTURE ALGORITHM: the client's own choice
    sed "s/@USER@/alice/; s/@PASSWORD@/correct horse/; s/@ALGORITHM@/$2/" "$HERE/sha/client.pjsip.conf" >"$WORK/client.pjsip.conf"
    record
    asterisk stbc client "$WORK/client.pjsip.conf"
    local client=$!
    sleep 3
    stop "$client"
    save "$1"
}

with_baresip() {              # baresip 1.0 gives up when it sees several headers
    cp -r "$HERE/baresip" "$WORK/baresip"
    echo '<sip:alice@pbx.example.com>;auth_pass="correct horse";outbound="sip:192.0.2.10";regint=60' >"$WORK/baresip/accounts"
    record
    start baresip-log ip netns exec stbc baresip -f "$WORK/baresip"
    local client=$!
    sleep 8
    stop "$client"
    save "$1"
}

with_sipsak() {               # sipsak reads the first header only, so it gets MD5 on top
    record
    in_client sipsak -U -s "sip:dave@$SERVER" -l 5060 -u dave -a 'correct horse' \
        -x 300 >"$WORK/sipsak.log" 2>&1
    save "$1"
}

with_asterisk multi-offer-sha SHA-512-256,SHA-256
with_sipsak multi-offer-md5
with_baresip multi-offer-unanswered
