#!/bin/bash
# Records what happens within calls and subscriptions: `calls.sh NAME...`, or `calls.sh all`.  Needs root on Debian 12.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages() {
    install_packages iproute2 ethtool tshark wireshark-common python3 procps kamailio kamailio-extra-modules kamailio-presence-modules \
        nftables conntrack baresip-core linphone-cli sipsak sip-tester twinkle-console
}

SECOND=192.0.2.30

# A proxy with a registrar, which asks for credentials at the beginning of anything, and within calls where it says so.
home_proxy() { # METHODS-WITHIN-A-CALL [BEFORE-ROUTING [BEFORE-SAVE]]
    # shellcheck disable=SC2086
    {
        cat <<ROUTES
modparam("auth", "secret", "home")
modparam("rr", "enable_full_lr", 1)
loadmodule "nathelper.so"
request_route {
  if (is_method("ACK")) { loose_route(); t_relay(); exit; }
  if (is_method("CANCEL")) { t_relay(); exit; }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("pbx.example.com", "\$sht(password=>\$au)", "0")) { www_challenge("pbx.example.com", "1"); exit; }
    ${3:-}
    save("location");
    exit;
  }
  if (has_totag()) {
    if (is_method("$1") && !pv_proxy_authenticate("pbx.example.com", "\$sht(password=>\$au)", "0")) {
      proxy_challenge("pbx.example.com", "1");
      exit;
    }
    consume_credentials();
    loose_route();
    t_relay();
    exit;
  }
  if (is_method("OPTIONS") && \$rU == "ping") { sl_send_reply("200", "OK"); exit; }
  if (!pv_proxy_authenticate("pbx.example.com", "\$sht(password=>\$au)", "0")) { proxy_challenge("pbx.example.com", "1"); exit; }
  consume_credentials();
  record_route();
  ${2:-}
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  t_relay();
}
ROUTES
        passwords $PASSWORDS
    } >"$T/home.routes"
    kamailio_start home middle $PROXY <"$T/home.routes"
}

# baresip as a phone of the proxy.
desk() { # NAMESPACE ADDRESS USER PASSWORD [PARAMETERS]
    baresip_start "$1" "$1" "$2" "<sip:$3@pbx.example.com>;auth_pass=$4;outbound=\"sip:$PROXY\";regint=60${5:-}"
}

two_desks() {
    middle
    cabled client $CLIENT
    cabled second $SECOND
}

# Everything within the call is asked for credentials: hold, resume, transfer, hanging up.
call_held() {
    two_desks
    home_proxy "INVITE|BYE|UPDATE|OPTIONS|MESSAGE|REFER|INFO|NOTIFY"
    record_start middle "$SIP" to-client to-second
    desk client $CLIENT alice pass-Two
    desk second $SECOND bob pass-Three ';answermode=auto'
    sleep 2
    say client '/dial sip:bob@pbx.example.com'
    sleep 2
    say client '/hold'
    sleep 2
    say client '/resume'
    sleep 2
    say second '/hold'
    sleep 2
    say second '/resume'
    sleep 1
    say client '/transfer sip:carol@pbx.example.com'
    sleep 2
    say client '/hangup'
    sleep 38
    ping client $PROXY
    record_stop call-held
}

# The callee is a gateway that is known by its address and has no account: what it sends within the call is asked for credentials.
callee_without_account() {
    two_desks
    home_proxy "INVITE|BYE|UPDATE|OPTIONS|MESSAGE|REFER|INFO|NOTIFY" 'if ($rU =~ "^[0-9]+$") { $ru = "sip:" + $rU + "@'$SECOND':5060"; t_relay(); exit; }'
    record_start middle "$SIP" to-client to-second
    desk client $CLIENT alice pass-Two
    baresip_start gateway second $SECOND "<sip:600@$SECOND>;regint=0;answermode=auto"
    sleep 2
    say client '/dial sip:600@pbx.example.com'
    sleep 3
    say gateway '/hold'
    sleep 3
    say gateway '/hangup'
    sleep 40
    ping client $PROXY
    record_stop callee-without-account
}

# A registrar that binds its nonces to address and port of the client, and a NAT that gives it another port.
nonce_bound() {
    two_desks
    # shellcheck disable=SC2086
    {
        cat <<'ROUTES'
modparam("auth", "secret", "bound")
modparam("auth", "auth_checks_register", 8)
modparam("auth", "auth_checks_no_dlg", 8)
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (!pv_www_authenticate("pbx.example.com", "$sht(password=>$au)", "0")) { www_challenge("pbx.example.com", "1"); exit; }
  save("location");
}
ROUTES
        passwords $PASSWORDS
    } | kamailio_start home middle $PROXY
    ip -n "$PREFIX-client" addr add 192.0.2.21/32 dev eth0
    ip -n "$PREFIX-middle" route add 192.0.2.21/32 dev to-client src $PROXY
    nat client $CLIENT:40001
    record_start middle "port 40001 or port 40002 or port 5060" to-client
    linphone_start linphone client alice pass-Two $PROXY 20
    sleep 28
    nat client 192.0.2.21:40002
    sleep 20
    say linphone quit
    sleep 2
    record_stop nonce-bound
}

nat() { # NAMESPACE ADDRESS:PORT: from now on its port 5060 is seen as this one
    inside "$1" nft flush ruleset
    inside "$1" nft add table ip nat
    inside "$1" nft 'add chain ip nat out { type nat hook postrouting priority srcnat; }'
    inside "$1" nft add rule ip nat out udp sport 5060 snat to "$2"
    inside "$1" conntrack -F 2>/dev/null
}

# Two devices of one account; the password was changed, and only one of them knows.
two_devices() {
    middle
    cabled client $CLIENT
    cabled second $SECOND
    cabled server $REGISTRAR
    registrar
    record_start middle "$SIP" to-server
    linphone_start linphone client alice pass-Two $REGISTRAR 20
    sleep 1
    linphone_start old second alice pass-One $REGISTRAR 30
    sleep 40
    record_stop two-devices
}

# Two registrars behind a balancer that takes them by turns.
balancer() { # CAPTURE SECRET SECRET
    middle
    cabled client $CLIENT
    cabled first 198.51.100.31
    cabled other 198.51.100.32
    SECRET=$2 registrar_at first 198.51.100.31
    SECRET=$3 registrar_at other 198.51.100.32
    kamailio_start element middle $PROXY 198.51.100.10 <<'ROUTES'
mhomed=1
modparam("htable", "htable", "turn=>size=2;initval=0")
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  $sht(turn=>n) = $sht(turn=>n) + 1;
  $var(odd) = $sht(turn=>n) mod 2;
  if ($var(odd) == 1) $du = "sip:198.51.100.31:5060"; else $du = "sip:198.51.100.32:5060";
  t_relay();
}
ROUTES
    record_start middle "$SIP" to-client to-first to-other
    linphone_start linphone client alice pass-Two $PROXY
    sleep 38
    ping client $PROXY
    record_stop "$1"
}

# Each has nonces of its own: what one asks, the other one is answered.
balanced() {
    balancer balanced one two
}

# They share their nonces.
balanced_cluster() {
    balancer balanced-cluster one one
}

# Two elements in a row, of which the second one rewrites the Request-URI after it was signed, recorded with all three hops.
second_element() {
    middle
    cabled client $CLIENT
    cabled inner 198.51.100.99
    cabled server $REGISTRAR
    registrar 'if ($hdr(Authorization) != $null && $adu != $ru) { www_challenge("pbx.example.com", "1"); exit; }'
    kamailio_start element middle $PROXY 198.51.100.10 <<'ROUTES'
mhomed=1
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  $du = "sip:198.51.100.99:5060";
  t_relay();
}
ROUTES
    kamailio_start inner inner 198.51.100.99 <<ROUTES
request_route {
  \$ru = "sip:registrar.example.net:5060";
  \$du = "sip:$REGISTRAR:5060";
  t_relay();
}
ROUTES
    record_start middle "$SIP" to-client to-inner
    linphone_start linphone client alice pass-Two $PROXY
    sleep 36
    ping client $PROXY
    record_stop second-element
}

# The edge asks with 407 for its own realm, the registrar behind it with 401 for another.
edge_and_registrar() {
    middle
    cabled client $CLIENT
    cabled second $SECOND
    cabled server $REGISTRAR
    registrar
    # shellcheck disable=SC2086
    {
        cat <<ROUTES
mhomed=1
modparam("auth", "secret", "edge")
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (!pv_proxy_authenticate("edge.example.net", "\$sht(password=>\$au)", "0")) { proxy_challenge("edge.example.net", "1"); exit; }
  consume_credentials();
  \$du = "sip:$REGISTRAR:5060";
  t_relay();
}
ROUTES
        passwords $PASSWORDS
    } | kamailio_start edge middle $PROXY 198.51.100.10
    record_start middle "$SIP" to-client to-server
    desk client $CLIENT bob pass-Three
    sleep 35
    ping client $PROXY
    record_stop edge-and-registrar
}

# A phone at 10.0.0.2 behind a NAT at 192.0.2.21, which forgets a way that is not used for 20 s, and another phone.
phone_behind_nat() { # BEFORE-SAVE
    middle
    add_namespace phone
    cabled nat 192.0.2.21
    cabled second $SECOND
    link_namespaces phone 10.0.0.2/24 nat 10.0.0.1/24
    default_route phone 10.0.0.1
    inside nat sysctl -qw net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_udp_timeout=20 net.netfilter.nf_conntrack_udp_timeout_stream=20
    inside nat iptables -t nat -A POSTROUTING -o eth0 -p udp -j MASQUERADE --to-ports 41000-41999
    inside nat iptables -A FORWARD -i to-phone -j ACCEPT
    inside nat iptables -A FORWARD -m state --state ESTABLISHED -j ACCEPT
    inside nat iptables -P FORWARD DROP
    home_proxy "BYE" "" "$1"
    record_start middle "udp" to-nat to-second
    baresip_start phone phone 10.0.0.2 "<sip:alice@pbx.example.com>;auth_pass=pass-Two;outbound=\"sip:$PROXY\";regint=300"
    desk second $SECOND bob pass-Three
    sleep 6
}

# A phone behind a NAT that forgets after 20 s of silence, and no keep-alives: it registers, and is called 40 s later.
nat_forgets() {
    phone_behind_nat 'force_rport(); fix_nated_contact();'
    say second '/dial sip:alice@pbx.example.com'
    sleep 3
    say second '/hangup'
    sleep 40
    say second '/dial sip:alice@pbx.example.com'
    sleep 40
    ping second $PROXY
    record_stop nat-forgets
}

# The proxy heeds the NAT in its answers, and keeps the address in Contact: there it sends calls, and no way leads there.
contact_misplaced() {
    phone_behind_nat 'force_rport();'
    ip -n "$PREFIX-middle" route add 10.0.0.0/24 dev to-nat
    inside nat sysctl -qw net.ipv4.conf.eth0.proxy_arp=1
    say second '/dial sip:alice@pbx.example.com'
    sleep 40
    ping second $PROXY
    record_stop contact-misplaced
}

# The INVITE is small enough for one packet, with credentials it is not, and something on the path drops further fragments.
fragments_dropped() {
    two_desks
    ip -n "$PREFIX-client" link set eth0 mtu 1280
    home_proxy BYE
    inside middle nft add table ip path
    inside middle nft 'add chain ip path in { type filter hook prerouting priority -450; }'
    inside middle nft add rule ip path in ip frag-off '&' 0x1fff != 0 drop
    record_start client "$SIP" eth0
    linphone_start linphone client alice pass-Two $PROXY
    sleep 4
    say linphone 'call sip:bob@pbx.example.com'
    sleep 50
    ping client $PROXY
    record_stop fragments-dropped
    # what a capture filter for a port leaves of it, as further fragments name none
    tshark -r "$T/ordered.pcapng" -o ip.defragment:FALSE -Y '!(ip.frag_offset > 0)' -w "$T/kept.pcapng" 2>/dev/null
    python3 "$HERE/clean-pcapng.py" "$T/kept.pcapng" "$OUT/fragments-filtered.pcapng"
}

# The registrar stands behind an edge that adds a Path, and a call goes back that way.
edge_with_path() {
    middle
    cabled client $CLIENT
    cabled second $SECOND
    cabled server $REGISTRAR
    # shellcheck disable=SC2086
    {
        cat <<'ROUTES'
modparam("auth", "secret", "home")
modparam("registrar", "use_path", 1)
modparam("registrar", "path_mode", 0)
request_route {
  if (is_method("ACK")) { loose_route(); t_relay(); exit; }
  if (is_method("CANCEL")) { t_relay(); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("pbx.example.com", "$sht(password=>$au)", "0")) { www_challenge("pbx.example.com", "1"); exit; }
    save("location");
    exit;
  }
  if (has_totag()) { loose_route(); t_relay(); exit; }
  if (!pv_proxy_authenticate("pbx.example.com", "$sht(password=>$au)", "0")) { proxy_challenge("pbx.example.com", "1"); exit; }
  consume_credentials();
  record_route();
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  t_relay();
}
ROUTES
        passwords $PASSWORDS
    } | kamailio_start home server $REGISTRAR
    kamailio_start edge middle $PROXY 198.51.100.10 <<ROUTES
loadmodule "path.so"
mhomed=1
request_route {
  if (is_method("ACK|CANCEL") || has_totag()) { loose_route(); t_relay(); exit; }
  if (is_method("REGISTER")) { add_path(); \$du = "sip:$REGISTRAR:5060"; t_relay(); exit; }
  if (\$si == "$REGISTRAR") { loose_route(); record_route(); \$du = \$null; t_relay(); exit; }
  record_route();
  \$du = "sip:$REGISTRAR:5060";
  t_relay();
}
ROUTES
    record_start middle "$SIP" to-client to-second to-server
    linphone_start linphone client alice pass-Two $PROXY 30
    desk second $SECOND bob pass-Three ';answermode=auto'
    sleep 3
    say linphone 'call sip:bob@pbx.example.com'
    sleep 14
    say linphone terminate
    sleep 25
    say linphone quit
    say second /quit
    sleep 3
    record_stop edge-with-path
}

# Kamailio's presence server: two phones publish and watch one another; then the server is started anew, and forgets.
presence() {
    two_desks
    presence_server one
    record_start middle "$SIP" to-client to-second
    BARESIP_MODULE=presence.so desk client $CLIENT alice pass-Two ';pubint=30'
    BARESIP_MODULE=presence.so desk second $SECOND bob pass-Three ';pubint=30'
    sleep 1
    sleep 12
    stop "$LAST_SERVER"
    presence_server two
    sleep 50
    say client /quit
    say second /quit
    sleep 3
    record_stop presence
}

presence_server() { # SECRET
    # shellcheck disable=SC2086
    mkdir -p "$T/presence.db"
    cp -r /usr/share/kamailio/dbtext/kamailio/. "$T/presence.db/"
    {
        cat <<ROUTES
loadmodule "db_text.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
modparam("auth", "secret", "$1")
modparam("presence", "db_url", "text://$T/presence.db")
modparam("presence_xml", "db_url", "text://$T/presence.db")
modparam("presence_xml", "force_active", 1)
modparam("presence", "server_address", "sip:$PROXY:5060")
modparam("presence", "subs_db_mode", 0)
modparam("presence", "publ_cache", 2)
request_route {
  if (is_method("ACK")) exit;
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (!pv_www_authenticate("pbx.example.com", "\$sht(password=>\$au)", "0")) { www_challenge("pbx.example.com", "1"); exit; }
  if (is_method("REGISTER")) { save("location"); exit; }
  if (!t_newtran()) { sl_reply_error(); exit; }
  if (is_method("PUBLISH")) handle_publish(); else if (is_method("SUBSCRIBE")) handle_subscribe();
  t_release();
}
ROUTES
        passwords $PASSWORDS
    } | kamailio_start presence middle $PROXY
    LAST_SERVER=$LAST
}

# A script registers two contacts at once, as a gateway with two lines does, refreshes them, and takes one of them back.
several_contacts() {
    phone_and_server
    registrar
    record_start middle "$SIP" to-server
    inside client sipp -sf "$S/contacts.xml" -s alice -au alice -ap pass-Two -i $CLIENT -p 5060 -m 1 -nostdin $REGISTRAR:5060 >"$T/sipp.log" 2>&1 || true
    record_stop several-contacts
}

# twinkle registers, writes a message, calls a number that is busy, is asked for credentials by turns, and unregisters.
twinkle() {
    two_desks
    home_proxy "BYE" 'if ($rU =~ "^6") { sl_send_reply("486", "Busy Here"); exit; }'
    record_start middle "$SIP" to-client to-second
    desk second $SECOND bob pass-Three
    twinkle_start twinkle client $CLIENT alice pass-Two
    sleep 6
    say twinkle "message bob@$PROXY hello"
    sleep 2
    say twinkle "call sip:600@$PROXY"
    sleep 3
    say twinkle register
    sleep 2
    say twinkle deregister
    sleep 2
    say twinkle quit
    sleep 2
    record_stop twinkle
}

twinkle_start() { # LOG NAMESPACE ADDRESS USER PASSWORD
    local home=$T/$1.home
    mkdir -p "$home/.twinkle"
    printf '%s\n' "user_name=$4" "user_domain=$PROXY" "auth_name=$4" "auth_pass=$5" auth_realm= \
        register_at_startup=yes registration_time=60 sip_transport=udp >"$home/.twinkle/$4.cfg"
    printf '%s\n' 'dev_ringtone=oss:/dev/null' 'dev_speaker=oss:/dev/null' 'dev_mic=oss:/dev/null' validate_audio_dev=no sip_user_agent= sip_port=5060 >"$home/.twinkle/twinkle.sys"
    HOME=$home spawn_console "$1" "$2" twinkle-console "$4.cfg"
}

ALL=(call-held callee-without-account nonce-bound two-devices balanced balanced-cluster second-element edge-and-registrar nat-forgets contact-misplaced
    fragments-dropped edge-with-path presence several-contacts twinkle)

main "$@"
