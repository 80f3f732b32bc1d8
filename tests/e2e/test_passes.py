"""One pass, two passes, a visible tree and sharkd's any order say the same."""
import random

import pytest

from contract import AT_ONCE, BACKWARD, FORWARD, LATER, OUTCOME, Contract
from wireshark import captures

CAUSE = "siptrail.cause"


def only(found, names):
    """Frames without any of these fields are left out, values sorted: their order is not promised."""
    picked = {frame: {n: sorted(v) for n, v in cells.items() if n in names} for frame, cells in found.items()}
    return {frame: cells for frame, cells in picked.items() if cells}


def assert_same(capture, names, **runs):
    (first, a), (second, b) = runs.items()
    a, b = only(a, names), only(b, names)
    assert a, f"{capture.name}: nothing is said of it"
    lines = [f"{capture.name}, frame {frame}: {name}: {first} {a.get(frame, {}).get(name)}, {second} {b.get(frame, {}).get(name)}"
             for frame in sorted(set(a) | set(b)) for name in names
             if a.get(frame, {}).get(name) != b.get(frame, {}).get(name)]
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines)


def test_first_pass(capture, passes, read):
    """Links to earlier frames are complete in one pass, and the message that closes an exchange tells its outcome."""
    one, _ = passes(capture)
    names = BACKWARD + [OUTCOME]
    differences = Contract(read(capture, capture.rows), forward=False).differences(capture, one, names)
    assert not differences, f"{len(differences)} differences\n" + "\n".join(differences)


def test_first_pass_knows_no_later_frame(capture, passes):
    one, two = passes(capture)
    for frame, cells in one.items():
        for name in FORWARD:
            values = cells.get(name, [])
            assert all(int(v) <= frame for v in values), f"{capture.name}, frame {frame}: {name} is {values} in one pass"
            assert set(values) <= set(two[frame].get(name, [])), f"{capture.name}, frame {frame}: {name} is {values} in one pass only"


def test_closing_message_has_cause(capture, passes, read):
    """In one pass too: what went wrong is told where it ended."""
    for number, found in enumerate(passes(capture), 1):
        for exchange in read(capture, capture.rows).exchanges:
            if exchange.closing and "accepted" not in exchange.outcome:
                cells = found.get(exchange.closing.frame, {})
                assert cells.get(CAUSE), f"{capture.name}, frame {exchange.closing.frame}: no {CAUSE} in pass {number}"


def test_two_passes_say_the_same(capture, passes):
    one, two = passes(capture)
    assert_same(capture, AT_ONCE, one_pass=one, two_passes=two)


def test_visible_tree_says_the_same(capture, passes, wireshark):
    one, _ = passes(capture)
    visible = wireshark.fields_of_visible_tree(capture, *AT_ONCE, *LATER)
    assert_same(capture, AT_ONCE + LATER, one_pass=one, visible=visible)


def test_any_order_says_the_same(capture, passes, sharkd):
    """Each frame twice, in an order that is different each time but the same in every run of this test."""
    _, two = passes(capture)
    with sharkd(capture) as client:
        frames = list(range(1, client.frames + 1)) * 2
        random.Random(capture.name).shuffle(frames)
        seen = {}
        for frame in frames:
            fields = client.fields(frame, *AT_ONCE, *LATER)
            assert seen.setdefault(frame, fields) == fields, f"{capture.name}, frame {frame}: differs when asked again"
    assert_same(capture, AT_ONCE + LATER, two_passes=two, sharkd=seen)


@pytest.mark.parametrize("field", ["siptrail", "siptrail.outcome", "siptrail.request_in", "siptrail.digest.status"])
def test_filter_finds_what_the_fields_show(field, wireshark):
    """A filter primes what it needs: no other option is necessary."""
    capture = captures()[0]
    found = [int(n) for n in wireshark.tshark(capture, "-Y", field, "-T", "fields", "-e", "frame.number").split()]
    assert found and found == [frame for frame, cells in wireshark.fields(capture, field).items() if cells]
