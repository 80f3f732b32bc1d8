#!/bin/bash
# Digests that packaged servers do not ask for or do not check: the registrar is a Python
# script that checks every response, the clients are real.
#   aka-v1            SIPp answers AKAv1-MD5
#   auth-int          SIPp prefers auth-int, the INVITE has a body
#   snaplen-cut       the same, recorded with a snap length that cuts the body of the retry
#   compact-headers   SIPp with short header names and folded lines
#   message-sip-body  SIPp sends bodies that are SIP messages themselves
#   md5-sess, rspauth Sofia-SIP registers with MD5-sess; and with Authentication-Info
. "$(dirname "$0")/lib.sh"
need sip-tester python3-pycryptodome libsofia-sip-ua-dev gcc libc6-dev pkg-config
lab

registrar() {                 # registrar OPTIONS...
    start registrar ip netns exec stbs /usr/bin/python3 -B "$HERE/registrar/registrar.py" "$@"
    REGISTRAR=$!
    until_true 5 listening 5060
}

with_sipp() {                 # with_sipp CAPTURE SCENARIO
    (cd "$WORK" && in_client timeout 20 sipp "$SERVER" -sf "$2" -m 1 -i "$CLIENT" -p 5060 -nostdin >"$WORK/sipp.log" 2>&1)
    save "$1"
    stop "$REGISTRAR"
}

with_sofia() {                # with_sofia CAPTURE STEP...
    local name=$1; shift
    in_client "$WORK/sofia-client" "sip:$CLIENT:5060;transport=udp" sip:eve@lab.example.com "sip:$SERVER" \
        'lab.example.com eve sesame' "$@" >"$WORK/sofia.log" 2>&1
    save "$name"
    stop "$REGISTRAR"
}

# test set 1 of 3GPP TS 35.208: K, OP, RAND, SQN, AMF
registrar --realm ims.example.com --user 001010000000001@ims.example.com --algorithm AKAv1-MD5 --aka \
    465b5ce8b199b49faa5f0a2ee238a6bc,cdc202d5123e20f62b6d676ac72cb318,23553cbe9637a89d218ae64dae47bf35,ff9bb4d0b607,b9b9
record
with_sipp aka-v1 "$HERE/sipp/aka.xml"

registrar --password sesame --qop auth,auth-int
record
with_sipp auth-int "$HERE/sipp/invite.xml"

registrar --password sesame --qop auth,auth-int
record "$SIP_ONLY" -s 680
with_sipp snaplen-cut "$HERE/sipp/invite.xml"

registrar --password sesame
record
with_sipp compact-headers "$HERE/sipp/compact.xml"

sed -e "/@QUOTED@/{r $HERE/sipp/quoted.txt" -e 'd}' -e "/@FRAGMENT@/{r $HERE/sipp/fragment.txt" -e 'd}' \
    "$HERE/sipp/message.xml" >"$WORK/message.xml"
registrar --password sesame
record
with_sipp message-sip-body "$WORK/message.xml"

cc -O -o "$WORK/sofia-client" "$HERE/../kamailio/sofia-client.c" $(pkg-config --cflags --libs sofia-sip-ua)
registrar --password sesame --algorithm MD5-sess
record
with_sofia md5-sess register 60 sleep 1 register 60 sleep 1

registrar --password sesame --info --nextnonce
record
with_sofia rspauth register 60 sleep 1 register 60 sleep 1 register 60 sleep 1
