#!/bin/bash
# vxlan: the trunk of asterisk-trunk inside a real VXLAN, recorded on the link below it.
# gre, ipip, gtp, sctp: asterisk-trunk.pcapng again, re-encapsulated by a script (the
# usual virtual machine's kernel has no such modules).
. "$(dirname "$0")/lib.sh"
need python3-scapy
lab
asterisk_tree

for host in stbc:198.51.100.20:22 stbs:198.51.100.10:11; do
    IFS=: read -r ns address mac <<<"$host"
    other=$([ $ns = stbc ] && echo $SERVER || echo $CLIENT)
    ip -n $ns link add vx0 address 02:00:00:00:00:$mac type vxlan id 5060 dstport 4789 remote $other dev veth0
    ip -n $ns addr add $address/24 dev vx0
    ip -n $ns link set vx0 up
done
# known neighbours: no ARP inside the tunnel
ip -n stbc neigh replace 198.51.100.10 lladdr 02:00:00:00:00:11 dev vx0 nud permanent
ip -n stbs neigh replace 198.51.100.20 lladdr 02:00:00:00:00:22 dev vx0 nud permanent

asterisk stbs server "$HERE"/trunk/server.{pjsip,extensions}.conf
sed 's/192\.0\.2\.10/198.51.100.10/' "$HERE/trunk/client.pjsip.conf" >"$WORK/client.pjsip.conf"
record 'udp port 4789'
asterisk stbc client "$WORK/client.pjsip.conf"
until_true 20 grep -q "Added contact 'sip:branch@" "$WORK/asterisk-server.log"
asterisk_cli stbc client "channel originate PJSIP/600@trunk application Wait 1"
sleep 3
save vxlan

tshark -r "$CAPTURES/asterisk-trunk.pcapng" -F pcap -w "$WORK/trunk.pcap" 2>/dev/null
for kind in gre ipip gtp sctp; do
    /usr/bin/python3 "$HERE/tunnels/encapsulate.py" $kind "$WORK/trunk.pcap" "$WORK/$kind.pcap"
    editcap -F pcapng "$WORK/$kind.pcap" "$CAPTURES/$kind.pcapng"
    echo "== $kind"; tshark -r "$CAPTURES/$kind.pcapng" 2>/dev/null
done
