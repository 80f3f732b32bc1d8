"""The plugin against the truth, frame by frame, for every capture."""
import pytest

from contract import FIELDS, Contract
from wireshark import ROOT, captures, chosen

WITH_SECRETS = pytest.mark.parametrize("capture", [c for c in chosen() if c.rows], ids=lambda c: c.name)
DIGEST = "siptrail.digest.status"


def other_hex(secret):
    """The same number of digits, each of them another one."""
    return "".join(c if c == ":" else f"{15 - int(c, 16):x}" for c in secret)


def wrong(row):
    user, realm, kind, secret = row
    return user, realm, kind, f"not {secret}" if kind == "password" else other_hex(secret)


def assert_none(differences):
    assert not differences, f"{len(differences)} differences\n" + "\n".join(differences)


def test_captures_and_index_agree():
    indexed = [c.file for c in captures()]
    assert sorted(indexed) == sorted(p.name for p in (ROOT / "captures").glob("*.pcapng") if not p.name.startswith("finding-"))


def test_every_contract_field_exists(wireshark):
    known = {line.split("\t")[2] for line in wireshark.run(["tshark", "-G", "fields"]).decode("utf-8", "replace").splitlines()
             if line.count("\t") > 2}
    assert set(FIELDS) <= known


def test_second_pass(capture, passes, read):
    """With -2 all links are known, the forward ones too."""
    _, found = passes(capture)
    assert_none(Contract(read(capture, capture.rows), forward=True).differences(capture, found, FIELDS))


@WITH_SECRETS
def test_wrong_secrets(capture, wireshark, read):
    rows = tuple(map(wrong, capture.rows))
    truth = read(capture, rows)
    for before, after in zip(uses(read(capture, capture.rows)), uses(truth)):
        # a resynchronisation is signed with the empty password: right whatever the secret
        if before.verdict.status == {"good"} and not before.auth.get("auts"):
            assert after.verdict.status == {"bad"}, f"{capture.name}, {after.request}: the truth itself is wrong"
    found = wireshark.fields(capture, DIGEST, rows=rows)
    assert_none(Contract(truth, forward=False).differences(capture, found, [DIGEST]))


@WITH_SECRETS
def test_without_secrets(capture, wireshark, read):
    found = wireshark.fields(capture, DIGEST, rows=())
    assert_none(Contract(read(capture, ()), forward=False).differences(capture, found, [DIGEST]))


def uses(truth):
    return [use for message in truth.messages for use in message.credentials]


@WITH_SECRETS
def test_secrets_are_in_no_output(capture, wireshark):
    """Neither a password, nor a key, nor an HA1 that was configured is shown."""
    text = wireshark.tshark(capture, "-O", "siptrail", "-z", "expert")
    shown = [row[2] for row in capture.rows if len(row[3]) > 5 and row[3] in text]
    assert not shown, f"{capture.name}: a secret of type {shown} is shown"
