#!/bin/bash
# Records captures of SIP stacks: `record.sh NAME...`, or `record.sh all`.  Needs root on Debian 12.
# Everything runs in network namespaces of its own; the result goes to captures/NAME.pcapng.
set -eu
PREFIX=${PREFIX:-sta}
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
A=$HERE

SERVER=192.0.2.10
CLIENT=192.0.2.20
BEHIND=198.51.100
ACCOUNTS=("trunk brass-Kettle-9" "alice Tea4Two!" "bob bob&builder" "carol winter-colon" "dave 0pen-Sesame" \
    "erin green/Field" "frank franks-secret" "grace h0pper")
SIP="port 5060 or port 5062"

packages() {
    install_packages iproute2 ethtool tshark wireshark-common python3 procps kamailio baresip-core linphone-cli \
        sipsak sip-tester libsofia-sip-ua-dev gcc libc6-dev pkg-config
}

# --- the programs ----------------------------------------------------------------------------------

client_and_server() {
    add_namespace client
    add_namespace server
    link_namespaces client $CLIENT/24 server $SERVER/24
    default_route client $SERVER
}

kamailio_start() { # LOG NAMESPACE LISTENERS DEFINE...
    local log=$1 n=$2 args=() d
    for d in $3; do args+=(-l "$d"); done
    shift 3
    for d; do args+=(-A "$d"); done
    mkdir "$T/$log.run"
    spawn "$log" "$n" kamailio -f "$A/kamailio.cfg" -DD -E -m 16 -M 4 \
        -Y "$T/$log.run" -w "$T/$log.run" "${args[@]}"
    # each process of Kamailio is slow to open its socket
    sleep 2
}

registrar() { # DEFINE...
    kamailio_start kamailio server udp:$SERVER:5060 'REALM="pbx.example.com"' "$@"
}

baresip_start() { # LOG NAMESPACE LISTEN ACCOUNT [MODULE]
    local dir=$T/$1.dir
    mkdir "$dir"
    printf '%s\n' "sip_listen $3" 'module_path /usr/lib/baresip/modules' 'module stdio.so' \
        'module g711.so' 'module_app account.so' 'module_app menu.so' ${5:+"module_app $5"} >"$dir/config"
    echo "$4" >"$dir/accounts"
    : >"$dir/contacts"
    spawn_console "$1" "$2" baresip -f "$dir"
}

linphone_start() { # LOG NAMESPACE PORT USER REALM PASSWORD PROXY [EXPIRES]
    local rc=$T/$1.rc
    {
        printf '%s\n' '[sip]' "sip_port=$3" 'sip_tcp_port=-1' 'sip_tls_port=-1' 'use_ipv6=0' 'default_proxy=0' \
            'guess_hostname=1' '[net]' 'mtu=0' 'firewall_policy=0' '[sound]' 'playback_dev_id=none'
        printf '%s\n' '[proxy_0]' "reg_proxy=<sip:$7>" "reg_identity=<sip:$4@$5>" "reg_expires=${8:-600}" \
            'reg_sendregister=1' 'publish=0'
        # only a call or a message needs the route, and it keeps linphone from looking up the domain
        [ -z "${FRIEND:-}" ] || echo "reg_route=<sip:$7;lr>"
        [ -z "$6" ] || printf '%s\n' '[auth_info_0]' "username=$4" "passwd=$6" "realm=$5"
        [ -z "${FRIEND:-}" ] || printf '%s\n' '[friend_0]' "url=<sip:$FRIEND@$5>" 'pol=accept' 'subscribe=1'
    } >"$rc"
    mkdir -p "$T/$1.home/.local/share/linphone"
    TMPDIR=$T HOME=$T/$1.home spawn_console "$1" "$2" linphonec -c "$rc" -d 6 -l "$T/$1.debug"
}

compile_sofia_client() {
    local flags
    read -ra flags <<<"$(pkg-config --cflags --libs sofia-sip-ua)"
    cc -O -Wall -Wextra -o "$T/sofia-client" "$A/sofia-client.c" "${flags[@]}"
}

sofia_start() { # LOG NAMESPACE LOCAL-URL AOR PROXY CREDENTIAL STEP...
    local log=$1 n=$2; shift 2
    [ -x "$T/sofia-client" ] || compile_sofia_client
    spawn "$log" "$n" "$T/sofia-client" "$@"
}

# A Sofia client with the usual account trunk.
sofia_trunk() { # PASSWORD STEP...
    local password=$1; shift
    sofia_start sofia client "sip:$CLIENT:5060;transport=udp" "sip:trunk@pbx.example.com" "sip:$SERVER" \
        "pbx.example.com trunk $password" "$@"
}

# --- the captures ------------------------------------------------------------------------------------

trunk_registration() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    baresip_start baresip client $CLIENT:5060 \
        "<sip:trunk@pbx.example.com>;auth_pass=brass-Kettle-9;outbound=\"sip:$SERVER\";regint=600"
    sleep 2
    record_stop trunk-registration
}

wrong_password() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    sofia_trunk brass-Kettle-8 register 600 sleep 4
    wait "$LAST" || true
    record_stop wrong-password
}

wrong_password_loop() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    baresip_start baresip client $CLIENT:5060 \
        "<sip:trunk@pbx.example.com>;auth_pass=brass-kettle-9;outbound=\"sip:$SERVER\";regint=600"
    sleep 3
    record_stop wrong-password-loop
}

unknown_user_403() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    linphone_start linphone client 5060 mallory pbx.example.com let-me-in $SERVER
    sleep 3
    record_stop unknown-user-403
}

stale_nonce() {
    client_and_server
    registrar NONCE_EXPIRE=5 SAY_STALE
    record_start server "$SIP" to-client
    sofia_trunk brass-Kettle-9 register 600 sleep 2 register 600 sleep 7 register 600 sleep 2
    wait "$LAST" || true
    record_stop stale-nonce
}

stale_not_said() {
    client_and_server
    registrar NONCE_EXPIRE=5
    record_start server "$SIP" to-client
    linphone_start linphone client 5060 trunk pbx.example.com brass-Kettle-9 $SERVER 12
    sleep 14
    record_stop stale-not-said
}

preloaded_refresh() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    linphone_start linphone client 5060 trunk pbx.example.com brass-Kettle-9 $SERVER 12
    sleep 32
    record_stop preloaded-refresh
}

no_qop() {
    client_and_server
    registrar QOP=0
    record_start server "$SIP" to-client
    sofia_trunk brass-Kettle-9 register 600 sleep 2 register 600 sleep 2
    wait "$LAST" || true
    record_stop no-qop
}

sipsak_register() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    # sipsak insists on looking up the domain, so it registers at the address
    inside client sipsak -U -s "sip:trunk@$SERVER" -a brass-Kettle-9 -u trunk -x 600 \
        -C "sip:trunk@$CLIENT:5060" -l 5060 -v >"$T/sipsak.log" 2>&1 || true
    record_stop sipsak-register
}

sofia_register() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    sofia_trunk brass-Kettle-9 register 600 sleep 3
    wait "$LAST" || true
    record_stop sofia-register
}

# A client, a proxy with a foot in each network, and what is behind.
client_proxy_network() { # NAME...
    local n last=30
    add_namespace client
    add_namespace proxy
    link_namespaces client $CLIENT/24 proxy $SERVER/24
    default_route client $SERVER
    for n; do
        add_namespace "$n"
        link_namespaces proxy "$BEHIND.$((last - 20))/28" "$n" "$BEHIND.$((last - 18))/28"
        last=$((last + 16))
    done
}

baresip_callee() { # NAMESPACE ADDRESS
    baresip_start callee "$1" "$2:5060" "<sip:bob@$2>;regint=0;answermode=auto"
}

invite_407_proxy() {
    client_proxy_network callee
    kamailio_start kamailio proxy "udp:$SERVER:5060 udp:$BEHIND.10:5060" 'REALM="pbx.example.com"' MHOMED \
        "NEXT_HOP=\"sip:$BEHIND.12\""
    baresip_callee callee $BEHIND.12
    baresip_start caller client $CLIENT:5060 \
        "<sip:alice@pbx.example.com>;auth_pass=Tea4Two!;outbound=\"sip:$SERVER\";regint=0"
    sleep 1
    record_start proxy "$SIP" to-client to-callee
    say caller '/dial sip:bob@pbx.example.com'
    sleep 3
    say caller '/hangup'
    sleep 1
    record_stop invite-407-proxy
}

two_realms() {
    client_proxy_network gateway
    kamailio_start proxy proxy "udp:$SERVER:5060 udp:$BEHIND.10:5060" 'REALM="proxy.example.com"' MHOMED \
        "NEXT_HOP=\"sip:$BEHIND.12\""
    kamailio_start gateway gateway udp:$BEHIND.12:5060 'REALM="gateway.example.net"' WWW_ALWAYS \
        "NEXT_HOP=\"sip:$BEHIND.13\""
    add_address gateway to-proxy $BEHIND.13/28
    baresip_callee gateway $BEHIND.13
    record_start client "$SIP" to-proxy
    sofia_start sofia client "sip:$CLIENT:5060;transport=udp" sip:alice@example.com sip:$SERVER \
        "proxy.example.com alice Tea4Two!" auth "gateway.example.net bob bob&builder" \
        invite sip:bob@example.net sleep 4 bye sleep 2
    wait "$LAST" || true
    record_stop two-realms
}

forked_challenges() {
    client_proxy_network first second
    kamailio_start proxy proxy "udp:$SERVER:5060 udp:$BEHIND.10:5060 udp:$BEHIND.26:5060" \
        'REALM="proxy.example.com"' MHOMED OPEN "NEXT_HOP=\"sip:$BEHIND.12\"" "FORK=\"sip:$BEHIND.28\""
    kamailio_start first first udp:$BEHIND.12:5060 'REALM="first.example.net"' WWW_ALWAYS BUSY
    kamailio_start second second udp:$BEHIND.28:5060 'REALM="second.example.org"' \
        "NEXT_HOP=\"sip:$BEHIND.29\""
    add_address second to-proxy $BEHIND.29/28
    baresip_callee second $BEHIND.29
    record_start proxy "$SIP" to-client to-first to-second
    sofia_start sofia client "sip:$CLIENT:5060;transport=udp" sip:alice@example.com sip:$SERVER \
        "first.example.net alice Tea4Two!" auth "second.example.org alice Tea4Two!" \
        invite sip:bob@example.net sleep 4 bye sleep 2
    wait "$LAST" || true
    record_stop forked-challenges
}

# Client and server with a bad line between them.
bad_line() { # DELAY LOSS SEED
    add_namespace client
    add_namespace line
    add_namespace server
    link_namespaces client $CLIENT/24 line 192.0.2.1/24
    link_namespaces line 192.0.2.2/24 server $SERVER/24
    ip -n "$PREFIX-line" addr flush dev to-client
    ip -n "$PREFIX-line" addr flush dev to-server
    spawn line line python3 "$A/bad-line.py" to-client to-server "$@"
}

tcp_pipelined() {
    # on a slow line TCP joins and splits messages
    bad_line 0.04 0 1
    kamailio_start kamailio server tcp:$SERVER:5060 'REALM="pbx.example.com"'
    inside client ip route replace 192.0.2.0/24 dev to-line advmss 1300
    inside server ip route replace 192.0.2.0/24 dev to-line advmss 1300
    {
        echo SEQUENTIAL
        local entry
        for entry in "${ACCOUNTS[@]}"; do
            echo "${entry% *};[authentication username=${entry% *} password=${entry#* }]"
        done
    } >"$T/accounts.csv"
    record_start server "$SIP" to-line
    inside client timeout 20 sipp $SERVER:5060 -i $CLIENT -p 5060 -t t1 -sf "$A/register.xml" \
        -inf "$T/accounts.csv" -m 8 -r 400 -nostdin >"$T/sipp.log" 2>&1 || true
    record_stop tcp-pipelined
}

disconnected() {
    client_and_server
    # the largest message that it takes over TCP; it ends the connection for a larger one
    kamailio_start kamailio server tcp:$SERVER:5060 'REALM="pbx.example.com"' TCP_BUFFER=600
    record_start server "$SIP" to-client
    baresip_start baresip client $CLIENT:5060 \
        "<sip:trunk@pbx.example.com;transport=tcp>;auth_pass=brass-Kettle-9;outbound=\"sip:$SERVER;transport=tcp\";regint=600"
    sleep 40
    record_stop disconnected
}

ipv6_registration() {
    add_namespace client
    add_namespace server
    link_namespaces client 2001:db8:5::20/64 server 2001:db8:5::10/64
    kamailio_start kamailio server 'udp:[2001:db8:5::10]:5060' 'REALM="pbx.example.com"'
    record_start server "$SIP" to-client
    baresip_start baresip client '[2001:db8:5::20]:5060' \
        '<sip:trunk@pbx.example.com>;auth_pass=brass-Kettle-9;outbound="sip:[2001:db8:5::10]";regint=600'
    sleep 2
    record_stop ipv6-registration
}

never_answers() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    linphone_start linphone client 5060 trunk pbx.example.com "" $SERVER
    sleep 25
    inside client sipsak -s sip:$SERVER -l 5062 >/dev/null || true
    sleep 20
    inside client sipsak -s sip:$SERVER -l 5062 >/dev/null || true
    record_stop never-answers
}

no_answer() {
    client_and_server
    registrar MUTE
    record_start server "$SIP" to-client
    sofia_trunk brass-Kettle-9 register 600 sleep 36 options sip:$SERVER sleep 10 options sip:$SERVER sleep 2
    wait "$LAST" || true
    record_stop no-answer
}

loss_retransmissions() {
    # the line loses after the server's end, so that the recording there has all that the server sends
    bad_line 0.005 0.35 7
    # with one-time nonces a request that arrives twice gets a 200 and a 401
    registrar ONE_TIME
    record_start server "$SIP" to-line
    baresip_start baresip client $CLIENT:5060 "$(
        for entry in "${ACCOUNTS[@]:0:5}"; do
            echo "<sip:${entry% *}@pbx.example.com>;auth_pass=\"${entry#* }\";outbound=\"sip:$SERVER\";regint=600"
        done)"
    sleep 20
    record_stop loss-retransmissions
}

any_duplicates() {
    add_namespace client
    add_namespace bridge
    add_namespace server
    link_namespaces client $CLIENT/24 bridge 192.0.2.1/24
    link_namespaces bridge 192.0.2.2/24 server $SERVER/24
    ip -n "$PREFIX-bridge" addr flush dev to-client
    ip -n "$PREFIX-bridge" addr flush dev to-server
    inside bridge ip link add br0 type bridge
    inside bridge ip link set to-client master br0
    inside bridge ip link set to-server master br0
    inside bridge ip link set br0 up
    registrar
    record_start bridge "$SIP" any
    sofia_trunk brass-Kettle-9 register 600 sleep 2 register 600 sleep 1
    wait "$LAST" || true
    record_stop any-duplicates
}

interval_too_brief() {
    client_and_server
    registrar MIN_EXPIRES=300
    record_start server "$SIP" to-client
    sofia_trunk brass-Kettle-9 register 60 sleep 3
    wait "$LAST" || true
    record_stop interval-too-brief
}

# All accounts in one linphone.  It asks the user for a missing password and stands still,
# so the account without one comes last.
linphone_trunks() { # "USER PASSWORD"...
    local i=0 entry user password
    {
        printf '%s\n' '[sip]' 'sip_port=5060' 'sip_tcp_port=-1' 'sip_tls_port=-1' 'use_ipv6=0' 'default_proxy=0'
        for entry; do
            user=${entry%% *} password=${entry#* }
            printf '%s\n' "[proxy_$i]" "reg_proxy=<sip:$SERVER>" "reg_identity=<sip:$user@pbx.example.com>" \
                'reg_expires=600' 'reg_sendregister=1' 'publish=0'
            [ -z "$password" ] || printf '%s\n' "[auth_info_$i]" "username=$user" "passwd=$password" 'realm=pbx.example.com'
            i=$((i + 1))
        done
    } >"$T/linphone.rc"
    mkdir -p "$T/linphone.home/.local/share/linphone"
    TMPDIR=$T HOME=$T/linphone.home spawn_console linphone client linphonec -c "$T/linphone.rc" -d 6 -l "$T/linphone.debug"
}

multi_trunk() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    linphone_trunks "trunk brass-Kettle-9" "alice Tea4Two!" "bob bob&builder" "carol spring-colon" "mallory let-me-in" \
        "erin green/Field" "frank franks-secret" "dave "
    sleep 45
    inside client sipsak -s sip:$SERVER -l 5062 >/dev/null || true
    record_stop multi-trunk 'sip.Method or sip.Status-Code'
}

notifier_start() { # STEPS
    local steps
    read -rd '' -a steps <<<"$1" || true
    python3 "$A/notifier.py" "${steps[@]}" >"$T/notifier.xml"
    spawn notifier server sipp -i $SERVER -p 5060 -sf "$T/notifier.xml" -m 1 -nostdin
    sleep 1
}

# A Sofia client subscribes to a SIPp notifier that follows the steps given.
presence() { # CAPTURE "NOTIFIER-STEP..." SUBSCRIBER-STEP...
    local capture=$1 steps=$2; shift 2
    client_and_server
    notifier_start "$steps"
    record_start server "$SIP" to-client
    sofia_start sofia client "sip:$CLIENT:5060;transport=udp" sip:alice@example.com sip:$SERVER \
        "presence.example.com alice Tea4Two!" subscribe sip:bob@example.com presence "$@"
    wait "$LAST" || true
    record_stop "$capture"
}

BEGIN="first challenge first 200 notify:a1:active;expires=3600:open"

subscribe_204() {
    presence subscribe-204 \
        "$BEGIN next 204 pause:1500 notify:a2:active;expires=3500:closed next 200 notify:a2:active;expires=3600:closed
         next 204 next 204:0" \
        sleep 2 refresh "Suppress-If-Match: a1" sleep 3 refresh "Suppress-If-Match: a1" sleep 2 \
        refresh "Suppress-If-Match: a2" sleep 2 unsubscribe "Suppress-If-Match: a2" sleep 2
}

wrong_204_initial() {
    presence wrong-204-initial "first challenge first 204 pause:500" sleep 3
}

notify_after_204() {
    presence notify-after-204 "$BEGIN next 204 pause:1500 notify:a1:active;expires=3500:open" \
        sleep 2 refresh "Suppress-If-Match: a1" sleep 4
}

wrong_204_no_condition() {
    presence wrong-204-no-condition "$BEGIN next 204 pause:1500" sleep 2 refresh "Subject: again" sleep 3
}

overlapping() {
    client_and_server
    notifier_start "$BEGIN hold next held:204 204:1800 pause:500"
    record_start server "$SIP" to-client
    inside client timeout 20 sipp $SERVER:5060 -i $CLIENT -p 5060 -sf "$A/overlapping.xml" -m 1 -nostdin >"$T/sipp.log" 2>&1 || true
    record_stop overlapping
}

full_session() {
    client_proxy_network callee
    default_route callee $BEHIND.10
    kamailio_start kamailio proxy "udp:$SERVER:5060 udp:$BEHIND.10:5060" 'REALM="pbx.example.com"' MHOMED \
        'DOMAIN="pbx.example.com"'
    record_start proxy "$SIP" to-client to-callee
    baresip_start bob callee $BEHIND.12:5060 \
        "<sip:bob@pbx.example.com>;auth_pass=\"bob&builder\";outbound=\"sip:$BEHIND.10\";regint=600" presence.so
    sleep 1
    FRIEND=bob linphone_start alice client 5060 alice pbx.example.com 'Tea4Two!' $SERVER
    sleep 5
    say alice 'chat sip:bob@pbx.example.com are you there?'
    sleep 4
    say alice quit
    sleep 4
    record_stop full-session 'sip.Method or sip.Status-Code'
}

registration_lapse() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    baresip_start baresip client $CLIENT:5060 \
        "<sip:trunk@pbx.example.com>;auth_pass=brass-Kettle-9;outbound=\"sip:$SERVER\";regint=20"
    sleep 45
    # what the server sends gets lost behind the recording
    ip -n "$PREFIX-server" route add blackhole $CLIENT/32
    sleep 75
    ip -n "$PREFIX-server" route del blackhole $CLIENT/32
    sleep 50
    say baresip q
    sleep 4
    record_stop registration-lapse
}

registration_crash() {
    client_and_server
    registrar
    record_start server "$SIP" to-client
    baresip_start first client $CLIENT:5060 \
        "<sip:trunk@pbx.example.com>;auth_pass=brass-Kettle-9;outbound=\"sip:$SERVER\";regint=20"
    sleep 22
    kill -9 "$LAST"
    sleep 45
    baresip_start second client $CLIENT:5060 \
        "<sip:trunk@pbx.example.com>;auth_pass=brass-Kettle-9;outbound=\"sip:$SERVER\";regint=20"
    sleep 25
    record_stop registration-crash
}

two_phones() {
    client_and_server
    add_address client to-server 192.0.2.21/24
    registrar
    record_start server "$SIP" to-client
    baresip_start desk client $CLIENT:5060 \
        "<sip:trunk@pbx.example.com>;auth_pass=brass-Kettle-9;outbound=\"sip:$SERVER\";regint=20"
    sleep 5
    baresip_start mobile client 192.0.2.21:5060 \
        "<sip:trunk@pbx.example.com>;auth_pass=brass-Kettle-9;outbound=\"sip:$SERVER\";regint=30"
    sleep 20
    kill -9 "$LAST"
    sleep 45
    record_stop two-phones
}

ALL=(trunk-registration wrong-password wrong-password-loop unknown-user-403 stale-nonce stale-not-said
    preloaded-refresh no-qop invite-407-proxy tcp-pipelined ipv6-registration never-answers no-answer
    loss-retransmissions any-duplicates interval-too-brief subscribe-204 wrong-204-initial notify-after-204
    wrong-204-no-condition forked-challenges two-realms multi-trunk full-session overlapping
    sipsak-register sofia-register registration-lapse registration-crash two-phones disconnected)

# --- main --------------------------------------------------------------------------------------------

record() { # NAME
    ( start_work; "${1//-/_}" )
}

main() {
    local n names=("$@")
    [ $# -gt 0 ] || { echo "usage: record.sh all | NAME..., NAME one of: ${ALL[*]}"; exit 1; }
    [ "$1" != all ] || names=("${ALL[@]}")
    packages
    for n in "${names[@]}"; do record "$n"; done
}

main "$@"
