#!/usr/bin/env python3
"""Write the SIPp scenario of a presence notifier: notifier.py STEP...

first         receive the SUBSCRIBE that begins the subscription
next          receive a SUBSCRIBE of the subscription
hold          like next, to be answered later by held:CODE
challenge     answer 401
CODE[:EXPIRES]   answer the last SUBSCRIBE
held:CODE[:EXPIRES]   answer the SUBSCRIBE of hold
notify:TAG:STATE[:BODY]   send NOTIFY with SIP-ETag TAG, Subscription-State STATE, presence note BODY
pause:MS      wait
"""
import sys

REASON = {"200": "OK", "204": "No Notification", "401": "Unauthorized"}
TAG = "n[call_number]"
CHALLENGE = 'WWW-Authenticate: Digest realm="presence.example.com", nonce="5f1d7a84c3[call_number]", ' \
            'algorithm=MD5, qop="auth"\n'


def receive(new, held):
    contact = '<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="contact"/>'
    actions = ""
    if new:
        actions += contact
        actions += '<ereg regexp="&lt;.*" search_in="hdr" header="From:" assign_to="subscriber"/>'
        actions += '<ereg regexp="&lt;[^&gt;]*&gt;" search_in="hdr" header="To:" assign_to="notifier"/>'
    if held:
        actions += '<ereg regexp="SIP/.*" search_in="hdr" header="Via:" assign_to="heldvia"/>'
        actions += '<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="heldnumber"/>'
    return f'  <recv request="SUBSCRIBE"><action>{actions}</action></recv>' if actions \
        else '  <recv request="SUBSCRIBE"/>'


def send(text, retransmit=False):
    attribute = ' retrans="500"' if retransmit else ""
    return f"  <send{attribute}><![CDATA[\n{text}\n]]></send>"


def answer(code, extra, to, via="[last_Via:]", number="[last_CSeq:]"):
    return send(f"SIP/2.0 {code} {REASON[code]}\n{via}\n[last_From:]\n{to}\n[last_Call-ID:]\n{number}\n"
                f"{extra}Server: SIPp notifier\nContent-Length: 0\n")


def success(expires="3600"):
    return f"Contact: <sip:bob@[local_ip]:[local_port]>\nExpires: {expires}\n"


def notify(number, tag, state, body=None):
    head = f"NOTIFY [$contact] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n" \
           f"Max-Forwards: 70\nFrom: [$notifier];tag={TAG}\nTo: [$subscriber]\n[last_Call-ID:]\n" \
           f"CSeq: {number} NOTIFY\nContact: <sip:bob@[local_ip]:[local_port]>\nEvent: presence\n" \
           f"Subscription-State: {state}\nSIP-ETag: {tag}\n"
    if body is None:
        return send(head + "Content-Length: 0\n", True)
    document = '<?xml version="1.0"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="pres:bob@example.com">\n' \
               f"<tuple id=\"a\"><status><basic>{body}</basic></status></tuple>\n</presence>\n"
    return send(head + "Content-Type: application/pidf+xml\nContent-Length: [len]\n\n" + document, True)


def main(steps):
    first, notifies = True, 0
    print('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">')
    print('<scenario name="notifier">')
    for step in steps:
        word, *args = step.split(":")
        to = f"[last_To:];tag={TAG}" if first else "[last_To:]"
        if word in ("first", "next", "hold"):
            first = word == "first"
            print(receive(first, word == "hold"))
        elif word == "notify":
            notifies += 1
            print(notify(notifies, *args), '\n  <recv response="200"/>')
        elif word == "challenge":
            print(answer("401", CHALLENGE, to))
        elif word == "held":
            print(answer(args[0], success(*args[1:]), to, "Via: [$heldvia]", "CSeq: [$heldnumber] SUBSCRIBE"))
        elif word == "pause":
            print(f'  <pause milliseconds="{args[0]}"/>')
        else:
            print(answer(word, success(*args), to))
    print("</scenario>")


main(sys.argv[1:])
