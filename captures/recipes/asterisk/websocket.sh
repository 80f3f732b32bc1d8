#!/bin/bash
# websocket-registration, wss-registration: JsSIP registers at Kamailio over WebSocket and
# makes a call that is refused with 486 after a 407.
. "$(dirname "$0")/lib.sh"
need kamailio kamailio-websocket-modules kamailio-tls-modules openssl
command -v node npm >/dev/null || need nodejs npm
lab
cp "$HERE"/websocket/{client.js,package.json} "$WORK"
(cd "$WORK" && npm install --ignore-scripts --no-audit --no-fund >npm.log 2>&1)
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=example.org \
    -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
chmod 755 "$WORK"; chmod 644 "$WORK/key.pem"

kamailio() {                  # kamailio PORT [OPTIONS]
    local port=$1; shift
    start kamailio ip netns exec stbs env KEYS="$WORK" kamailio -DD -E -m 32 -M 8 \
        -f "$HERE/websocket/kamailio.cfg" -Y "$WORK" -w "$WORK" "$@"
    KAMAILIO=$!
    until_true 10 listening "$port"
}

kamailio 8080                 # on 5060 Wireshark would see plain SIP over TCP
record 'tcp port 8080'
in_client node "$WORK/client.js" ws://192.0.2.10:8080/
save websocket-registration
stop "$KAMAILIO"

kamailio 5061 -A SECURE
record
in_client node --tls-keylog="$WORK/keys.log" "$WORK/client.js" wss://192.0.2.10:5061/
save wss-registration --inject-secrets "tls,$WORK/keys.log"
