#!/usr/bin/env python3
"""The messages of RFC 4475 (SIP torture tests), and what a reader should find in each.

They are named as there and built after its text, with the same difficulties; test_torture.c reads them as a C table, the end
to end tests put them between honest registrations. As the RFC sorts them: `valid` (section 3.1.1), `invalid` (3.1.2: a
parser finds an error, this reader a defined result), `transaction` (3.2), `application` (3.3: well-formed, but strange) and
`old` (3.4).
"""
import collections
import sys

# What is found; a name that is left out is absent. `cut`: the body is shorter than Content-Length says. `refused`: no SIP.
FOUND = ["method", "uri", "status", "cseq", "cseq_method", "call_id", "from_uri", "from_tag", "to_uri", "to_tag", "transport", "host",
         "port", "branch", "body", "cut", "refused"]

Torture = collections.namedtuple("Torture", "name kind octets found")

TORTURE = []


def octets(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


def message(kind, name, lines, body=b"", **found):
    """The lines get their ends, Content-Length is put in for `{length}`."""
    body = octets(body)
    head = b"\r\n".join(octets(line) for line in lines).replace(b"{length}", str(len(body)).encode())
    TORTURE.append(Torture(name, kind, head + b"\r\n\r\n" + body, {"body": body, **found}))


def sdp(address, *more):
    return "\r\n".join(["v=0", f"o=mhandley 29739 7272939 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0",
                        "m=audio 49217 RTP/AVP 0 12", "m=video 3227 RTP/AVP 31", "a=rtpmap:31 LPC", *more]) + "\r\n"


def long(word, count):
    return word * count


# --- 3.1.1 Valid messages

message("valid", "wsinv", [
    "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0",
    "TO :",
    " sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
    'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
    "  ;",
    "  tag = 98asjd8",
    "MaX-fOrWaRdS: 0068",
    "Call-ID: wsinv.ndaksdj@192.0.2.1",
    "Content-Length   : {length}",
    "cseq: 0009",
    "  INVITE",
    "Via  : SIP  /   2.0",
    " /UDP",
    "    192.0.2.2;branch=390skdjuw",
    "s :",
    "NewFangledHeader:   newfangled value",
    " continued newfangled value",
    "UnknownHeaderWithUnusualValue: ;;,,;;,;",
    "Content-Type: application/sdp",
    "Route:",
    " <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
    "v:  SIP  / 2.0  / TCP     spindle.example.com   ;",
    "  branch  =   z9hG4bK9ikj8  ,",
    " SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
    " z9hG4bK30239",
    'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
    "      newvalue ;",
    "  secondparam ; q = 0.33"],
    sdp("192.0.2.3"),
    method="INVITE", uri="sip:vivekg@chair-dnrc.example.com;unknownparam", cseq=9, cseq_method="INVITE",
    call_id="wsinv.ndaksdj@192.0.2.1", from_uri="sip:jdrosen@example.com", from_tag="98asjd8",
    to_uri="sip:vivekg@chair-dnrc.example.com", to_tag="1918181833n", transport="UDP", host="192.0.2.2", port=5060, branch="390skdjuw")

METHOD = "!interesting-Method0123456789_*+`.%indeed'~"
USER = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
message("valid", "intmeth", [
    f"{METHOD} sip:{USER}:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0",
    "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
    b'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:' + USER.encode() + b"@example.com>",
    "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>"
    ";fromParam''~+*_!.-%=\"\u0440\u0430\u0431\u043e\u0442\u0430\u044e\u0449\u0438\u0439\";tag=_token~1'+`*%!-.",
    "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
    f"CSeq: 139122385 {METHOD}",
    "Max-Forwards: 255",
    "extensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb",
    "Content-Length: 0"],
    method=METHOD, uri=f"sip:{USER}:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com", cseq=139122385, cseq_method=METHOD,
    call_id="intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", from_uri="sip:mundane@example.com", from_tag="_token~1'+`*%!-.",
    to_uri=f"sip:{USER}@example.com", transport="TCP", host="host1.example.com", port=5060, branch="z9hG4bK-.!%66*_+`'~")

message("valid", "esc01", [
    "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0",
    "To: sip:%75se%72@example.com",
    "From: <sip:I%20have%20spaces@example.net>;tag=938",
    "Max-Forwards: 87",
    "i: esc01.239409asdfakjkn23onasd0-3234",
    "CSeq: 234234 INVITE",
    "Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw",
    "C: application/sdp",
    "Contact:",
    "  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>",
    "Content-Length: {length}"],
    sdp("192.0.2.1"),
    method="INVITE", uri="sip:sips%3Auser%40example.com@example.net", cseq=234234, cseq_method="INVITE",
    call_id="esc01.239409asdfakjkn23onasd0-3234", from_uri="sip:I%20have%20spaces@example.net", from_tag="938",
    to_uri="sip:%75se%72@example.com", transport="UDP", host="host5.example.net", port=5060, branch="z9hG4bKkdjuw")

message("valid", "escnull", [
    "REGISTER sip:example.com SIP/2.0",
    "To: sip:null-%00-null@example.com",
    "From: sip:null-%00-null@example.com;tag=839923423",
    "Max-Forwards: 70",
    "Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd",
    "CSeq: 14398234 REGISTER",
    "Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw",
    "Contact: <sip:%00@host5.example.com>",
    "Contact: <sip:%00%00@host5.example.com>",
    "L:0"],
    method="REGISTER", uri="sip:example.com", cseq=14398234, cseq_method="REGISTER",
    call_id="escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd", from_uri="sip:null-%00-null@example.com", from_tag="839923423",
    to_uri="sip:null-%00-null@example.com", transport="UDP", host="host5.example.com", port=5060, branch="z9hG4bKkdjuw")

message("valid", "esc02", [
    "RE%47IST%45R sip:registrar.example.com SIP/2.0",
    'To: "%Z%45" <sip:resource@example.com>',
    'From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23',
    "Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf",
    "Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234",
    "CSeq: 29344 RE%47IST%45R",
    "Max-Forwards: 70",
    "Contact: <sip:alias1@host1.example.com>",
    "C%6Fntact: <sip:alias2@host2.example.com>",
    "Contact: <sip:alias3@host3.example.com>",
    "l: 0"],
    method="RE%47IST%45R", uri="sip:registrar.example.com", cseq=29344, cseq_method="RE%47IST%45R",
    call_id="esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf", from_uri="sip:resource@example.com", from_tag="f232jadfj23",
    to_uri="sip:resource@example.com", transport="TCP", host="host.example.com", port=5060, branch="z9hG4bK209%fzsnel234")

message("valid", "lwsdisp", [
    "OPTIONS sip:user@example.com SIP/2.0",
    "To: sip:user@example.com",
    "From: caller<sip:caller@example.com>;tag=323",
    "Max-Forwards: 70",
    "Call-ID: lwsdisp.1234abcd@funky.example.com",
    "CSeq: 60 OPTIONS",
    "Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw",
    "l: 0"],
    method="OPTIONS", uri="sip:user@example.com", cseq=60, cseq_method="OPTIONS", call_id="lwsdisp.1234abcd@funky.example.com",
    from_uri="sip:caller@example.com", from_tag="323", to_uri="sip:user@example.com", transport="UDP", host="funky.example.com",
    port=5060, branch="z9hG4bKkdjuw")

VIA_NAMES = ["Via", "v", "V", "Via", "ViA", "VIa", "VIA", "via", "viA", "vIa", "vIA", "V ", "v ", "V  ", "v  ", "Via ", "Via  "] + ["Via"] * 16
LONG_TO = "sip:user@example.com:6000;unknownparam1=very" + long("long", 20) + "value;long" + "param" + long("name", 25) + \
    "=shortvalue;very" + long("long", 25) + "ParameterNameWithNoValue"
LONG_FROM = "sip:" + long("amazinglylongcallername", 5) + "@example.net"
LONG_TAG = "12" + long("982", 50) + "424"
LONG_ID = "longreq.one" + long("really", 20) + "longcallid"
message("valid", "longreq", [
    "INVITE sip:user@example.com SIP/2.0",
    'To: "I have a user name of ' + long("extreme", 10) + f' proportion"<{LONG_TO}>',
    f"F: {LONG_FROM};tag={LONG_TAG};unknownheaderparam" + long("name", 20) + "=unknowheaderparam" + long("value", 15) +
    ";unknownValueless" + long("paramname", 10),
    f"Call-ID: {LONG_ID}",
    "CSeq: 3882340 INVITE",
    "Unknown-" + long("Long", 20) + "-Name: unknown-" + long("long", 20) + "-value; unknown-" + long("long", 20) +
    "-parameter-name = unknown-" + long("long", 20) + "-parameter-value",
    *[f"{name}: SIP/2.0/TCP sip{33 - n}.example.com" for n, name in enumerate(VIA_NAMES)],
    "Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very" + long("long", 50) + "branchvalue",
    "Max-Forwards: 70",
    "Contact: <sip:" + long("amazinglylongcallername", 5) + "@host5.example.net>",
    "Content-Type: application/sdp",
    "l: {length}"],
    sdp("192.0.2.1"),
    method="INVITE", uri="sip:user@example.com", cseq=3882340, cseq_method="INVITE", call_id=LONG_ID, from_uri=LONG_FROM,
    from_tag=LONG_TAG, to_uri=LONG_TO, transport="TCP", host="sip33.example.com", port=5060)

message("valid", "dblreq", [
    "REGISTER sip:example.com SIP/2.0",
    "To: sip:j.user@example.com",
    "From: sip:j.user@example.com;tag=43251j3j324",
    "Max-Forwards: 8",
    "I: dblreq.0ha0isndaksdj99sdfafnl3lk233412",
    "Contact: sip:j.user@host.example.com",
    "CSeq: 8 REGISTER",
    "Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492",
    "Content-Length: 0"],
    method="REGISTER", uri="sip:example.com", cseq=8, cseq_method="REGISTER", call_id="dblreq.0ha0isndaksdj99sdfafnl3lk233412",
    from_uri="sip:j.user@example.com", from_tag="43251j3j324", to_uri="sip:j.user@example.com", transport="UDP", host="192.0.2.125",
    port=5060, branch="z9hG4bKkdjuw23492")
TORTURE[-1] = TORTURE[-1]._replace(octets=TORTURE[-1].octets + octets("\r\n".join([
    "",
    "INVITE sip:joe@example.com SIP/2.0",
    "t: sip:joe@example.com",
    "From: sip:caller@example.net;tag=141334",
    "Max-Forwards: 8",
    "Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15",
    "CSeq: 8 INVITE",
    "Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234",
    "Content-Type: application/sdp",
    "Content-Length: 150",
    "", sdp("192.0.2.15")])))

message("valid", "semiuri", [
    "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0",
    "To: sip:j_user@example.com",
    "From: sip:caller@example.org;tag=33242",
    "Max-Forwards: 3",
    "Call-ID: semiuri.0ha0isndaksdj",
    "CSeq: 8 OPTIONS",
    "Accept: application/sdp, application/pkcs7-mime,",
    "        multipart/mixed, multipart/signed,",
    "        message/sip, message/sipfrag",
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw",
    "l: 0"],
    method="OPTIONS", uri="sip:user;par=u%40example.net@example.com", cseq=8, cseq_method="OPTIONS", call_id="semiuri.0ha0isndaksdj",
    from_uri="sip:caller@example.org", from_tag="33242", to_uri="sip:j_user@example.com", transport="UDP", host="192.0.2.1", port=5060,
    branch="z9hG4bKkdjuw")

message("valid", "transports", [
    "OPTIONS sip:user@example.com SIP/2.0",
    "To: sip:user@example.com",
    "From: <sip:caller@example.com>;tag=323",
    "Max-Forwards: 70",
    "Call-ID:  transports.kijh4akdnaqjkwendsasfdj",
    "Accept: application/sdp",
    "CSeq: 60 OPTIONS",
    "Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw",
    "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf",
    "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj",
    "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en",
    "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee",
    "l: 0"],
    method="OPTIONS", uri="sip:user@example.com", cseq=60, cseq_method="OPTIONS", call_id="transports.kijh4akdnaqjkwendsasfdj",
    from_uri="sip:caller@example.com", from_tag="323", to_uri="sip:user@example.com", transport="UDP", host="t1.example.com", port=5060,
    branch="z9hG4bKkdjuw")

message("valid", "mpart01", [
    "MESSAGE sip:kumiko@example.org SIP/2.0",
    "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport",
    "Max-Forwards: 70",
    "Route: <sip:127.0.0.1:5080>",
    "Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1"
    "CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=",
    "Contact: <sip:fluffy@127.0.0.1:5070>",
    "To: <sip:kumiko@example.org>",
    "From: <sip:fluffy@example.com>;tag=2fb0dcc9",
    "Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..",
    "CSeq: 1 MESSAGE",
    "Content-Transfer-Encoding: binary",
    "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655",
    "Date: Sat, 15 Oct 2005 04:44:56 GMT",
    "User-Agent: SIPimp.org/0.2.5 (curses)",
    "Content-Length: {length}"],
    b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n"
    b"--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    b"0\x82\x01R\x06\t*\x86H\x86\xf7\r\x01\x07\x02\xa0\x82\x01C0\x82\x01?\x02\x01\x011\t0\x07\x06\x05+\x0e\x03\x02\x1a\x00\xb1\r\n\r\n"
    b"--7a9cbec02ceef655--\r\n",
    method="MESSAGE", uri="sip:kumiko@example.org", cseq=1, cseq_method="MESSAGE", call_id="3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..",
    from_uri="sip:fluffy@example.com", from_tag="2fb0dcc9", to_uri="sip:kumiko@example.org", transport="UDP", host="127.0.0.1", port=5070,
    branch="z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-")

message("valid", "unreason", [
    "SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e \u0434\u0435\u0432\u044f\u043d\u043e\u0441\u0442\u043e "
    "\u0434\u0435\u0432\u044f\u0442\u044c - \u043f\u0440\u043e\u0441\u0442\u043e\u0435",
    "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923",
    "Call-ID: unreason.1234ksdfak3j2erwedfsASdf",
    "CSeq: 35 INVITE",
    "From: sip:user@example.com;tag=11141343",
    "To: sip:user@example.edu;tag=2229",
    "Content-Length: {length}",
    "Content-Type: application/sdp",
    "Contact: <sip:user@host198.example.com>"],
    sdp("192.0.2.198"),
    status=200, cseq=35, cseq_method="INVITE", call_id="unreason.1234ksdfak3j2erwedfsASdf", from_uri="sip:user@example.com",
    from_tag="11141343", to_uri="sip:user@example.edu", to_tag="2229", transport="UDP", host="192.0.2.198", port=5060,
    branch="z9hG4bK1324923")

message("valid", "noreason", [
    "SIP/2.0 100 ",
    "Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe",
    "Call-ID: noreason.asndj203insdf99223ndf",
    "CSeq: 35 INVITE",
    "From: <sip:user@example.com>;tag=39ansfi3",
    "To: <sip:user@example.edu>;tag=902jndnke3",
    "Content-Length: 0",
    "Contact: <sip:user@host105.example.com>"],
    status=100, cseq=35, cseq_method="INVITE", call_id="noreason.asndj203insdf99223ndf", from_uri="sip:user@example.com",
    from_tag="39ansfi3", to_uri="sip:user@example.edu", to_tag="902jndnke3", transport="UDP", host="192.0.2.105", port=5060,
    branch="z9hG4bK2398ndaoe")

# --- 3.1.2 Invalid messages

message("invalid", "badinv01", [
    "INVITE sip:user@example.com SIP/2.0",
    "To: sip:j.user@example.com",
    "From: sip:caller@example.net;tag=134161461246",
    "Max-Forwards: 7",
    "Call-ID: badinv01.0ha0isndaksdjasdf3234nas",
    "CSeq: 8 INVITE",
    "Via: SIP/2.0/UDP 192.0.2.15;;,;,,",
    'Contact: "Joe" <sip:joe@example.org>;;;;',
    "Content-Length: {length}",
    "Content-Type: application/sdp"],
    sdp("192.0.2.15"),
    method="INVITE", uri="sip:user@example.com", cseq=8, cseq_method="INVITE", call_id="badinv01.0ha0isndaksdjasdf3234nas",
    from_uri="sip:caller@example.net", from_tag="134161461246", to_uri="sip:j.user@example.com", transport="UDP", host="192.0.2.15",
    port=5060)

message("invalid", "clerr", [
    "INVITE sip:user@example.com SIP/2.0",
    "Max-Forwards: 80",
    "To: sip:j.user@example.com",
    "From: sip:caller@example.net;tag=93942939o2",
    "Contact: <sip:caller@hungry.example.net>",
    "Call-ID: clerr.0ha0isndaksdjweiafasdk3",
    "CSeq: 8 INVITE",
    "Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bK-39234-23523",
    "Content-Type: application/sdp",
    "Content-Length: 9999"],
    sdp("192.0.2.155"), cut=True,
    method="INVITE", uri="sip:user@example.com", cseq=8, cseq_method="INVITE", call_id="clerr.0ha0isndaksdjweiafasdk3",
    from_uri="sip:caller@example.net", from_tag="93942939o2", to_uri="sip:j.user@example.com", transport="UDP", host="host5.example.com",
    port=5060, branch="z9hG4bK-39234-23523")

message("invalid", "ncl", [
    "INVITE sip:user@example.com SIP/2.0",
    "Max-Forwards: 254",
    "To: sip:j.user@example.com",
    "From: sip:caller@example.net;tag=32394234",
    "Call-ID: ncl.0ha0isndaksdj2193423r542w35",
    "CSeq: 0 INVITE",
    "Via: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bKkdjuw",
    "Contact: <sip:caller@example53.example.net>",
    "Content-Type: application/sdp",
    "Content-Length: -999"],
    sdp("192.0.2.53"),
    method="INVITE", uri="sip:user@example.com", cseq=0, cseq_method="INVITE", call_id="ncl.0ha0isndaksdj2193423r542w35",
    from_uri="sip:caller@example.net", from_tag="32394234", to_uri="sip:j.user@example.com", transport="UDP", host="192.0.2.53",
    port=5060, branch="z9hG4bKkdjuw")

message("invalid", "scalar02", [
    "REGISTER sip:example.com SIP/2.0",
    "Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3",
    "To: <sip:user@example.com>",
    "From: <sip:user@example.com>;tag=239232jh3",
    "CSeq: 36893488147419103232 REGISTER",
    "Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32",
    "Max-Forwards: 300",
    "Expires: 1" + long("0", 100),
    "Contact: <sip:user@host129.example.com>",
    "  ;expires=280297596632815",
    "Content-Length: 0"],
    method="REGISTER", uri="sip:example.com", cseq=0, cseq_method="REGISTER", call_id="scalar02.23o0pd9vanlq3wnrlnewofjas9ui32",
    from_uri="sip:user@example.com", from_tag="239232jh3", to_uri="sip:user@example.com", transport="TCP", host="host129.example.com",
    port=5060, branch="z9hG4bK342sdfoi3")

message("invalid", "scalarlg", [
    "SIP/2.0 503 Service Unavailable",
    "Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129",
    "To: <sip:user@example.com>",
    "From: <sip:other@example.net>;tag=2easdjfejw",
    "CSeq: 9292394834772304023312 OPTIONS",
    "Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r",
    "Retry-After: 949302838503028349304023988",
    'Warning: 1812 overture "In Progress"',
    "Content-Length: 0"],
    status=503, cseq=0, cseq_method="OPTIONS", call_id="scalarlg.noase0of0234hn2qofoaf0232aewf2394r",
    from_uri="sip:other@example.net", from_tag="2easdjfejw", to_uri="sip:user@example.com", transport="TCP", host="host129.example.com",
    port=5060, branch="z9hG4bKzzxdiwo34sw")

message("invalid", "quotbal", [
    "INVITE sip:user@example.com SIP/2.0",
    'To: "Mr. J. User <sip:j.user@example.com>',
    "From: sip:caller@example.net;tag=93334",
    "Max-Forwards: 10",
    "Call-ID: quotbal.aksdj",
    "Contact: <sip:caller@host59.example.net>",
    "CSeq: 8 INVITE",
    "Via: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234",
    "Content-Type: application/sdp",
    "Content-Length: {length}"],
    sdp("192.0.2.15"),
    method="INVITE", uri="sip:user@example.com", cseq=8, cseq_method="INVITE", call_id="quotbal.aksdj",
    from_uri="sip:caller@example.net", from_tag="93334", to_uri='"Mr. J. User <sip:j.user@example.com>', transport="UDP",
    host="192.0.2.59", port=5050, branch="z9hG4bKkdjuw39234")

message("invalid", "ltgtruri", [
    "INVITE <sip:user@example.com> SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:caller@example.net;tag=39291",
    "Max-Forwards: 23",
    "Call-ID: ltgtruri.1@192.0.2.5",
    "CSeq: 1 INVITE",
    "Via: SIP/2.0/UDP 192.0.2.5",
    "Contact: <sip:caller@host5.example.net>",
    "Content-Type: application/sdp",
    "Content-Length: {length}"],
    sdp("192.0.2.5"),
    method="INVITE", uri="<sip:user@example.com>", cseq=1, cseq_method="INVITE", call_id="ltgtruri.1@192.0.2.5",
    from_uri="sip:caller@example.net", from_tag="39291", to_uri="sip:user@example.com", transport="UDP", host="192.0.2.5", port=5060)

message("invalid", "lwsruri", [
    "INVITE sip:user@example.com; lr SIP/2.0",
    "To: sip:user@example.com;tag=3xfe-9921883-z9f",
    "From: sip:caller@example.net;tag=231413434",
    "Max-Forwards: 5",
    "Call-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423",
    "CSeq: 2130706432 INVITE",
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKkdjuw2395",
    "Contact: <sip:caller@host1.example.net>",
    "Content-Type: application/sdp",
    "Content-Length: {length}"],
    sdp("192.0.2.1"),
    method="INVITE", uri="sip:user@example.com; lr", cseq=2130706432, cseq_method="INVITE",
    call_id="lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423", from_uri="sip:caller@example.net", from_tag="231413434",
    to_uri="sip:user@example.com", to_tag="3xfe-9921883-z9f", transport="UDP", host="192.0.2.1", port=5060, branch="z9hG4bKkdjuw2395")

message("invalid", "lwsstart", [
    "INVITE  sip:user@example.com  SIP/2.0",
    "Max-Forwards: 8",
    "To: sip:user@example.com",
    "From: sip:caller@example.net;tag=8814",
    "Call-ID: lwsstart.dfknq234oi243099adsdfnawe3@example.com",
    "CSeq: 1893884 INVITE",
    "Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw3923",
    "Contact: <sip:caller@host1.example.net>",
    "Content-Type: application/sdp",
    "Content-Length: {length}"],
    sdp("192.0.2.1"),
    method="INVITE", uri="sip:user@example.com", cseq=1893884, cseq_method="INVITE",
    call_id="lwsstart.dfknq234oi243099adsdfnawe3@example.com", from_uri="sip:caller@example.net", from_tag="8814",
    to_uri="sip:user@example.com", transport="UDP", host="host1.example.com", port=5060, branch="z9hG4bKkdjuw3923")

message("invalid", "trws", [
    "OPTIONS sip:remote-target@example.com SIP/2.0  ",
    "Via: SIP/2.0/TCP host1.examle.com;branch=z9hG4bK299342093",
    "To: <sip:remote-target@example.com>",
    "From: <sip:local-resource@example.com>;tag=329429089",
    "Call-ID: trws.oicu34958239neffasdhr2345r",
    "Accept: application/sdp",
    "CSeq: 238923 OPTIONS",
    "Max-Forwards: 70",
    "Content-Length: 0"],
    method="OPTIONS", uri="sip:remote-target@example.com", cseq=238923, cseq_method="OPTIONS", call_id="trws.oicu34958239neffasdhr2345r",
    from_uri="sip:local-resource@example.com", from_tag="329429089", to_uri="sip:remote-target@example.com", transport="TCP",
    host="host1.examle.com", port=5060, branch="z9hG4bK299342093")

message("invalid", "escruri", [
    "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:caller@example.net;tag=341518",
    "Max-Forwards: 7",
    "Contact: <sip:caller@host39923.example.net>",
    "Call-ID: escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5",
    "CSeq: 149209342 INVITE",
    "Via: SIP/2.0/UDP host-of-the-hour.example.com;branch=z9hG4bKkdjuw",
    "Content-Type: application/sdp",
    "Content-Length: {length}"],
    sdp("192.0.2.1"),
    method="INVITE", uri="sip:user@example.com?Route=%3Csip:example.com%3E", cseq=149209342, cseq_method="INVITE",
    call_id="escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5", from_uri="sip:caller@example.net", from_tag="341518",
    to_uri="sip:user@example.com", transport="UDP", host="host-of-the-hour.example.com", port=5060, branch="z9hG4bKkdjuw")

message("invalid", "baddate", [
    "INVITE sip:user@example.com SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:caller@example.net;tag=2234923",
    "Max-Forwards: 70",
    "Call-ID: baddate.239423mnsadf3j23lj42--sedfnm234",
    "CSeq: 1392934 INVITE",
    "Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw",
    "Date: Fri, 01 Jan 2010 16:00:00 EST",
    "Contact: <sip:caller@host5.example.net>",
    "Content-Type: application/sdp",
    "Content-Length: {length}"],
    sdp("192.0.2.5"),
    method="INVITE", uri="sip:user@example.com", cseq=1392934, cseq_method="INVITE", call_id="baddate.239423mnsadf3j23lj42--sedfnm234",
    from_uri="sip:caller@example.net", from_tag="2234923", to_uri="sip:user@example.com", transport="UDP", host="host.example.com",
    port=5060, branch="z9hG4bKkdjuw")

message("invalid", "regbadct", [
    "REGISTER sip:example.com SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:user@example.com;tag=998332",
    "Max-Forwards: 70",
    "Call-ID: regbadct.k345asrl3fdbv@10.0.0.1",
    "CSeq: 1 REGISTER",
    "Via: SIP/2.0/UDP 135.180.130.133:5060;branch=z9hG4bKkdjuw",
    "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E",
    "l: 0"],
    method="REGISTER", uri="sip:example.com", cseq=1, cseq_method="REGISTER", call_id="regbadct.k345asrl3fdbv@10.0.0.1",
    from_uri="sip:user@example.com", from_tag="998332", to_uri="sip:user@example.com", transport="UDP", host="135.180.130.133", port=5060,
    branch="z9hG4bKkdjuw")

message("invalid", "badaspec", [
    "OPTIONS sip:user@example.org SIP/2.0",
    "Via: SIP/2.0/UDP host4.example.com:5060;branch=z9hG4bKkdju43234",
    "Max-Forwards: 70",
    'From: "Bell, Alexander" <sip:a.g.bell@example.com>;tag=433423',
    'To: "Watson, Thomas" < sip:t.watson@example.org >',
    "Call-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3",
    "Accept: application/sdp",
    "CSeq: 3923239 OPTIONS",
    "l: 0"],
    method="OPTIONS", uri="sip:user@example.org", cseq=3923239, cseq_method="OPTIONS", call_id="badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3",
    from_uri="sip:a.g.bell@example.com", from_tag="433423", to_uri="sip:t.watson@example.org", transport="UDP", host="host4.example.com",
    port=5060, branch="z9hG4bKkdju43234")

message("invalid", "baddn", [
    "OPTIONS sip:t.watson@example.org SIP/2.0",
    "Via:     SIP/2.0/UDP c.example.com:5060;branch=z9hG4bKkdjuw",
    "Max-Forwards:      70",
    "From:    Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
    "To:      Watson, Thomas <sip:t.watson@example.org>",
    "Call-ID: baddn.31415@c.example.com",
    "Accept: application/sdp",
    "CSeq:    3923239 OPTIONS",
    "l: 0"],
    method="OPTIONS", uri="sip:t.watson@example.org", cseq=3923239, cseq_method="OPTIONS", call_id="baddn.31415@c.example.com",
    from_uri="sip:a.g.bell@example.com", from_tag="43", to_uri="sip:t.watson@example.org", transport="UDP", host="c.example.com", port=5060,
    branch="z9hG4bKkdjuw")

message("invalid", "badvers", [
    "OPTIONS sip:t.watson@example.org SIP/7.0",
    "Via:     SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw",
    "Max-Forwards:     70",
    "From:    A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe",
    "To:      T. Watson <sip:t.watson@example.org>",
    "Call-ID: badvers.31417@c.example.com",
    "CSeq:    1 OPTIONS",
    "l: 0"], refused=True)

message("invalid", "mismatch01", [
    "OPTIONS sip:user@example.com SIP/2.0",
    "To: sip:j.user@example.com",
    "From: sip:caller@example.net;tag=34525",
    "Max-Forwards: 6",
    "Call-ID: mismatch01.dj0234sxdfl3",
    "CSeq: 8 INVITE",
    "Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw",
    "l: 0"],
    method="OPTIONS", uri="sip:user@example.com", cseq=8, cseq_method="INVITE", call_id="mismatch01.dj0234sxdfl3",
    from_uri="sip:caller@example.net", from_tag="34525", to_uri="sip:j.user@example.com", transport="UDP", host="host.example.com",
    port=5060, branch="z9hG4bKkdjuw")

message("invalid", "mismatch02", [
    "NEWMETHOD sip:user@example.com SIP/2.0",
    "To: sip:j.user@example.com",
    "From: sip:caller@example.net;tag=34525",
    "Max-Forwards: 6",
    "Call-ID: mismatch02.dj0234sxdfl3",
    "CSeq: 8 INVITE",
    "Contact: <sip:caller@host.example.net>",
    "Via: SIP/2.0/UDP host.example.net;branch=z9hG4bKkdjuw",
    "Content-Type: application/sdp",
    "l: {length}"],
    sdp("192.0.2.1"),
    method="NEWMETHOD", uri="sip:user@example.com", cseq=8, cseq_method="INVITE", call_id="mismatch02.dj0234sxdfl3",
    from_uri="sip:caller@example.net", from_tag="34525", to_uri="sip:j.user@example.com", transport="UDP", host="host.example.net",
    port=5060, branch="z9hG4bKkdjuw")

message("invalid", "bigcode", [
    "SIP/2.0 4294967301 better not break the receiver",
    "Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe",
    "Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i",
    "CSeq: 353494 INVITE",
    "From: <sip:user@example.com>;tag=39ansfi3",
    "To: <sip:user@example.edu>;tag=902jndnke3",
    "Content-Length: 0",
    "Contact: <sip:user@host105.example.com>"], refused=True)

# --- 3.2 Transaction layer semantics

message("transaction", "badbranch", [
    "OPTIONS sip:user@example.com SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:caller@example.org;tag=33242",
    "Max-Forwards: 3",
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK",
    "Accept: application/sdp",
    "Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n",
    "CSeq: 8 OPTIONS",
    "l: 0"],
    method="OPTIONS", uri="sip:user@example.com", cseq=8, cseq_method="OPTIONS", call_id="badbranch.sadonfo23i420jv0as0derf3j3n",
    from_uri="sip:caller@example.org", from_tag="33242", to_uri="sip:user@example.com", transport="UDP", host="192.0.2.1", port=5060,
    branch="z9hG4bK")

# --- 3.3 Application-layer semantics

message("application", "insuf", [
    "INVITE sip:user@example.com SIP/2.0",
    "CSeq: 193942 INVITE",
    "Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf",
    "Content-Type: application/sdp",
    "l: {length}"],
    sdp("192.0.2.95"),
    method="INVITE", uri="sip:user@example.com", cseq=193942, cseq_method="INVITE", transport="UDP", host="192.0.2.95", port=5060,
    branch="z9hG4bKkdj.insuf")

message("application", "unkscm", [
    "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:caller@example.net;tag=384",
    "Max-Forwards: 3",
    "Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34",
    "CSeq: 3923423 OPTIONS",
    "Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234",
    "Content-Length: 0"],
    method="OPTIONS", uri="nobodyKnowsThisScheme:totallyopaquecontent", cseq=3923423, cseq_method="OPTIONS",
    call_id="unkscm.nasdfasser0q239nwsdfasdkl34", from_uri="sip:caller@example.net", from_tag="384", to_uri="sip:user@example.com",
    transport="TCP", host="host9.example.com", port=5060, branch="z9hG4bKkdjuw39234")

message("application", "novelsc", [
    "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:caller@example.net;tag=384",
    "Max-Forwards: 3",
    "Call-ID: novelsc.asdfasser0q239nwsdfasdkl34",
    "CSeq: 3923423 OPTIONS",
    "Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234",
    "Content-Length: 0"],
    method="OPTIONS", uri="soap.beep://192.0.2.103:3002", cseq=3923423, cseq_method="OPTIONS",
    call_id="novelsc.asdfasser0q239nwsdfasdkl34", from_uri="sip:caller@example.net", from_tag="384", to_uri="sip:user@example.com",
    transport="TCP", host="host9.example.com", port=5060, branch="z9hG4bKkdjuw39234")

message("application", "unksm2", [
    "REGISTER sip:example.com SIP/2.0",
    "To: isbn:2983792873",
    "From: <http://www.example.com>;tag=3234233",
    "Call-ID: unksm2.daksdj@hyphenated-host.example.com",
    "CSeq: 234902 REGISTER",
    "Max-Forwards: 70",
    "Via: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bKkdjuw",
    "Contact: <name:John_Smith>",
    "l: 0"],
    method="REGISTER", uri="sip:example.com", cseq=234902, cseq_method="REGISTER", call_id="unksm2.daksdj@hyphenated-host.example.com",
    from_uri="http://www.example.com", from_tag="3234233", to_uri="isbn:2983792873", transport="UDP", host="192.0.2.21", port=5060,
    branch="z9hG4bKkdjuw")

message("application", "bext01", [
    "OPTIONS sip:user@example.com SIP/2.0",
    "To: sip:j_user@example.com",
    "From: sip:caller@example.net;tag=242etr",
    "Max-Forwards: 6",
    "Call-ID: bext01.0ha0isndaksdj",
    "Require: nothingSupportsThis, nothingSupportsThisEither",
    "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis",
    "CSeq: 8 OPTIONS",
    "Via: SIP/2.0/TLS fold-and-staple.example.com;branch=z9hG4bKkdjuw",
    "Content-Length: 0"],
    method="OPTIONS", uri="sip:user@example.com", cseq=8, cseq_method="OPTIONS", call_id="bext01.0ha0isndaksdj",
    from_uri="sip:caller@example.net", from_tag="242etr", to_uri="sip:j_user@example.com", transport="TLS",
    host="fold-and-staple.example.com", port=5061, branch="z9hG4bKkdjuw")

message("application", "invut", [
    "INVITE sip:user@example.com SIP/2.0",
    "Contact: <sip:caller@host5.example.net>",
    "To: sip:j.user@example.com",
    "From: sip:caller@example.net;tag=8392034",
    "Max-Forwards: 70",
    "Call-ID: invut.0ha0isndaksdjadsfij34n23d",
    "CSeq: 235448 INVITE",
    "Via: SIP/2.0/UDP somehost.example.com;branch=z9hG4bKkdjuw",
    "Content-Type: application/unknownformat",
    "Content-Length: {length}"],
    '<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n',
    method="INVITE", uri="sip:user@example.com", cseq=235448, cseq_method="INVITE", call_id="invut.0ha0isndaksdjadsfij34n23d",
    from_uri="sip:caller@example.net", from_tag="8392034", to_uri="sip:j.user@example.com", transport="UDP", host="somehost.example.com",
    port=5060, branch="z9hG4bKkdjuw")

message("application", "regaut01", [
    "REGISTER sip:example.com SIP/2.0",
    "To: sip:j.user@example.com",
    "From: sip:j.user@example.com;tag=87321hj23128",
    "Max-Forwards: 8",
    "Call-ID: regaut01.0ha0isndaksdj",
    "CSeq: 9338 REGISTER",
    "Via: SIP/2.0/TCP 192.0.2.253;branch=z9hG4bKkdjuw",
    "Authorization: NoOneKnowsThisScheme opaque-data=here",
    "Content-Length:0"],
    method="REGISTER", uri="sip:example.com", cseq=9338, cseq_method="REGISTER", call_id="regaut01.0ha0isndaksdj",
    from_uri="sip:j.user@example.com", from_tag="87321hj23128", to_uri="sip:j.user@example.com", transport="TCP", host="192.0.2.253",
    port=5060, branch="z9hG4bKkdjuw")

message("application", "multi01", [
    "INVITE sip:user@company.com SIP/2.0",
    "Contact: <sip:caller@host25.example.net>",
    "Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw",
    "Max-Forwards: 70",
    "CSeq: 5 INVITE",
    "Call-ID: multi01.98asdh@192.0.2.1",
    "CSeq: 59 INVITE",
    "Call-ID: multi01.98asdh@192.0.2.2",
    "From: sip:caller@example.com;tag=3413415",
    "To: sip:user@example.com",
    "To: sip:other@example.net",
    "From: sip:caller@example.net;tag=2923420123",
    "Content-Type: application/sdp",
    "l: {length}",
    "Contact: <sip:caller@host36.example.net>",
    "Max-Forwards: 5"],
    sdp("192.0.2.25"),
    method="INVITE", uri="sip:user@company.com", cseq=5, cseq_method="INVITE", call_id="multi01.98asdh@192.0.2.1",
    from_uri="sip:caller@example.com", from_tag="3413415", to_uri="sip:user@example.com", transport="UDP", host="192.0.2.25", port=5060,
    branch="z9hG4bKkdjuw")

message("application", "mcl01", [
    "OPTIONS sip:user@example.com SIP/2.0",
    "Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK293423",
    "To: sip:user@example.com",
    "From: sip:other@example.net;tag=3923942",
    "Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf",
    "CSeq: 15932 OPTIONS",
    "Content-Length: 13",
    "Max-Forwards: 60",
    "Content-Length: 5",
    "Content-Type: text/plain"],
    "There's no way to know how many octets are supposed to be here.\r\n",
    method="OPTIONS", uri="sip:user@example.com", cseq=15932, cseq_method="OPTIONS", call_id="mcl01.fhn2323orihawfdoa3o4r52o3irsdf",
    from_uri="sip:other@example.net", from_tag="3923942", to_uri="sip:user@example.com", transport="UDP", host="host5.example.net",
    port=5060, branch="z9hG4bK293423")
TORTURE[-1].found["body"] = b"There's no wa"

message("application", "bcast", [
    "SIP/2.0 200 OK",
    "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923",
    "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23",
    "Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf",
    "CSeq: 35 INVITE",
    "From: sip:user@example.com;tag=11141343",
    "To: sip:user@example.edu;tag=2229",
    "Content-Length: {length}",
    "Content-Type: application/sdp",
    "Contact: <sip:user@host28.example.com>"],
    sdp("192.0.2.198"),
    status=200, cseq=35, cseq_method="INVITE", call_id="bcast.0384840201234ksdfak3j2erwedfsASdf", from_uri="sip:user@example.com",
    from_tag="11141343", to_uri="sip:user@example.edu", to_tag="2229", transport="UDP", host="192.0.2.198", port=5060,
    branch="z9hG4bK1324923")

message("application", "zeromf", [
    "OPTIONS sip:user@example.com SIP/2.0",
    "To: sip:user@example.com",
    "From: sip:caller@example.net;tag=3ghsd41",
    "Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas",
    "CSeq: 39234321 OPTIONS",
    "Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw2349i",
    "Max-Forwards: 0",
    "Content-Length: 0"],
    method="OPTIONS", uri="sip:user@example.com", cseq=39234321, cseq_method="OPTIONS", call_id="zeromf.jfasdlfnm2o2l43r5u0asdfas",
    from_uri="sip:caller@example.net", from_tag="3ghsd41", to_uri="sip:user@example.com", transport="UDP", host="host1.example.com",
    port=5060, branch="z9hG4bKkdjuw2349i")

for number, (name, cseq, tag, contact) in enumerate([
        ("cparam01", 2, "DkfVgjkrtMwaerKKpe", "sip:+19725552222@gw1.example.net;unknownparam"),
        ("cparam02", 3, "838293", "<sip:+19725552222@gw1.example.net;unknownparam>"),
        ("regescrt", 14398234, "8", "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>")]):
    message("application", name, [
        "REGISTER sip:example.com SIP/2.0",
        f"Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw{number}",
        "Max-Forwards: 70",
        f"From: sip:watson@example.com;tag={tag}",
        "To: sip:watson@example.com",
        f"Call-ID: {name}.70710@saturn.example.com",
        f"CSeq: {cseq} REGISTER",
        f"Contact: {contact}",
        "L:0"],
        method="REGISTER", uri="sip:example.com", cseq=cseq, cseq_method="REGISTER", call_id=f"{name}.70710@saturn.example.com",
        from_uri="sip:watson@example.com", from_tag=tag, to_uri="sip:watson@example.com", transport="UDP", host="saturn.example.com",
        port=5060, branch=f"z9hG4bKkdjuw{number}")

message("application", "sdp01", [
    "INVITE sip:user@example.com SIP/2.0",
    "To: sip:j_user@example.com",
    "Contact: <sip:caller@host15.example.net>",
    "From: sip:caller@example.net;tag=234",
    "Max-Forwards: 5",
    "Call-ID: sdp01.ndaksdj9342dasdd",
    "Accept: text/nobodyKnowsThis",
    "CSeq: 8 INVITE",
    "Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw",
    "Content-Length: {length}",
    "Content-Type: application/sdp"],
    sdp("192.0.2.5"),
    method="INVITE", uri="sip:user@example.com", cseq=8, cseq_method="INVITE", call_id="sdp01.ndaksdj9342dasdd",
    from_uri="sip:caller@example.net", from_tag="234", to_uri="sip:j_user@example.com", transport="UDP", host="192.0.2.15", port=5060,
    branch="z9hG4bKkdjuw")

# --- 3.4 Backward compatibility

message("old", "inv2543", [
    "INVITE sip:UserB@example.com SIP/2.0",
    "Via: SIP/2.0/UDP iftgw.example.com",
    "From: <sip:+13035551111@ift.client.example.net;user=phone>",
    "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>",
    "To: sip:+16505552222@ss1.example.net;user=phone",
    "Call-ID: inv2543.1717@ift.client.example.com",
    "CSeq: 56 INVITE",
    "Content-Type: application/sdp"],
    sdp("192.0.2.5"),
    method="INVITE", uri="sip:UserB@example.com", cseq=56, cseq_method="INVITE", call_id="inv2543.1717@ift.client.example.com",
    from_uri="sip:+13035551111@ift.client.example.net;user=phone", to_uri="sip:+16505552222@ss1.example.net", transport="UDP",
    host="iftgw.example.com", port=5060)


# --- as a C table

def c_slice(value):
    if value is None:
        return "{NULL, 0}"
    text = octets(value)
    return '{"%s", %d}' % ("".join(chr(b) if 0x20 <= b < 0x7f and b not in b'"\\?' else f"\\{b:03o}" for b in text), len(text))


def c_row(torture):
    cells = [f'.name = "{torture.name}"', f'.kind = "{torture.kind}"', f".octets = {c_slice(torture.octets)}"]
    for name in FOUND:
        value = torture.found.get(name)
        if isinstance(value, (int, bool)):
            cells.append(f".{name} = {int(value)}")
        elif name not in ("status", "cseq", "port", "cut", "refused"):
            cells.append(f".{name} = {c_slice(value)}")
    return "    {" + ", ".join(cells) + "},\n"


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="ascii") as table:
        table.writelines(map(c_row, TORTURE))
