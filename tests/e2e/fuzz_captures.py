#!/usr/bin/python3
"""Damages all captures at random and has tshark read them with a plugin that was built with sanitizers.

    cmake -S . -B asan -DCMAKE_C_COMPILER=clang -DSIPTRAIL_SANITIZE=ON -DSIPTRAIL_TESTS=OFF \\
          -DCMAKE_MODULE_LINKER_FLAGS=-shared-libasan
    cmake --build asan
    tests/e2e/fuzz_captures.py asan/plugin/siptrail.so --minutes 15

Every round makes files in five ways: all captures joined in an order of its own, damaged at each rate and snap length; and
single ones, damaged (editcap -E, -s, -C), cut off anywhere, strewn with words of the fuzzer's dictionary, or of random packets
altogether (randpkt). A file that makes tshark fail, or a sanitizer, GLib or Wireshark complain, is kept, and the table counts
it. Rounds are numbered: the same number makes the same files, but for those of randpkt.
"""
import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from packets import Pcapng
from wireshark import ROOT, Wireshark, captures, uat_record

RATES = (0.0002, 0.002, 0.01, 0.05)
SNAPS = (0, 60, 300, 500)
HEADERS = 42            # Ethernet, IPv4, UDP: damaged only in every second round
SINGLES = 24            # files of one round that are made of a single capture
PASSES = {"one pass": ["-V", "-z", "siptrail,exchanges"], "two passes": ["-2", "-V", "-z", "expert"]}
# Wireshark's own dissectors have bugs, too: those are of no interest here.
COMPLAINT = re.compile(rb"AddressSanitizer|runtime error|Malformed Packet: SIP Trail"
                       rb"|(?:CRITICAL|ERROR|WARNING)\] -- (?!Dissector bug, protocol (?!SIP Trail)).*")
TIMEOUT = 600
ENOUGH = 20             # finds, and it ends

Count = collections.namedtuple("Count", "files packets explained finds")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("plugin", type=Path, help="siptrail.so, built with clang and SIPTRAIL_SANITIZE")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--files", type=int, default=sys.maxsize, help="end after so many, too")
    parser.add_argument("--round", type=int, default=1, help="number of the first round")
    parser.add_argument("--keep", type=Path, default=Path("finds"), help="folder for files that were too much")
    return parser.parse_args()


def preload_sanitizer():
    """tshark is not built with sanitizers, so their runtime has to come first."""
    library = subprocess.check_output(["clang", "-print-file-name=libclang_rt.asan-x86_64.so"], text=True).strip()
    os.environ.setdefault("LD_PRELOAD", library)
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")


def credentials():
    rows = dict.fromkeys(row for capture in captures() for row in capture.rows)
    return [a for row in rows for a in ("-o", f"uat:siptrail_credentials:{uat_record(row)}")]


def tool(*command):
    """mergecap and editcap: without the plugin and the sanitizer."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run([*map(str, command)], check=True, capture_output=True, timeout=TIMEOUT, env=environment)


def dictionary():
    """The words of tests/fuzz/sip.dict as octets."""
    text = (ROOT / "tests/fuzz/sip.dict").read_text(encoding="ascii")
    return [word.encode().decode("unicode_escape").encode("latin-1") for word in re.findall(r'^"(.*)"$', text, re.M)]


def strewn(chance, words, source, target):
    """Words over anything behind the headers, at a rate of their own; packets doubled, left out and swapped."""
    whole, packets = Pcapng(source), []
    for packet in whole.packets:
        octets = bytearray(packet)
        for _ in range(chance.choice((0, 0, 1, 3, 20))):
            word = chance.choice(words)
            if len(octets) > 100 + len(word):
                at = chance.randrange(80, len(octets) - 4 - len(word))
                octets[at:at + len(word)] = word
        packets += [bytes(octets)] * chance.choice((0, 1, 1, 1, 1, 1, 1, 2))
    if chance.random() < 0.3:
        chance.shuffle(packets)
    whole.write(target, packets)


def single(chance, words, source, target):
    """Writes one file, and says in which way."""
    way = chance.choice(("damaged", "damaged", "cut off", "strewn", "strewn", "strewn", "random"))
    if way == "damaged" and not re.match("tls|wss", source.name):     # editcap writes no file with TLS secrets
        options = chance.choice([[], [], ["-s", chance.randrange(20, 1200)], ["-C", f"{chance.randrange(14, 60)}:{chance.randrange(1, 40)}"]])
        tool("editcap", "-E", chance.choice(RATES), "--seed", chance.randrange(1 << 31), *options, source, target)
    elif way == "cut off":
        octets = source.read_bytes()
        target.write_bytes(octets[:chance.randrange(len(octets))])
    elif way != "random":
        strewn(chance, words, source, target)
    else:
        tool("randpkt", "-b", 1400, "-c", 300, "-t", chance.choice(("udp", "tcp", "sctp", "ip", "ipv6", "icmp", "eth")), target)
    return way


def damaged_files(folder, number):
    """(way, file) of one round; the file is there until the next one."""
    sources, words = sorted((ROOT / "captures").glob("*.pcapng")), dictionary()
    chance = random.Random(number)
    chance.shuffle(sources)
    joined, damaged = folder / "joined.pcapng", folder / "damaged.pcapng"
    for _ in range(SINGLES):
        way = single(chance, words, chance.choice(sources), damaged)
        damaged.chmod(0o644)
        yield way, damaged
    tool("mergecap", "-a", "-w", joined, *sources)
    for rate in RATES:
        for snap in SNAPS:
            options = ["-s", snap] * bool(snap) + ["-o", HEADERS] * (number % 2)
            tool("editcap", "-E", rate, "--seed", number, *options, joined, damaged)
            damaged.chmod(0o644)
            yield f"joined, {rate:.2%}, " + (f"{snap} octets" if snap else "whole"), damaged


def read(wireshark, file, options):
    """(packets, packets that siptrail explains, what was wrong)."""
    command = wireshark.command(["tshark", "-n", "-r", file, *options])
    try:
        result = subprocess.run(command, cwd=wireshark.folder, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return 0, 0, b"no end after %d s" % TIMEOUT
    packets = len(re.findall(rb"^Frame \d+:", result.stdout, re.M))
    explained = len(re.findall(rb"^\[SIP Trail", result.stdout, re.M))
    complaint = COMPLAINT.search(result.stderr) or COMPLAINT.search(result.stdout)
    # 2: tshark found the end of the file to be missing.
    if result.returncode not in (0, 2) or complaint:
        return packets, explained, b"exit code %d\n%s\n%s" % (result.returncode, complaint and complaint.group() or b"", result.stderr)
    return packets, explained, b""


def keep(folder, file, name, report):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder / f"{name}.pcapng")
    (folder / f"{name}.txt").write_bytes(report)
    print(f"find: {folder / name}.pcapng: {b' '.join(report.splitlines()[:3]).decode(errors='replace')}", file=sys.stderr)


def one_round(wireshark, number, folder, rows, table):
    for index, (way, file) in enumerate(damaged_files(wireshark.folder, number)):
        for name, options in PASSES.items():
            packets, explained, wrong = read(wireshark, file, [*options, *rows])
            if wrong:
                keep(folder, file, f"round{number}-{index}-{name.replace(' ', '-')}", wrong)
            before = table.get((way, name), Count(0, 0, 0, 0))
            table[way, name] = Count(*(a + b for a, b in zip(before, (1, packets, explained, bool(wrong)))))
        yield


def show(table):
    print(f"{'way':<28} {'pass':<11} {'files':>6} {'packets':>9} {'explained':>9} {'finds':>5}")
    for (way, name), count in sorted(table.items()):
        print(f"{way:<28} {name:<11} {count.files:>6} {count.packets:>9} {count.explained:>9} {count.finds:>5}")
    total = [sum(column) for column in zip(*table.values())]
    print(f"{'total':<28} {'':<11} {total[0]:>6} {total[1]:>9} {total[2]:>9} {total[3]:>5}")
    return total[3]


def is_enough(table, options, end):
    files = sum(count.files for (_, name), count in table.items() if name == "one pass")
    return time.monotonic() > end or files >= options.files or sum(count.finds for count in table.values()) >= ENOUGH


def main():
    options = arguments()
    preload_sanitizer()
    wireshark, table, number = Wireshark(options.plugin), {}, options.round
    end = time.monotonic() + options.minutes * 60
    rows = credentials()
    try:
        if b"siptrail.outcome" not in wireshark.run(["tshark", "-G", "fields"]):
            sys.exit(f"tshark does not load {options.plugin}")
        while not is_enough(table, options, end):
            for _ in one_round(wireshark, number, options.keep, rows, table):
                if is_enough(table, options, end):
                    break
            number += 1
    finally:
        wireshark.close()
    sys.exit(bool(show(table)))


if __name__ == "__main__":
    main()
