#!/bin/bash
# sha256-registration, sha512-256-registration: Asterisk 22 registers at Asterisk 22.
. "$(dirname "$0")/lib.sh"
lab
asterisk_tree

ha1=$(printf 'alice:pbx.example.com:correct horse' | sha256sum | cut -d' ' -f1)
sed "s/@HA1@/$ha1/" "$HERE/sha/server.pjsip.conf" >"$WORK/server.pjsip.conf"
asterisk stbs server "$WORK/server.pjsip.conf"

register() {                  # register CAPTURE USER PASSWORD ALGORITHM
    sed "s/@USER@/$2/; s/@PASSWORD@/$3/; s/@ALGORITHM@/$4/" "$HERE/sha/client.pjsip.conf" >"$WORK/client.pjsip.conf"
    record
    asterisk stbc client "$WORK/client.pjsip.conf"
    local client=$!
    until_true 20 grep -q "Added contact 'sip:$2@" "$WORK/asterisk-server.log"
    stop "$client"
    save "$1"
}
register sha256-registration alice 'correct horse' SHA-256
register sha512-256-registration bob 'battery staple' SHA-512-256
