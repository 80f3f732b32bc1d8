#!/bin/bash
# Records faults that are configured, not scripted: `record.sh NAME...`, or `record.sh all`.  Needs root on Debian 12.
# Everything runs in network namespaces of its own; the result goes to captures/NAME.pcapng.
set -eu
# the PID of a program that a pipe feeds must be known here
shopt -s lastpipe
PREFIX=${PREFIX:-std}
. "$(dirname "${BASH_SOURCE[0]}")/../kamailio/lib.sh"
S=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

CLIENT=192.0.2.20
PROXY=192.0.2.10
REGISTRAR=198.51.100.20
SIP="port 5060"
PASSWORDS="alice pass-Two bob pass-Three carol pass-Four dave pass-Five"

packages() {
    install_packages iproute2 ethtool tshark wireshark-common python3 procps iptables kamailio kamailio-extra-modules \
        baresip-core linphone-cli sipsak sipvicious
}

# --- network ---------------------------------------------------------------------------------------------

# Phones on one side of the element in the middle, servers on its other side.
cabled() { # NAME ADDRESS
    local n=$PREFIX-$1 m=$PREFIX-middle
    add_namespace "$1"
    ip link add name eth0 netns "$n" type veth peer name "to-$1" netns "$m"
    ip -n "$n" addr add "$2/32" dev eth0
    ip -n "$n" link set eth0 up
    ip -n "$m" link set "to-$1" up
    ip -n "$n" route add default dev eth0
    ip -n "$m" route add "$2/32" dev "to-$1" src "$(case $2 in 192.*) echo $PROXY ;; *) echo 198.51.100.10 ;; esac)"
    ip netns exec "$n" ethtool -K eth0 tx off gso off tso off >/dev/null
    ip netns exec "$m" ethtool -K "to-$1" tx off gso off tso off >/dev/null
    # who asks for an address of the other side means the element in the middle
    ip netns exec "$m" sysctl -qw "net.ipv4.conf.to-$1.proxy_arp=1" \
        "net.ipv4.neigh.to-$1.proxy_delay=0"
}

middle() {
    add_namespace middle
    ip -n "$PREFIX-middle" addr add $PROXY/32 dev lo
    ip -n "$PREFIX-middle" addr add 198.51.100.10/32 dev lo
    ip netns exec "$PREFIX-middle" sysctl -qw net.ipv4.ip_forward=1
}

# --- programs --------------------------------------------------------------------------------------------

# Routes come from standard input.
kamailio_start() { # LOG NAMESPACE ADDRESS...
    local log=$1 n=$2 a; shift 2
    { echo '#!KAMAILIO'; for a; do echo "listen=udp:$a:5060"; done; cat "$S/modules.cfg" -; } >"$T/$log.cfg"
    mkdir "$T/$log.run"
    spawn "$log" "$n" kamailio -f "$T/$log.cfg" -DD -E -m 16 -M 4 -Y "$T/$log.run" -w "$T/$log.run"
    # each process of Kamailio is slow to open its socket
    sleep 2
}

passwords() { # USER PASSWORD ...
    echo 'event_route[htable:mod-init] {'
    while [ $# -gt 1 ]; do echo "  \$sht(password=>$1) = \"$2\";"; shift 2; done
    echo '}'
}

# A registrar that checks passwords, lets each user register its own address, and answers OPTIONS.
registrar_routes() { # REALM [BEFORE-CHECK [BEFORE-SAVE]]
    cat <<ROUTES
modparam("auth", "secret", "registrar")
modparam("auth", "algorithm", "${ALGORITHM:-}")
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  ${2:-}
  if (!pv_www_authenticate("$1", "\$sht(password=>\$au)", "0")) { www_challenge("$1", "1"); exit; }
  ${3:-}
  if (\$au != \$tU) { sl_send_reply("403", "Forbidden auth ID"); exit; }
  save("location");
}
ROUTES
}

registrar() { # [BEFORE-CHECK [BEFORE-SAVE]]
    # shellcheck disable=SC2086
    { registrar_routes pbx.example.com "$@"; passwords $PASSWORDS; } >"$T/registrar.routes"
    kamailio_start registrar server $REGISTRAR <"$T/registrar.routes"
}

# The element in the middle, which does something to each request before it passes it on.
element() { # FAULT
    kamailio_start element middle $PROXY 198.51.100.10 <<ROUTES
mhomed=1
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  $1
  \$du = "sip:$REGISTRAR:5060";
  t_relay();
}
ROUTES
}

linphone_start() { # LOG NAMESPACE USER PASSWORD PROXY [EXPIRES]
    local home=$T/$1.home
    mkdir -p "$home/.local/share/linphone"
    printf '%s\n' '[sip]' sip_port=5060 sip_tcp_port=-1 sip_tls_port=-1 use_ipv6=0 default_proxy=0 guess_hostname=1 \
        '[net]' mtu=0 firewall_policy=0 '[auth_info_0]' "username=$3" "passwd=$4" realm=pbx.example.com \
        '[proxy_0]' "reg_proxy=<sip:$5>" "reg_route=<sip:$5;lr>" "reg_identity=<sip:$3@pbx.example.com>" \
        "reg_expires=${6:-60}" reg_sendregister=1 publish=0 >"$T/$1.rc"
    HOME=$home spawn_console "$1" "$2" linphonec -c "$T/$1.rc"
}

baresip_start() { # LOG NAMESPACE ADDRESS ACCOUNT
    mkdir "$T/$1.dir"
    printf '%s\n' "sip_listen $3:5060" 'audio_source ausine,440' 'module_path /usr/lib/baresip/modules' 'module stdio.so' \
        'module g711.so' 'module ausine.so' 'module_app account.so' 'module_app menu.so' >"$T/$1.dir/config"
    echo "$4" >"$T/$1.dir/accounts"
    : >"$T/$1.dir/contacts"
    spawn_console "$1" "$2" baresip -f "$T/$1.dir"
}

# Kamailio as a client that keeps trunks registered, one for each line USER REALM AUTH-USER PASSWORD of standard input.
trunks_start() { # NAMESPACE ADDRESS EXPIRES RETRY
    local user realm auth password id=0
    mkdir "$T/trunks.db"
    printf '%s\n' 'table_name(string) table_version(int)' 'uacreg:5' >"$T/trunks.db/version"
    {
        echo 'id(int,auto) l_uuid(string) l_username(string) l_domain(string) r_username(string) r_domain(string)' \
            'realm(string) auth_username(string) auth_password(string) auth_ha1(string,null) auth_proxy(string) expires(int)' \
            'flags(int) reg_delay(int) contact_addr(string) socket(string,null)'
        while read -r user realm auth password; do
            echo "$((id += 1)):$user:$user:pbx.example.com:$user:pbx.example.com:$realm:$auth:$password::sip\\:$REGISTRAR:$3:0:0:$2\\:5060:"
        done
    } >"$T/trunks.db/uacreg"
    kamailio_start trunks "$1" "$2" <<ROUTES
loadmodule "db_text.so"
modparam("uac", "reg_db_url", "text://$T/trunks.db")
modparam("uac", "reg_contact_addr", "$2:5060")
modparam("uac", "reg_timer_interval", 5)
modparam("uac", "reg_retry_interval", $4)
request_route { sl_send_reply("200", "OK"); }
ROUTES
}

ping() { # NAMESPACE ADDRESS: shows that the capture goes on
    inside "$1" sipsak -s "sip:ping@$2" >/dev/null || true
    sleep 0.5
}

# --- the captures ----------------------------------------------------------------------------------------

phone_and_server() {
    middle
    cabled client $CLIENT
    cabled server $REGISTRAR
}

# One phone registers through an element that does something wrong.
through_element() { # CAPTURE FAULT [BEFORE-CHECK]
    phone_and_server
    registrar "${3:-}"
    element "$2"
    record_start middle "$SIP" to-client to-server
    linphone_start linphone client alice pass-Two $PROXY
    sleep 40
    ping client $PROXY
    record_stop "$1"
}

credentials_removed() {
    through_element credentials-removed 'remove_hf("Authorization");'
}

uri_rewritten() {
    through_element uri-rewritten '$ru = "sip:registrar.example.net:5060";' \
        'if ($hdr(Authorization) != $null && $adu != $ru) { www_challenge("pbx.example.com", "1"); exit; }'
}

contact_rewritten() {
    through_element contact-rewritten 'subst_hf("Contact", "/sip:([^@]+)@[^;>]*/sip:\1@198.51.100.99:6000/", "a");'
}

address_rewritten() {
    through_element address-rewritten 'uac_replace_to("", "sip:4930@pbx.example.com");
  uac_replace_from("", "sip:4930@pbx.example.com");'
}

gateway() { # NAMESPACE ADDRESS SECRET
    # shellcheck disable=SC2086
    {
        cat <<ROUTES
modparam("auth", "secret", "$3")
request_route {
  if (is_method("ACK")) exit;
  if (!pv_www_authenticate("gateway.example.net", "\$sht(password=>\$au)", "0")) { www_challenge("gateway.example.net", "1"); exit; }
  sl_send_reply("486", "Busy Here");
}
ROUTES
        passwords $PASSWORDS
    } >"$T/$1.routes"
    kamailio_start "$1" "$1" "$2" <"$T/$1.routes"
}

forked_one_realm() {
    middle
    cabled client $CLIENT
    cabled first 198.51.100.31
    cabled second 198.51.100.32
    gateway first 198.51.100.31 one
    gateway second 198.51.100.32 two
    kamailio_start element middle $PROXY 198.51.100.10 <<'ROUTES'
mhomed=1
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("ACK")) { t_relay(); exit; }
  $ru = "sip:" + $rU + "@198.51.100.31:5060";
  append_branch("sip:" + $rU + "@198.51.100.32:5060");
  t_relay();
}
ROUTES
    record_start middle "$SIP" to-client to-first to-second
    baresip_start baresip client $CLIENT "<sip:alice@pbx.example.com>;auth_pass=pass-Two;regint=0;outbound=\"sip:$PROXY\""
    sleep 2
    say baresip '/dial sip:600@pbx.example.com'
    sleep 40
    ping client $PROXY
    record_stop forked-one-realm
}

# A proxy that asks for credentials of its own, and takes them out.
asking_proxy() { # LOG NAMESPACE REALM NEXT ADDRESS...
    local log=$1 n=$2 realm=$3 next=$4; shift 4
    # shellcheck disable=SC2086
    {
        cat <<ROUTES
mhomed=1
modparam("auth", "secret", "$log")
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("ACK")) { t_relay(); exit; }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("$realm", "\$sht(password=>\$au)", "0")) { www_challenge("$realm", "1"); exit; }
    save("location");
    exit;
  }
  if (!pv_proxy_authenticate("$realm", "\$sht(password=>\$au)", "0")) { proxy_challenge("$realm", "1"); exit; }
  consume_credentials();
  \$du = "sip:$next:5060";
  t_relay();
}
ROUTES
        passwords $PASSWORDS
    } >"$T/$log.routes"
    kamailio_start "$log" "$n" "$@" <"$T/$log.routes"
}

two_proxies_in_turn() {
    phone_and_server
    asking_proxy outer middle pbx.example.com $REGISTRAR $PROXY 198.51.100.10
    asking_proxy inner server inner.example.net 198.51.100.99 $REGISTRAR
    record_start middle "$SIP" to-client
    linphone_start linphone client alice pass-Two $PROXY
    sleep 2
    say linphone 'call sip:600@pbx.example.com'
    # it looks up names first, which takes its time; then it asks for the password of the inner realm
    sleep 15
    say linphone pass-Two
    sleep 40
    ping client $PROXY
    record_stop two-proxies-in-turn
}

no_challenge() {
    phone_and_server
    kamailio_start registrar server $REGISTRAR <<'ROUTES'
request_route {
  if (is_method("OPTIONS")) sl_send_reply("200", "OK");
  else sl_send_reply("401", "Unauthorized");
}
ROUTES
    record_start middle "$SIP" to-server
    linphone_start linphone client alice pass-Two $REGISTRAR
    sleep 38
    ping client $REGISTRAR
    record_stop no-challenge
}

sha256_only() {
    middle
    cabled client $CLIENT
    cabled second 192.0.2.30
    cabled server $REGISTRAR
    ALGORITHM=SHA-256 registrar
    record_start middle "$SIP" to-server
    linphone_start linphone client alice pass-Two $REGISTRAR 600
    sleep 2
    baresip_start baresip second 192.0.2.30 "<sip:bob@$REGISTRAR>;auth_pass=pass-Three;regint=600"
    sleep 38
    ping client $REGISTRAR
    record_stop sha256-only
}

# Nothing that the server sends arrives any more, at either phone.
answers_lost() {
    local n
    middle
    cabled client $CLIENT
    cabled second 192.0.2.30
    cabled server $REGISTRAR
    registrar
    record_start middle "$SIP" to-server
    linphone_start linphone client alice pass-Two $REGISTRAR 30
    baresip_start baresip second 192.0.2.30 "<sip:bob@$REGISTRAR>;auth_pass=pass-Three;regint=30"
    sleep 10
    for n in client second; do inside $n iptables -A INPUT -p udp --sport 5060 -j DROP; done
    sleep 55
    inside server sipsak -s sip:ping@$CLIENT >/dev/null 2>&1 || true
    record_stop answers-lost
}

# Sixteen trunks of one PBX, of which ten are out of order, each for a reason of its own.
many_trunks() {
    local i
    phone_and_server
    PASSWORDS=$(for i in $(seq 16); do [ "$i" = 3 ] || echo "trunk$i secret-$i"; done | xargs)
    registrar 'if ($tU == "trunk9") { sl_send_reply("503", "Service Unavailable"); exit; }
  if ($tU == "trunk10") exit;' 'if ($tU == "trunk6") { sl_send_reply("403", "Account disabled"); exit; }
  if ($tU == "trunk7") { sl_send_reply("404", "No such subscriber"); exit; }
  if ($tU == "trunk8") { append_to_reply("Min-Expires: 3600\r\n"); sl_send_reply("423", "Interval Too Brief"); exit; }'
    record_start middle "$SIP" to-server
    for i in $(seq 16); do
        case $i in
            1 | 2) echo "trunk$i pbx.example.com trunk$i Secret-$i" ;;
            4) echo "trunk$i asterisk trunk$i secret-$i" ;;
            5) echo "trunk$i pbx.example.com trunk11 secret-11" ;;
            *) echo "trunk$i pbx.example.com trunk$i secret-$i" ;;
        esac
    done | trunks_start client $CLIENT 300 60
    sleep 45
    ping client $REGISTRAR
    record_stop many-trunks
}

# A tool tries a list of passwords for one user, until one is right.
password_guessing() {
    phone_and_server
    PASSWORDS="101 Princess-4"
    registrar
    # it writes addresses of other people's networks into its requests
    cp -r /usr/share/sipvicious "$T/sipvicious"
    grep -rl '1\.1\.1\.1' "$T/sipvicious" | xargs sed -i 's/1\.1\.1\.1/192.0.2.99/g'
    record_start middle "$SIP" to-server
    printf '%s\n' Monkey-4 Dragon-4 Sunshine-4 Football-4 Trustno-1 Letmein-4 Qwerty-4 Princess-4 >"$T/words"
    (cd "$T/sipvicious" && HOME=$T inside client python3 -m sipvicious.svcrack -u 101 -d "$T/words" $REGISTRAR) || true
    record_stop password-guessing
}

# The realm is set by hand on the client, and is not the server's.
realm_by_hand() {
    phone_and_server
    registrar
    record_start middle "$SIP" to-server
    echo 'carol asterisk carol pass-Four' | trunks_start client $CLIENT 300 5
    sleep 50
    record_stop realm-by-hand
}

ALL=(credentials-removed uri-rewritten contact-rewritten address-rewritten forked-one-realm two-proxies-in-turn no-challenge
    sha256-only answers-lost many-trunks realm-by-hand password-guessing)

# --- main ------------------------------------------------------------------------------------------------

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
