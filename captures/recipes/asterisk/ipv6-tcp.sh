#!/bin/bash
# ipv6-tcp: the trunk of asterisk-trunk over TCP and IPv6.
. "$(dirname "$0")/lib.sh"
lab
asterisk_tree
for host in stbc:2001:db8::20 stbs:2001:db8::10; do
    ip netns exec "${host%%:*}" sysctl -qw net.ipv6.conf.veth0.disable_ipv6=0 net.ipv6.conf.veth0.accept_dad=0
    ip -n "${host%%:*}" -6 addr add "${host#*:}/64" dev veth0 nodad
done
# Asterisk picks the transport by the URI it is told, so that has to be the address itself.
over_tcp6() {
    sed 's/^protocol = udp/protocol = tcp/; s/^bind = .*/bind = [::]/; /^outbound_proxy/d
         s/^\(server_uri\|contact\) = .*/\1 = sip:[2001:db8::10]\\;transport=tcp/' "$HERE/trunk/$1" >"$WORK/$1"
}
over_tcp6 server.pjsip.conf
over_tcp6 client.pjsip.conf
asterisk stbs server "$WORK/server.pjsip.conf" "$HERE/trunk/server.extensions.conf"
record 'ip6 and tcp port 5060'
asterisk stbc client "$WORK/client.pjsip.conf"
until_true 20 grep -q "Added contact 'sip:branch@" "$WORK/asterisk-server.log"
asterisk_cli stbc client "channel originate PJSIP/600@trunk application Wait 1"
sleep 3
save ipv6-tcp
