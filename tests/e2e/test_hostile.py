"""Messages that no honest stack sends: they are shown or left alone, and honest neighbours are explained all the same.

Each capture is made here. An honest registration (REGISTER, 401, REGISTER with a right digest, 200) comes first, another one
last, and one goes on around each hostile story: the story stands between its 401 and its retry, on the same hop.
"""
import collections
import hashlib
import json
import random
import re
import struct
import subprocess
import sys

import pytest

from packets import MILLISECOND, SIMPLE, Pcapng, Trace, block
from sharkd import Sharkd
from wireshark import ROOT, Capture, captures

sys.path.append(str(ROOT / "tests/unit"))

from torture import TORTURE         # noqa: E402

CLIENT, SERVER = ("192.0.2.10", 5060), ("192.0.2.20", 5060)
USER, REALM, PASSWORD = "trunk", "pbx.example.com", "brass-Kettle-9"
ROWS = ((USER, REALM, "password", PASSWORD), ("*", "*", "password", "not-this-one"))
MANY = 10_000       # challenges or credentials in one message
TIMEOUT = 240
NAMES = ["siptrail.request_in", "siptrail.challenge_in", "siptrail.digest.status", "siptrail.outcome", "siptrail.response_in",
         "siptrail.retry_in", "siptrail.outcome_in"]

# Messages one after another; those that begin with SIP/2.0 are the server's.
Story = collections.namedtuple("Story", "name messages transport", defaults=["udp"])


# --- writing SIP

def octets(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


def sip(start, body="", **changes):
    """A message; a header is left out by None and repeated by a list. Underscores in names are hyphens."""
    method = start.split(" ")[0]
    headers = {"Via": "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKhostile", "From": "<sip:eve@example.com>;tag=from",
               "To": "<sip:eve@example.com>", "Call_ID": "hostile@192.0.2.10", "CSeq": f"7 {method}",
               "Content_Length": str(len(octets(body)))}
    headers.update(changes)
    lines = [octets(start)]
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            lines += [octets(name.replace("_", "-")) + b": " + octets(one)] if one is not None else []
    return b"\r\n".join(lines) + b"\r\n\r\n" + octets(body)


def register(**changes):
    return sip("REGISTER sip:example.com SIP/2.0", **changes)


def response(status, **changes):
    return sip(f"SIP/2.0 {status}", **{"CSeq": "7 REGISTER", **changes})


def challenge(realm=REALM, nonce="hostile", more=""):
    return b'Digest realm="' + octets(realm) + b'", nonce="' + octets(nonce) + b'", algorithm=MD5, qop="auth"' + octets(more)


def credentials(user="eve", realm=REALM, nonce="hostile", nc="00000001", more=""):
    return b'Digest username="' + octets(user) + b'", realm="' + octets(realm) + b'", nonce="' + octets(nonce) + \
        b'", uri="sip:example.com", response="' + b"0" * 32 + b'", qop=auth, cnonce="c", nc=' + octets(nc) + octets(more)


def refused(call, asked, sent):
    """A whole exchange: asked for credentials, sent them, and was asked again."""
    first, second = ({"Call_ID": call, "Via": f"SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK{call}-{n}",
                      "CSeq": f"{n} REGISTER"} for n in (1, 2))
    return [register(**first), response("401 Unauthorized", WWW_Authenticate=asked, **first),
            register(Authorization=sent, **second), response("401 Unauthorized", WWW_Authenticate=asked, **second)]


# --- an honest neighbour

def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class Registration:
    """Four messages with all that belongs to them."""

    def __init__(self, trace, number):
        self.trace, self.number, self.frames = trace, number, []

    def _headers(self, cseq):
        return {"Via": f"SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKhonest-{self.number}-{cseq}",
                "From": f"<sip:{USER}@{REALM}>;tag=f{self.number}", "To": f"<sip:{USER}@{REALM}>",
                "Call_ID": f"honest-{self.number}@192.0.2.10", "CSeq": f"{cseq} REGISTER"}

    def _authorization(self):
        nonce = f"honest-{self.number}"
        digest = md5(md5(USER, REALM, PASSWORD), nonce, "00000001", "c0ffee", "auth", md5("REGISTER", f"sip:{REALM}"))
        return f'Digest username="{USER}", realm="{REALM}", nonce="{nonce}", uri="sip:{REALM}", response="{digest}", ' \
               f'algorithm=MD5, qop=auth, nc=00000001, cnonce="c0ffee"'

    def begin(self):
        self._send(sip(f"REGISTER sip:{REALM} SIP/2.0", **self._headers(1)))
        self._send(response("401 Unauthorized", WWW_Authenticate=challenge(nonce=f"honest-{self.number}"), **self._headers(1)))
        return self

    def finish(self):
        self._send(sip(f"REGISTER sip:{REALM} SIP/2.0", Authorization=self._authorization(), **self._headers(2)))
        self._send(response("200 OK", **self._headers(2)))
        return self

    def _send(self, message):
        self.frames.append(send(self.trace, message))

    def expected(self, forward):
        first, asked, retry, closed = self.frames
        cells = {asked: {"siptrail.request_in": [asked and first]},
                 retry: {"siptrail.challenge_in": [asked], "siptrail.digest.status": ["good"]},
                 closed: {"siptrail.request_in": [retry], "siptrail.outcome": ["accepted"]}}
        if forward:
            cells[first] = {"siptrail.response_in": [asked]}
            cells[asked] |= {"siptrail.retry_in": [retry], "siptrail.outcome_in": [closed], "siptrail.outcome": ["accepted"]}
            cells[retry] |= {"siptrail.response_in": [closed], "siptrail.outcome_in": [closed]}
        return {frame: {name: list(map(str, values)) for name, values in found.items()} for frame, found in cells.items()}


def send(trace, message, transport="udp", port=5060):
    client = CLIENT[0], port
    from_server = message.startswith(b"SIP/")
    return getattr(trace, transport)(*((SERVER, client) if from_server else (client, SERVER)), message)


# --- the hostile stories

def lacking():
    names = ["Via", "From", "To", "Call_ID", "CSeq"]
    for name in names:
        for label, value in (("no", None), ("empty", ""), ("blank", " \t "), ("comma", ","), ("colon", ":"), ("semicolon", ";;;=")):
            asked, sent = {"WWW_Authenticate": challenge()}, {"Authorization": credentials()}
            yield Story(f"{label} {name}", [register(**{name: value}), response("401 No", **{name: value} | asked),
                                            register(**{name: value} | sent), response("200 OK", **{name: value})])
    yield Story("nothing", [sip("REGISTER sip:a SIP/2.0", **dict.fromkeys(names + ["Content_Length"])),
                            sip("SIP/2.0 401 No", **dict.fromkeys(names + ["Content_Length"]), WWW_Authenticate=challenge())])
    nul = {name: b"a\0b<sip:\0@\0>;tag=\0;branch=\0" for name in [*names, "Event", "Contact", "Expires", "SIP_ETag",
                                                                  "Content_Length"]}
    yield Story("NUL in every header", [register(**nul), response("401 \0", **nul, WWW_Authenticate=challenge("\0", "\0")),
                                        register(**nul, Authorization=credentials("\0", "\0", "\0", "\0"))])
    yield Story("204 without everything", [sip("SIP/2.0 204 No Notification", **dict.fromkeys(names + ["Content_Length"])),
                                           b"SIP/2.0 204 \r\n\r\n",
                                           response("204 No Notification", CSeq="7 SUBSCRIBE"), response("204", CSeq=None)])


def numbers():
    for nc in ("zz", "1" * 40, "", "-1", "0", "00000000", "ffffffff", '"00000001"', "0x1", "%n"):
        yield Story(f"nc={nc}", refused(f"nc-{md5(nc)}", challenge(nonce=f"nc {nc}"), credentials(nonce=f"nc {nc}", nc=nc)))
    for number in ("4294967295", "4294967296", "-1", "seven", "00000000000000000000007", "7.5", "9" * 400, "7 7", "0"):
        for method in ("REGISTER", "SUBSCRIBE"):
            call = {"CSeq": f"{number} {method}", "Call_ID": f"cseq {number}"}
            yield Story(f"CSeq {number} {method}", [register(**call), response("401 No", WWW_Authenticate=challenge(), **call),
                                                    register(Authorization=credentials(), **call), response("204 Ok", **call)])
    for length in ("-1", "99999999999999999999", "4294967296", "65536", "ten", "", None, "1 0", "+0", "0x10"):
        for transport in ("udp", "tcp"):
            yield Story(f"Content-Length {length}, {transport}",
                        [register(Content_Length=length), response("401 No", Content_Length=length)], transport)
    for expires in ("-1", "4294967296", "forever", ""):
        yield Story(f"Expires {expires}", [sip("SUBSCRIBE sip:a SIP/2.0", Expires=expires, Event="presence", Suppress_If_Match="*"),
                                           response("204 No Notification", CSeq="7 SUBSCRIBE", Expires=expires),
                                           response("423 Brief", Min_Expires=expires)])


def start_lines():
    lines = ["SIP/2.0 99 Low", "SIP/2.0 1000 High", "SIP/2.0 401", "SIP/2.0 401 ", "SIP/2.0 4O1 Letter", "SIP/2.0  401 Two",
             "SIP/2.0 -401 Minus",
             "SIP/2.0 700 Beyond", "SIP/2.0 0401 Octal", "sip/2.0 401 Small", "SIP/2.0\t401\tTabs", "SIP/3.0 401 Later", "SIP/2.0",
             "SIP/2.0 ",
             "SIP/2.0 401 " + "r" * 3000, "SIP/2.0 401 %s%n%x", "SIP/2.0 401 {realm}",
             "REGISTER", "REGISTER ", "REGISTER  SIP/2.0", "REGISTER sip:a SIP/2.0 SIP/2.0", "REGISTER sip:a  b SIP/2.0",
             " REGISTER sip:a SIP/2.0",
             "M" * 5000 + " sip:a SIP/2.0", "%s%n sip:%s SIP/2.0", "{realm} sip:{a} SIP/2.0", "REGISTER " + "u" * 5000 + " SIP/2.0"]
    for number, line in enumerate(lines):
        call = {"Call_ID": f"line-{number}", "CSeq": "1 " + line.split(" ")[0] if not line.startswith("SIP") else "1 REGISTER"}
        yield Story(f"start line {line[:40]!r}", [sip(line, WWW_Authenticate=challenge(), Authorization=credentials(), **call)])
    yield Story("method not UTF-8", [b"REG\xff\xfe sip:\xc3\x28 SIP/2.0\r\nCSeq: 1 REG\xff\xfe\r\n\r\n",
                                     register(CSeq=b"1 \xff\xfe")])
    yield Story("no end", [register()[:-2], register()[:-4], register().replace(b"\r\n", b"\n"), register().replace(b"\r\n", b"\r"),
                           b"REGISTER", b"SIP/2.0"])
    yield Story("nothing at all", [b"\r\n\r\n", b"\0\0\0\0", b"\r\n" * 3 + register(), b""])


# What user and realm may hold; each must be shown as it is.
PLAIN = ["{realm}", "{a}", "{user}", "{", "}", "{}", "%s%n", "%", "%d{account}%s", "a b", "\u00fc\u00df\u20ac", "*", "'; --",
         "<b>&amp;", "$(id)", "=,;"]
BINARY = [b"\xff\xfe\xfd", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x01\x02\x1b[31m", b"a\tb", b"\xed\xa0\x80", b"u" * 3000, b""]


def values():
    for number, text in enumerate([*PLAIN, *BINARY]):
        yield Story(f"user and realm {text!r:.40}", refused(f"value-{number}", challenge(text, f"value {number}"),
                                                            credentials(text, text, f"value {number}")))
    broken = ['Digest username="eve, realm="x', "Digest", "Digest ", 'Digest realm=', 'Digest realm="', 'Digest realm="\\',
              "Digest ,,,,", "Digest =",
              '"Digest" realm="x"', "Digest realm", 'Digest nonce="n" nonce="m"', 'Digest realm="a"realm="b"', "Basic Zm9v", "",
              ",", "Digest\trealm=x",
              "Digest username*=UTF-8''%", "Digest username*=UTF-8''%ff%zz%", "Digest username*=x", "Digest auts=====",
              'Digest nonce="' + "A" * 60 + '"',
              'Digest realm="x", nonce="' + "\\" * 501 + '"', 'Digest algorithm=AKAv1-MD5, nonce="AAAA", auts="AA"',
              "Digest algorithm=" + "x" * 999]
    for number, line in enumerate(broken):
        yield Story(f"broken {line[:40]!r}", refused(f"broken-{number}", line,
                                                     line) + [response("200 OK", Authentication_Info=line, Authorization=line)])


def roles():
    yield Story("credentials in a response", [register(), response("401 No", Authorization=credentials(),
                                                                   Proxy_Authorization=credentials())])
    yield Story("challenge in a request", [register(WWW_Authenticate=challenge(), Proxy_Authenticate=challenge()),
                                           register(Authorization=credentials(), CSeq="8 REGISTER")])
    yield Story("stolen nonce", [register(Authorization=credentials(USER, nonce=f"honest-{n}")) for n in range(2)] * 5)
    for number, info in enumerate(['nextnonce', 'nextnonce=""', "rspauth=", 'rspauth="zz", nc=zz, cnonce', ",", '"', "=" * 2000,
                                   'nextnonce="' + "n" * 5000 + '"']):
        call = {"Call_ID": f"info-{number}"}
        yield Story(f"Authentication-Info {info[:30]!r}", refused(call["Call_ID"], challenge(), credentials())[:3]
                    + [response("200 OK", Authentication_Info=info, Proxy_Authentication_Info=info, **call | {
                        "CSeq": "2 REGISTER", "Via": f"SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKinfo-{number}-2"})])
    yield Story("401 to ACK and CANCEL", [sip(f"{m} sip:a SIP/2.0", Authorization=credentials()) for m in ("ACK", "CANCEL")]
                + [response("401 No", CSeq=f"7 {m}", WWW_Authenticate=challenge()) for m in ("ACK", "CANCEL")])
    yield Story("message in a message", [sip("MESSAGE sip:a SIP/2.0", register(Authorization=credentials()),
                                             Content_Type="message/sip")])


def sizes():
    long = "x" * 65536
    yield Story("header of 64 KiB", [register(Subject=long), register(Call_ID=long, From=f"<sip:{long}>;tag={long}",
                                                                      To=f"<sip:{long}>")], "tcp")
    yield Story("credentials of 64 KiB", refused("long", challenge(nonce=long), credentials(long, nonce=long)), "tcp")
    many = [challenge(f"realm {n}", f"nonce {n}") for n in range(MANY)]
    yield Story("10,000 challenges", [register(Call_ID="many"), response("401 No", Call_ID="many", WWW_Authenticate=many)], "tcp")
    joined = b", ".join(many)
    yield Story("10,000 challenges in one line", [register(Call_ID="joined"),
                                                  response("407 No", Call_ID="joined", Proxy_Authenticate=joined)], "tcp")
    yield Story("10,000 credentials", [register(Call_ID="many",
                                                Authorization=[credentials(realm=f"realm {n}",
                                                                           nonce=f"nonce {n}") for n in range(MANY)])], "tcp")
    yield Story("10,000 parameters", refused("parameters", challenge(more=", x=y" * 10000),
                                             credentials(more=', realm="z"' * 10000)), "tcp")
    fold = b"\r\n " * 5000
    yield Story("5,000 folds", refused("folds", challenge(more=fold),
                                       credentials(more=fold)) + [register(Via="SIP/2.0/UDP 192.0.2.10" + "\r\n\t" * 5000 + ";branch=z9hG4bK")], "tcp")
    yield Story("5,000 Via parameters", [register(Via="SIP/2.0/UDP 192.0.2.10" + "".join(f";p{n}=v" for n in range(5000)) + ";branch=z9hG4bKlast")], "tcp")
    yield Story("5,000 Via headers", [register(Via=[f"SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK{n}" for n in range(5000)])], "tcp")
    tag = "e" * 61440
    event = {"Event": "presence", "Call_ID": "etag"}
    yield Story("entity-tags of 60 KiB", [sip("SUBSCRIBE sip:a SIP/2.0", Suppress_If_Match=tag, **event),
                                          response("204 No", CSeq="7 SUBSCRIBE", SIP_ETag=tag, **event),
                                          sip("NOTIFY sip:a SIP/2.0", SIP_ETag=tag, Subscription_State="active", **event)], "tcp")
    yield Story("100 messages in one segment", [b"".join(register(CSeq=f"{n} REGISTER", Call_ID="pipe",
                                                                  Authorization=credentials(nonce="pipe")) for n in range(100)),
                                                b"".join(response("401 No", CSeq=f"{n} REGISTER", Call_ID="pipe",
                                                                  WWW_Authenticate=challenge(nonce="pipe")) for n in range(100))],
                                                                  "tcp")


def floods():
    same = {"Call_ID": "flood", "Via": "SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKflood", "Authorization": credentials(nonce="flood")}
    yield Story("one nonce", [response("401 No", WWW_Authenticate=challenge(nonce="flood"), Call_ID="flood")]
                + [register(**same | {"CSeq": f"{n} REGISTER"}) for n in range(2000)])
    yield Story("same again", [register(**same)] * 500 + [response("401 No", WWW_Authenticate=challenge(nonce="flood"),
                                                                   Call_ID="flood")] * 500)
    yield Story("other user each time", [register(**same | {"Authorization": credentials(f"user {n}",
                                                                                         nonce="flood")}) for n in range(500)])
    yield Story("ACK and CANCEL", [sip("INVITE sip:a SIP/2.0", Call_ID="acks")]
                + [sip(f"{m} sip:a SIP/2.0", Call_ID="acks", CSeq=f"{7 + n % 2} {m}") for n in range(500) for m in ("ACK", "CANCEL")])
    yield Story("forks", [response("407 No", CSeq="7 INVITE", Call_ID="acks", To=f"<sip:a>;tag={n}",
                                   Proxy_Authenticate=challenge(nonce=f"fork {n}")) for n in range(500)])


def torture():
    """The messages of RFC 4475."""
    for message in TORTURE:
        yield Story(message.name, [message.octets])
    yield Story("all at once", [message.octets for message in TORTURE] * 2)


GROUPS = {make.__name__: make for make in (lacking, numbers, start_lines, values, roles, sizes, floods, torture)}


# --- clocks

def backward(trace, number):
    trace.step = -MILLISECOND


def jumping(trace, number):
    trace.clock += (-1) ** number * 3_600_000 * MILLISECOND


def standing(trace, number):
    trace.step = 0


def no_clock(trace, number):
    trace.clock = None


def extremes(trace, number):
    """The first and the last moment that pcapng can tell in nanoseconds, and those around 2**63."""
    trace.clock = (0, (1 << 64) - (1 << 30), (1 << 63) - (1 << 20), 1 << 63, (1 << 64) - (1 << 40))[number % 5]


CLOCKS = {tick.__name__: tick for tick in (backward, jumping, standing, no_clock, extremes)}


# --- captures

Made = collections.namedtuple("Made", "capture honest stories")      # stories: {first frame: name}


def add_capture(wireshark, name, trace, honest, stories):
    capture = Capture(f"hostile-{name}", f"hostile-{name}.pcapng", (), ROWS, "")
    trace.write(wireshark.path(capture))
    return Made(capture, honest, stories)


def build(wireshark, name, stories, tick=None):
    trace, honest, names = Trace(), [], {}
    for number, story in enumerate([Story("none", []), *stories, Story("none", [])]):
        if tick:
            tick(trace, number)
        honest.append(Registration(trace, number).begin())
        names[trace.frames + 1] = story.name
        for message in story.messages:
            send(trace, message, story.transport, 5060 if story.transport == "udp" else 20000 + number)
        honest[-1].finish()
    return add_capture(wireshark, name, trace, honest, names)


@pytest.fixture(scope="module")
def make(wireshark):
    cache = {}

    def of(name):
        if name not in cache:
            tick = CLOCKS.get(name)
            cache[name] = build(wireshark, name, [Story("a bit",
                                                        refused("bit", challenge(),
                                                                credentials()))] * 5 if tick else list(GROUPS[name]()), tick)
        return cache[name]
    return of


every = pytest.mark.parametrize("name", [*GROUPS, *CLOCKS])
ways = pytest.mark.parametrize("two_pass", [False, True], ids=["one-pass", "two-passes"])


# --- what is asked of all of them

def story_of(made, frame):
    return made.stories[max((f for f in made.stories if f <= frame), default=min(made.stories))]


def complaints(text):
    return re.findall(r"Dissector bug.*|Malformed Packet: SIP Trail.*|exception occurred.*", text)


def honest_differences(made, forward, found):
    for registration in made.honest:
        for frame, cells in registration.expected(forward).items():
            for name, values in cells.items():
                shown = found.get(frame, {}).get(name, [])
                if sorted(set(shown)) != values:
                    yield f"frame {frame}, around {story_of(made, frame)!r}: {name} is {shown}, should be {values}"


def assert_none(lines):
    lines = list(lines)
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines[:30])


@every
@ways
def test_details_can_be_shown(name, two_pass, make, wireshark):
    """tshark ends well, and neither it nor GLib has a complaint."""
    made = make(name)
    command = ["tshark", "-n", "-r", wireshark.path(made.capture), *wireshark.options(made.capture), *["-2"] * two_pass, "-V"]
    result = subprocess.run(wireshark.command(command), cwd=wireshark.folder, capture_output=True, timeout=TIMEOUT)
    assert (result.returncode, result.stderr.decode(errors="replace")) == (0, "")
    assert not complaints(result.stdout.decode("utf-8", "replace"))


@every
@ways
def test_honest_neighbours_are_explained(name, two_pass, make, wireshark):
    made = make(name)
    assert_none(honest_differences(made, two_pass, wireshark.fields(made.capture, *NAMES, two_pass=two_pass)))


@every
def test_any_order(name, make, wireshark):
    """All frames, in an order of chance: none is a bug, and honest neighbours are explained."""
    made, found = make(name), {}
    with Sharkd(wireshark, made.capture) as client:
        frames = list(range(1, client.frames + 1))
        random.Random(name).shuffle(frames)
        wanted = {frame for registration in made.honest for frame in registration.frames}
        for frame in [f for f in frames if f in wanted] + [f for f in frames if f not in wanted][:400]:
            tree = client.call("frame", frame=frame, proto=True).get("tree", [])
            assert not complaints(json.dumps(tree)), f"frame {frame}, {story_of(made, frame)!r}"
            if frame in wanted:
                found[frame] = client.fields(frame, *NAMES)
    assert_none(honest_differences(made, True, found))


@pytest.mark.parametrize("name", GROUPS)
def test_tables_can_be_printed(name, make, wireshark):
    """Each honest registration has its row."""
    made = make(name)
    rows = [line.split()[:3] for line in wireshark.tables(made.capture, "siptrail,exchanges") if line.strip()]
    assert_none(f"no row {frames}" for frames in ([str(f) for f in r.frames[1:]] for r in made.honest) if frames not in rows)


@pytest.mark.parametrize("two_pass", [[], ["-2"]], ids=["one-pass", "two-passes"])
def test_a_packet_without_a_time(two_pass, wireshark):
    """It does not set the clock to 1970, where nobody has waited yet."""
    whole = next(c for c in captures() if c.name == "never-answers")
    pieces, octets = Pcapng(wireshark.path(whole)), bytes(60)
    capture = whole._replace(name="no-time", file="no-time.pcapng")
    pieces.write(wireshark.path(capture), [*pieces.packets, block(SIMPLE, struct.pack("<I", len(octets)) + octets)])
    outcomes, expected = (wireshark.fields(c, "siptrail.outcome", extra=two_pass) for c in (capture, whole))
    tables = (wireshark.tables(c, "siptrail,exchanges") for c in (capture, whole))
    assert "no-retry" in str(expected) or not two_pass
    assert outcomes == expected | {len(pieces.packets) + 1: {}} and next(tables) == next(tables)


def test_user_and_realm_are_shown_as_they_are(wireshark):
    """Whatever they hold is no placeholder and no format of the sentences that name them."""
    trace, frames = Trace(), {}
    for number, text in enumerate(PLAIN):
        for message in refused(f"plain-{number}", challenge(text, f"plain {number}"), credentials(text, text, f"plain {number}")):
            frames[send(trace, message)] = text
    made = add_capture(wireshark, "plain", trace, [], {1: "plain"})
    found = wireshark.fields(made.capture, "siptrail.credentials.username", "siptrail.credentials.realm", "siptrail.account",
                             two_pass=True)
    for frame, text in frames.items():
        if frame % 4 == 3:
            assert list(found[frame].values()) == [[text], [text], [f"{text}@{text}"]], f"frame {frame}"
    details = re.split(r"^(?=Frame \d+:)", wireshark.tshark(made.capture, "-2", "-O", "siptrail"), flags=re.M)[1:]
    missing = [f"frame {frame}: {text!r} is not in its sentences" for frame, text in frames.items()
               if frame % 4 == 0 and f"{text}@{text}" not in re.search(r"^\[SIP Trail: .*", details[frame - 1], re.M).group()]
    assert_none(missing)
