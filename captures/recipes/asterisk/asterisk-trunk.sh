#!/bin/bash
# asterisk-trunk: a PBX registers at its provider, calls 600 (401 on the INVITE), hangs up,
# refreshes the registration and takes it back. Asterisk 22 on both sides.
. "$(dirname "$0")/lib.sh"
lab
asterisk_tree
asterisk stbs server "$HERE"/trunk/server.{pjsip,extensions}.conf
record
asterisk stbc client "$HERE/trunk/client.pjsip.conf"
until_true 20 grep -q "Added contact 'sip:branch@" "$WORK/asterisk-server.log"
asterisk_cli stbc client "channel originate PJSIP/600@trunk application Wait 2"
sleep 12                      # the call takes 2 s, the refresh comes after 10 s
asterisk_cli stbc client "pjsip send unregister trunk"
sleep 1
save asterisk-trunk
