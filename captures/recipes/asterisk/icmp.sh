#!/bin/bash
# icmp-unreachable: a PBX with two providers. The first one's port is closed, its host says so
# and quotes the REGISTER; the second challenges and accepts.
. "$(dirname "$0")/lib.sh"
lab
asterisk_tree
asterisk stbs server "$HERE"/trunk/server.{pjsip,extensions}.conf
{ cat "$HERE/trunk/client.pjsip.conf"
  sed -n '/type = registration/,/^$/p' "$HERE/trunk/client.pjsip.conf" |
      sed '1i [first]' | sed 's/192\.0\.2\.10/192.0.2.10:5070/; s/delay = 0/delay = 1/'
} >"$WORK/client.pjsip.conf"
record 'udp port 5060 or udp port 5070 or icmp'
asterisk stbc client "$WORK/client.pjsip.conf"
until_true 20 grep -q "Added contact 'sip:branch@" "$WORK/asterisk-server.log"
sleep 4
save icmp-unreachable
