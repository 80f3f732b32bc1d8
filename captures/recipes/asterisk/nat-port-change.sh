#!/bin/bash
# A NAT in front of linphone changes between two refreshes. Asterisk's nonces hold for one
# source address, whatever the port.
#   nat-port-change        another port: the old nonce goes on working
#   nat-address-change     another address: 401, and the retry is accepted
#   nat-address-change-403 the same, but the old binding takes the only place
. "$(dirname "$0")/lib.sh"
need linphone-cli nftables conntrack
lab
asterisk_tree
SECOND=192.0.2.21
ip -n stbc addr add $SECOND/24 dev veth0

nat() {                       # nat ADDRESS:PORT: from now on the server sees this
    in_client nft flush ruleset
    in_client nft add table ip nat
    in_client nft 'add chain ip nat out { type nat hook postrouting priority srcnat; }'
    in_client nft add rule ip nat out udp sport 5060 snat to "$1"
    in_client conntrack -F 2>/dev/null
}

move() {                      # move CAPTURE NEW-ADDRESS:PORT [AOR-OPTION]
    # nonces live long enough not to be refused for their age
    sed "s/^max_contacts = 1/&\\n${3:-}/; s/^username = branch/&\\nnonce_lifetime = 300/" "$HERE/trunk/server.pjsip.conf" >"$WORK/server.pjsip.conf"
    asterisk stbs server "$WORK/server.pjsip.conf" "$HERE/trunk/server.extensions.conf"
    local server=$!
    nat $CLIENT:40001
    record 'udp port 5060'
    linphone branch provider.example.net trunk-0815 14
    until_true 20 grep -q "Added contact 'sip:branch" "$WORK/asterisk-server.log"
    sleep 13                  # the first refresh, from the same port: answered at once
    nat "$2"
    sleep 12
    linphone_says quit
    save "$1"
    stop "$server"
}
move nat-port-change $CLIENT:40002
move nat-address-change $SECOND:40001 'remove_existing = yes'
move nat-address-change-403 $SECOND:40001
