#!/bin/bash
# udp-fragments: an INVITE with every codec Asterisk knows does not fit into one packet.
. "$(dirname "$0")/lib.sh"
lab
asterisk_tree
# RFC 3261 would switch to TCP at this size; many PBXs are told not to.
for side in server client; do
    { printf '[system]\ntype = system\ndisable_tcp_switch = yes\n\n'
      sed 's/^allow = ulaw/allow = all/; /^disallow/d' "$HERE/trunk/$side.pjsip.conf"; } >"$WORK/$side.pjsip.conf"
done
asterisk stbs server "$WORK/server.pjsip.conf" "$HERE/trunk/server.extensions.conf"
# the second half matches the later fragments, which have no port
record 'udp port 5060 or (ip[6:2] & 0x1fff != 0)'
asterisk stbc client "$WORK/client.pjsip.conf"
until_true 20 grep -q "Added contact 'sip:branch@" "$WORK/asterisk-server.log"
asterisk_cli stbc client "channel originate PJSIP/600@trunk application Wait 1"
sleep 3
save udp-fragments
