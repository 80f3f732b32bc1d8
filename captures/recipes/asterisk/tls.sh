#!/bin/bash
# tls-registration: baresip registers at Asterisk 22 over TLS 1.2; the secrets are in the file.
. "$(dirname "$0")/lib.sh"
need baresip-core gcc libc6-dev libssl-dev openssl
lab
asterisk_tree
cc -shared -fPIC -o "$WORK/keylog.so" "$HERE/tls/keylog.c" -ldl

mkdir -p "$TREE/tls-keys"
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=secure.example.org \
    -keyout "$TREE/tls-keys/key.pem" -out "$TREE/tls-keys/cert.pem" 2>/dev/null
sed 's#@KEYS@#/tls-keys#' "$HERE/tls/server.pjsip.conf" >"$WORK/server.pjsip.conf"
asterisk stbs server "$WORK/server.pjsip.conf"

cp -r "$HERE/baresip" "$WORK/baresip"
echo '<sip:desk@secure.example.org;transport=tls>;auth_pass=tls-is-no-excuse;outbound="sip:192.0.2.10:5061;transport=tls";regint=60' >"$WORK/baresip/accounts"
record 'tcp port 5061'
start baresip-log ip netns exec stbc env LD_PRELOAD="$WORK/keylog.so" SSLKEYLOGFILE="$WORK/keys.log" baresip -f "$WORK/baresip"
client=$!
until_true 10 grep -q "Added contact 'sip:desk" "$WORK/asterisk-server.log"
sleep 1
stop "$client"                # on SIGTERM baresip unregisters
save tls-registration --inject-secrets "tls,$WORK/keys.log"
