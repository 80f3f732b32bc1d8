#!/bin/bash
# Records stacks that the other recipes do not have: `others.sh NAME...`, or `others.sh all`.  Needs root on Debian 12, and npm's registry.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages() {
    install_packages iproute2 ethtool tshark wireshark-common python3 procps kamailio kamailio-extra-modules baresip-core linphone-cli sipsak \
        ejabberd libnet-sip-perl default-jdk-headless libnist-sip-aosp-java libsip-api-java libpurple-dev gcc pkg-config
    command -v npm >/dev/null || install_packages nodejs npm
}

# --- programs --------------------------------------------------------------------------------------------

ejabberd_ctl() { # NAMESPACE ARGUMENT...
    local n=$1 d=$T/ejabberd; shift
    inside "$n" env HOME="$d" ejabberdctl -n ejabberd@localhost -f "$d/ejabberd.yml" -c "$d/ctl.cfg" -d "$d" -l "$d/log" -s "$d/spool" "$@" 2>/dev/null
}

ejabberd_start() { # NAMESPACE USER PASSWORD...
    local n=$1 d=$T/ejabberd i; shift
    mkdir -p "$d/spool" "$d/log"
    cp "$S/ejabberd.yml" "$d"
    : >"$d/ctl.cfg"
    : >"$d/inetrc"
    chmod 755 "$T"
    chown -R ejabberd "$d"
    spawn ejabberd "$n" env HOME="$d" ejabberdctl -n ejabberd@localhost -f "$d/ejabberd.yml" -c "$d/ctl.cfg" -d "$d" -l "$d/log" -s "$d/spool" foreground
    for i in $(seq 60); do
        ejabberd_ctl "$n" status >/dev/null && break
        echo "ejabberd does not run yet ($i)"
        sleep 0.5
    done
    while [ $# -gt 1 ]; do ejabberd_ctl "$n" register "$1" pbx.example.com "$2" >/dev/null; shift 2; done
}

npm_start() {
    cp "$S"/{npm-registrar.js,npm-phone.js,sipjs-phone.mjs} "$T"
    (cd "$T" && npm install --ignore-scripts --no-audit --no-fund sip@0.0.6 sip.js@0.21.2 >npm.log 2>&1)
}

jain_phone() { # NAMESPACE ADDRESS ARGUMENT...
    local n=$1 jars=/usr/share/java/nist-sip-aosp.jar:/usr/share/java/sip-api-1.2.jar; shift
    [ -f "$T/Phone.class" ] || javac -nowarn -cp "$jars" -d "$T" "$S/Phone.java"
    inside "$n" java -cp "$jars:$T" Phone "$@"
}

simple_phone() { # LOG NAMESPACE ARGUMENT...
    local log=$1 n=$2; shift 2
    # shellcheck disable=SC2046
    [ -x "$T/simple-phone" ] || gcc -o "$T/simple-phone" "$S/simple-phone.c" $(pkg-config --cflags --libs purple)
    mkdir "$T/$log.home"
    spawn "$log" "$n" env HOME="$T/$log.home" PUBLISH=1 "$T/simple-phone" "$@"
}

four_phones_and_server() {
    phone_and_server
    cabled second 192.0.2.30
    cabled third 192.0.2.40
    cabled fourth 192.0.2.50
}

# --- the captures ----------------------------------------------------------------------------------------

# Trunks and phones at ejabberd: a wrong password, an unknown user, a realm set by hand, a domain that is an IP address, too short an interval.
ejabberd_registrar() {
    four_phones_and_server
    # shellcheck disable=SC2086
    ejabberd_start server $PASSWORDS
    record_start middle "$SIP" to-server
    printf '%s\n' 'dave pbx.example.com dave pass-five' 'bob asterisk bob pass-Three' 'erin pbx.example.com erin pass-Nine' | trunks_start client $CLIENT 300 60
    baresip_start baresip second 192.0.2.30 "<sip:bob@pbx.example.com>;auth_pass=pass-Three;outbound=\"sip:$REGISTRAR\";regint=90"
    linphone_start linphone third carol pass-Four $REGISTRAR 30
    inside fourth perl "$S/netsip-phone.pl" sip:alice@pbx.example.com $REGISTRAR '* alice pass-Two' register 60 || true
    sleep 36
    say linphone quit
    say baresip /quit
    sleep 1
    ping client $REGISTRAR
    record_stop ejabberd-registrar
}

# The npm package sip as a registrar, which proves that it knows the password, and counts nonces for itself.
npm_registrar() {
    four_phones_and_server
    npm_start
    spawn npm server node "$T/npm-registrar.js" $REGISTRAR pbx.example.com alice=pass-Two,bob=pass-Three,carol=pass-Four,dave=pass-Five proves
    sleep 1
    record_start middle "$SIP" to-server
    inside client node "$T/npm-phone.js" $CLIENT sip:alice@pbx.example.com sip:$REGISTRAR alice pass-Two register:60 wait:1 register:60 wait:1 register:0
    inside fourth node "$T/sipjs-phone.mjs" 192.0.2.50 sip:dave@pbx.example.com sip:$REGISTRAR dave pass-Five register:60 wait:1 register:60 wait:1 unregister: wait:1
    linphone_start linphone third carol pass-Four $REGISTRAR 30
    inside second node "$T/npm-phone.js" 192.0.2.30 sip:bob@pbx.example.com sip:$REGISTRAR bob pass-three register:60
    sleep 36
    ping client $REGISTRAR
    record_stop npm-registrar
}

# Pidgin's SIMPLE, which publishes its presence, and a registrar whose nonces live for 20 s and that does not say stale.
simple_presence() {
    four_phones_and_server
    # shellcheck disable=SC2086
    {
        cat <<'ROUTES'
modparam("auth", "secret", "registrar")
modparam("auth", "nonce_expire", 20)
request_route {
  if (is_method("ACK")) exit;
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (!pv_www_authenticate("pbx.example.com", "$sht(password=>$au)", "0")) { www_challenge("pbx.example.com", "1"); exit; }
  if (is_method("REGISTER")) { save("location"); exit; }
  if (is_method("PUBLISH")) { append_to_reply("SIP-ETag: a1\r\nExpires: 600\r\n"); sl_send_reply("200", "OK"); exit; }
  sl_send_reply("489", "Bad Event");
}
ROUTES
        passwords $PASSWORDS
    } | kamailio_start registrar server $REGISTRAR
    record_start middle "$SIP" to-server
    simple_phone alice client alice@pbx.example.com pass-Two $REGISTRAR 40 bob@pbx.example.com
    sleep 1
    simple_phone bob second bob@pbx.example.com pass-three $REGISTRAR 30
    sleep 43
    ping client $REGISTRAR
    record_stop simple-presence
}

# Phones of three makers at a registrar of Net::SIP, which wants From, To and user to be one and the same, letter by letter.
netsip_registrar() {
    four_phones_and_server
    spawn registrar server perl "$S/netsip-registrar.pl" $REGISTRAR:5060 pbx.example.com 'alice=pass-Two,bob=pass-Three,carol=pass-Four,dave=pass-Five' ToIsFrom,FromIsRealm,FromIsAuthUser
    sleep 1
    record_start middle "$SIP" to-server
    jain_phone client $CLIENT sip:alice@pbx.example.com sip:$REGISTRAR alice pass-Two register:60 wait:1 register:60
    jain_phone second 192.0.2.30 sip:bob@pbx.example.com sip:$REGISTRAR bob pass-three register:60
    jain_phone third 192.0.2.40 sip:4930@pbx.example.com sip:$REGISTRAR dave pass-Five register:60
    linphone_start linphone fourth carol pass-Four $REGISTRAR 60
    sleep 40
    ping client $REGISTRAR
    record_stop netsip-registrar
}

ALL=(ejabberd-registrar npm-registrar simple-presence netsip-registrar)

main "$@"
