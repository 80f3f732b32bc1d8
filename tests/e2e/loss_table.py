#!/usr/bin/python3
"""What is left of links and outcomes when packets are missing, doubled or swapped, and whether any of it is wrong: a table.

    tests/e2e/loss_table.py build/plugin/siptrail.so [SEEDS [FIRST]]

Over all captures of UDP, with that many seeds (10) for each kind of damage, from FIRST (0) on. test_loss.py says what is wrong, and what cannot be
known any more once a packet is gone (`gone`: an outcome that differs for that reason). Of the captures that were built for a finding each, only the
findings are compared.
"""
import collections
import concurrent.futures
import json
import os
import sys

import siptruth
import test_loss
from wireshark import ROOT, Capture, Wireshark, captures

ROWS = ["files", "packets", "links", "wrong links", "outcomes", "same", "open", "gone", "wrong outcomes", "wrong findings"]


def kind_of(variant):
    return variant.name.split(", seed")[0]


def count_links(said):
    return sum(len(cells[name]) for cells in said.values() for name in test_loss.LINKS if name in cells)


def count_outcomes(count, variant, said, whole, truth):
    for exchange in truth.exchanges:
        frame = exchange.challenge.frame
        here, there = said[frame][test_loss.OUTCOME], whole[frame][test_loss.OUTCOME]
        if not here or not there:
            continue
        count["outcomes"] += 1
        count["same" if here == there else "open" if here == {"unknown"} else "gone"] += 1


def tell(capture, variant, lines):
    """How many there are; each goes to standard error."""
    found = list(lines)
    for line in found:
        print(f"{capture.name}, {variant.name}: {line}", file=sys.stderr)
    return len(found)


def built():
    """The captures that were made for a finding each."""
    stories = json.loads((ROOT / "captures/findings.json").read_text(encoding="utf-8"))
    for name, story in stories.items():
        if story.get("origin") == "built" and not story.get("tshark_options"):
            yield Capture(name, story["file"], (), tuple(map(tuple, story.get("credentials", ()))), story["story"])


def read(capture, wireshark):
    messages, end = siptruth.read_messages(wireshark.path(capture), capture.options, wireshark.run_without_plugin)
    return siptruth.analyse(messages, end, [])


def measure_findings(capture, wireshark):
    """Who answers what in them is made up: of links and outcomes nothing is said."""
    truth, counts = read(capture, wireshark), collections.defaultdict(collections.Counter)
    if not test_loss.over_udp(truth):
        return counts
    (_, whole), *variants = test_loss.said_of(capture, wireshark)
    for variant, said in variants:
        counts[f"built: {kind_of(variant)}"].update({
            "files": 1, "packets": len(variant.frames),
            "wrong findings": tell(capture, variant, test_loss.wrong_findings(variant, said, whole, truth))})
    return counts


def measure(capture, wireshark):
    truth, counts = read(capture, wireshark), collections.defaultdict(collections.Counter)
    if not test_loss.over_udp(truth):
        return counts
    rightful = test_loss.Rightful(truth)
    (_, whole), *variants = test_loss.said_of(capture, wireshark)
    for variant, said in variants:
        count = counts[kind_of(variant)]
        count["files"] += 1
        count["packets"] += len(variant.frames)
        count["links"] += count_links(said)
        count["wrong links"] += tell(capture, variant, rightful.wrong(said, whole))
        count["wrong outcomes"] += tell(capture, variant, test_loss.wrong_outcomes(variant, said, whole, truth))
        count["wrong findings"] += tell(capture, variant, test_loss.wrong_findings(variant, said, whole, truth))
        count_outcomes(count, variant, said, whole, truth)
    return counts


def main():
    count, first = map(int, [*sys.argv[2:4], *("10", "0")[len(sys.argv[2:4]):]])
    test_loss.SEEDS = range(first, first + count)
    wireshark, total = Wireshark(sys.argv[1]), collections.defaultdict(collections.Counter)
    try:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [(measure, capture) for capture in captures()] + [(measure_findings, capture) for capture in built()]
            for counts in pool.map(lambda job: job[0](job[1], wireshark), jobs):
                for kind, count in counts.items():
                    total[kind].update(count)
    finally:
        wireshark.close()
    print("| damage | " + " | ".join(ROWS) + " |\n|---|" + "---:|" * len(ROWS))
    for kind, count in total.items():
        print(f"| {kind} | " + " | ".join(str(count[row]) for row in ROWS) + " |")
    sys.exit(any(count[row] for row in ROWS if row.startswith("wrong") for count in total.values()))


if __name__ == "__main__":
    main()
