#!/bin/bash
# Records faults that are configured, not scripted: `record.sh NAME...`, or `record.sh all`.  Needs root on Debian 12.
# Everything runs in network namespaces of its own; the result goes to captures/NAME.pcapng.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages() {
    install_packages iproute2 ethtool tshark wireshark-common python3 procps iptables kamailio kamailio-extra-modules \
        baresip-core linphone-cli sipsak sipvicious
}

# --- the captures ----------------------------------------------------------------------------------------

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

# Four phones and trunks on one side of a registrar.
four_clients() {
    phone_and_server
    cabled second 192.0.2.30
    cabled third 192.0.2.40
    cabled fourth 192.0.2.50
}

# stale=true in each challenge: 16 of its flags.
stale_always() {
    four_clients
    CHALLENGE=17 registrar
    record_start middle "$SIP" to-server
    linphone_start alice client alice pass-Two $REGISTRAR 30
    linphone_start carol third carol pass-four $REGISTRAR 30
    baresip_start dave fourth 192.0.2.50 "<sip:dave@pbx.example.com>;auth_pass=pass-five;outbound=\"sip:$REGISTRAR\";regint=60"
    printf '%s\n' 'bob pbx.example.com bob pass-three' 'erin pbx.example.com erin pass-Nine' | trunks_start second 192.0.2.30 60 60
    sleep 40
    ping client $REGISTRAR
    record_stop stale-always
}

# The registrar's process ends while three clients are registered, and begins anew when their time is over.
registrar_restarts() {
    four_clients
    registrar
    record_start middle "icmp or $SIP" to-server
    linphone_start carol third carol pass-Four $REGISTRAR 20
    baresip_start bob second 192.0.2.30 "<sip:bob@pbx.example.com>;auth_pass=pass-Three;outbound=\"sip:$REGISTRAR\";regint=20"
    echo 'alice pbx.example.com alice pass-Two' | trunks_start client $CLIENT 20 10
    sleep 8
    stop "$SERVER"
    sleep 30
    registrar
    sleep 35
    record_stop registrar-restarts
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

phone_over_tcp() { # USER NAMESPACE ADDRESS PASSWORD INTERVAL
    baresip_start "$1" "$2" "$3" "<sip:$1@pbx.example.com;transport=tcp>;auth_pass=$4;outbound=\"sip:$REGISTRAR;transport=tcp\";regint=$5"
}

# alice is registered when the registrar ceases to run, while its host goes on to take connections and to acknowledge what comes;
# then bob begins to register.
registrar_ceases() { # INTERVAL-OF-ALICE ADDRESS...
    middle
    cabled client $CLIENT
    cabled second 192.0.2.30
    cabled server $REGISTRAR
    # shellcheck disable=SC2086
    { registrar_routes pbx.example.com; passwords $PASSWORDS; } | kamailio_start registrar server "${@:2}"
    REGISTRAR_PROCESSES=$LAST
    record_start middle "$SIP" to-server
    phone_over_tcp alice client $CLIENT pass-Two "$1"
    sleep 3
    REGISTRAR_PROCESSES="$REGISTRAR_PROCESSES $(pgrep -P "$REGISTRAR_PROCESSES" | tr '\n' ' ')"
    registrar_gets STOP
    phone_over_tcp bob second 192.0.2.30 pass-Three 60
}

registrar_gets() { # SIGNAL
    # shellcheck disable=SC2086
    kill "-$1" $REGISTRAR_PROCESSES
}

registrar_stalls() {
    registrar_ceases 60 $REGISTRAR tcp:$REGISTRAR:5060
    spawn ping client sipsak -s "sip:ping@$REGISTRAR"
    sleep 40
    registrar_gets CONT
    sleep 65
    record_stop registrar-stalls
}

silent_over_tcp() {
    registrar_ceases 30 tcp:$REGISTRAR:5060
    sleep 105
    ping client $REGISTRAR
    record_stop silent-over-tcp
    registrar_gets CONT
}

ALL=(credentials-removed uri-rewritten contact-rewritten address-rewritten forked-one-realm two-proxies-in-turn no-challenge
    sha256-only stale-always answers-lost registrar-restarts registrar-stalls silent-over-tcp many-trunks realm-by-hand password-guessing)

main "$@"
