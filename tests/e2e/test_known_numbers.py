"""Recordings made here, of which every number is known beforehand: what the tables must say, line by line."""
import struct

import pytest

from packets import Trace, ipv4
from sipregister import registration_rows
from siptruth import analyse, read_messages
from test_registrations import account_differences, agrees, by_key, rows_of
from wireshark import Capture

SECOND = 1_000_000_000
REGISTRAR = ("198.51.100.10", 5060)
ACCOUNTS, REGISTRATIONS = ("Account", "Address-of-record", "Peer"), ("Address-of-record", "Contact", "Registrar")


class Phone:
    """Registers `user`@pbx.example.com, and signs as `signer`."""

    def __init__(self, trace, user, address, signer=None, registrar=REGISTRAR, transport="UDP", port=5060):
        self.trace, self.user, self.signer, self.transport = trace, user, signer or user, transport
        self.here, self.there = (address, port), registrar
        self.sequence = 0
        self.call = f"{user}-{signer}-{registrar[1]}@{address}"

    def message(self, start, *more):
        branch = f"z9hG4bK{self.call}-{self.sequence}"
        return "\r\n".join([start, f"Via: SIP/2.0/{self.transport} {self.here[0]}:{self.here[1]};branch={branch}",
                            f"From: <sip:{self.user}@pbx.example.com>;tag=1", f"To: <sip:{self.user}@pbx.example.com>",
                            f"Call-ID: {self.call}", f"CSeq: {self.sequence} REGISTER", *more, "Content-Length: 0", "", ""]).encode()

    def send(self, source, target, data):
        (self.trace.tcp if self.transport == "TCP" else self.trace.udp)(source, target, data)

    def ask(self, *more, expires=600):
        contact = f"Contact: <sip:{self.user}@{self.here[0]}:{self.here[1]}>;expires={expires}"
        self.send(self.here, self.there, self.message("REGISTER sip:pbx.example.com SIP/2.0", contact, *more))

    def answer(self, status, *more):
        self.send(self.there, self.here, self.message(f"SIP/2.0 {status}", *more))

    def challenge(self, nonce):
        self.answer("401 Unauthorized", f'WWW-Authenticate: Digest realm="pbx.example.com", nonce="{nonce}", algorithm=MD5')

    def register(self, status="200 OK", expires=600):
        """A whole registration, or a refused one; `None`: the challenge is not answered."""
        self.sequence += 1
        nonce = f"n{self.call}{self.sequence}"
        self.ask(expires=expires)
        self.challenge(nonce)
        if status is None:
            return
        self.sequence += 1
        self.ask(f'Authorization: Digest username="{self.signer}", realm="pbx.example.com", nonce="{nonce}", '
                 f'uri="sip:pbx.example.com", response="{"0" * 32}", algorithm=MD5', expires=expires)
        if status.startswith("401"):
            self.challenge(nonce + "again")
        else:
            self.answer(status, f"Contact: <sip:{self.user}@{self.here[0]}:{self.here[1]}>;expires={expires}")


def unreachable(phone, code=3):
    """What the registrar's host says to the REGISTER before: ICMP quotes it."""
    quoted = phone.message("REGISTER sip:pbx.example.com SIP/2.0")
    datagram = struct.pack(">HHHH", phone.here[1], phone.there[1], 8 + len(quoted), 0) + quoted
    error = struct.pack(">BBHI", 3, code, 0, 0) + ipv4(17, phone.here[0], phone.there[0], datagram)
    phone.trace._packet(1, phone.there, phone.here, error)


def wait(trace, seconds):
    trace.clock += int(seconds * SECOND)


def go_on(trace, seconds=100):
    """The capture lasts longer than anybody waits."""
    wait(trace, seconds)
    trace.udp(("203.0.113.1", 9), ("203.0.113.2", 9), b"later")


@pytest.fixture
def tables(wireshark):
    def run(trace, name):
        """[rows of accounts, rows of registrations], which an independent reading of the capture confirms."""
        capture = Capture(name, f"{name}.pcapng", (), (), "")
        path = wireshark.path(capture)
        trace.write(path)
        truth = analyse(*read_messages(path, (), wireshark.run_without_plugin), [])
        accounts, registrations = (rows_of(wireshark.tables(capture, f"siptrail,{t}")) for t in ("accounts", "registrations"))
        assert not list(account_differences(by_key(accounts, *ACCOUNTS), truth))
        shown, right = by_key(registrations, *REGISTRATIONS), by_key(registration_rows(truth), *REGISTRATIONS)
        assert {(key, title): shown[key][title] for key, row in right.items() for title, cell in row.items()
                if not agrees(shown[key][title], cell)} == {} and set(shown) == set(right)
        path.unlink()
        return accounts, registrations
    return run


def cells(rows, *titles):
    return [" ".join(row[t] for t in titles) for row in rows]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_devices_of_which_one_fails(order, tables):
    """Whoever came last: the account is in trouble."""
    trace = Trace()
    phones = Phone(trace, "100", "192.0.2.20"), Phone(trace, "100", "192.0.2.21")
    for n in order:
        phones[n].register(("200 OK", "403 Forbidden")[n])
    accounts, registrations = tables(trace, "two-devices-made")
    assert cells(accounts, "Account", "Clients", "Failing", "Challenges", "Accepted", "Forbidden", "Last outcome", "Last cause") == [
        "100@pbx.example.com 2 1 2 1 1 forbidden forbidden"]
    assert cells(registrations, "Contact", "State") == ["sip:100@192.0.2.21:5060 refused", "sip:100@192.0.2.20:5060 registered"]


def test_a_device_that_recovers(tables):
    trace = Trace()
    good, bad = Phone(trace, "100", "192.0.2.20"), Phone(trace, "100", "192.0.2.21")
    good.register()
    bad.register("403 Forbidden")
    bad.register()
    row, = tables(trace, "recovers")[0]
    assert cells([row], "Clients", "Failing", "Challenges", "Accepted", "Forbidden", "Last outcome", "Last cause") == ["2 0 3 2 1 accepted -"]


def test_what_is_open_hides_nothing(tables):
    """The last challenge of the capture has had no time to be answered."""
    trace = Trace()
    Phone(trace, "100", "192.0.2.20").register()
    Phone(trace, "100", "192.0.2.21").register(None)
    row, = tables(trace, "open")[0]
    assert cells([row], "Clients", "Failing", "Last outcome") == ["2 0 accepted"]


def test_signing_as_another_user(tables):
    """One that signs as its neighbour does not spoil the neighbour's row; and who once does not answer keeps his."""
    trace = Trace()
    Phone(trace, "200", "192.0.2.20").register()
    other = Phone(trace, "201", "192.0.2.20", signer="200")
    other.register("403 Forbidden")
    other.register(None)
    go_on(trace)
    accounts, registrations = tables(trace, "signer")
    assert cells(accounts, *ACCOUNTS[:2], "Challenges", "Accepted", "Forbidden", "No retry") == [
        "200@pbx.example.com 201@pbx.example.com 2 0 1 1", "200@pbx.example.com - 1 1 0 0"]
    assert cells(registrations, "Address-of-record", "State") == ["201@pbx.example.com refused", "200@pbx.example.com registered"]


def test_two_registrars_at_one_address(tables):
    """One is told from the other by its port; over TLS, or by another transport, it is the same one."""
    trace = Trace()
    Phone(trace, "100", "192.0.2.20").register()
    Phone(trace, "100", "192.0.2.20", registrar=(REGISTRAR[0], 5080)).register("403 Forbidden")
    Phone(trace, "100", "192.0.2.20", registrar=(REGISTRAR[0], 5061), transport="TCP").register()
    accounts, registrations = tables(trace, "two-registrars")
    assert cells(accounts, "Peer", "Challenges", "Accepted", "Last outcome") == ["198.51.100.10:5080 1 0 forbidden", "198.51.100.10 2 2 accepted"]
    assert cells(registrations, "Registrar", "State", "Refreshes", "Failures") == [
        "198.51.100.10:5080 refused 0 1", "198.51.100.10 registered 1 0"]


@pytest.mark.parametrize("code, answered, cause", [(3, False, "port_unreachable"), (13, False, "unreachable"), (1, False, "unreachable"),
                                                   (4, False, "-"), (3, True, "-")])
def test_closed_port(code, answered, cause, tables, wireshark):
    """ICMP destination unreachable says why no answer comes; not so where it asks for smaller packets (code 4), or an answer comes
    after all."""
    trace = Trace()
    phone = Phone(trace, "100", "192.0.2.20")
    phone.ask()
    unreachable(phone, code)
    if answered:
        phone.answer("200 OK", "Contact: <sip:100@192.0.2.20:5060>;expires=600")
    capture = Capture("closed", "closed.pcapng", (), (), "")
    trace.write(wireshark.path(capture))
    told = wireshark.fields(capture, "_ws.expert.message", two_pass=True, extra=("-Y", "siptrail.finding.port_unreachable || siptrail.finding.unreachable"))
    assert {frame: "frame 2" in cells["_ws.expert.message"][0] for frame, cells in told.items()} == ({1: True} if cause != "-" else {})
    row, = tables(trace, "closed")[1]
    state = "registered" if answered else "unanswered" if cause != "-" else "unknown"
    assert cells([row], "State", "Cause", "Failures") == [f"{state} {cause} {int(state == 'unanswered')}"]
