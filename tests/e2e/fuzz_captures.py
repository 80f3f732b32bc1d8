#!/usr/bin/python3
"""Damages all captures at random and has tshark read them with a plugin that was built with sanitizers.

    cmake -S . -B asan -DCMAKE_C_COMPILER=clang -DSIPTRAIL_SANITIZE=ON -DSIPTRAIL_TESTS=OFF \\
          -DCMAKE_MODULE_LINKER_FLAGS=-shared-libasan
    cmake --build asan
    tests/e2e/fuzz_captures.py asan/plugin/siptrail.so --minutes 15

Every round joins the captures to one file, in an order of its own, and damages it at each rate and snap length. A file that
makes tshark fail, or a sanitizer, GLib or Wireshark complain, is kept, and the table counts it. Rounds are numbered: the
same number makes the same files.
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

from wireshark import ROOT, Wireshark, captures, uat_record

RATES = (0.0002, 0.002, 0.01, 0.05)
SNAPS = (0, 60, 300, 500)
HEADERS = 42            # Ethernet, IPv4, UDP: damaged only in every second round
PASSES = {"one pass": ["-V", "-z", "siptrail,exchanges"], "two passes": ["-2", "-V", "-z", "expert"]}
# Wireshark's own dissectors have bugs, too: those are of no interest here.
COMPLAINT = re.compile(rb"AddressSanitizer|runtime error|Malformed Packet: SIP Trail"
                       rb"|(?:CRITICAL|ERROR|WARNING)\] -- (?!Dissector bug, protocol (?!SIP Trail)).*")
TIMEOUT = 600
ENOUGH = 20             # finds, and it ends

Count = collections.namedtuple("Count", "runs packets explained finds")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("plugin", type=Path, help="siptrail.so, built with clang and SIPTRAIL_SANITIZE")
    parser.add_argument("--minutes", type=float, default=10)
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


def damaged_files(folder, number):
    """(rate, snap length, file) of one round."""
    sources = sorted((ROOT / "captures").glob("*.pcapng"))
    random.Random(number).shuffle(sources)
    joined, damaged = folder / "joined.pcapng", folder / "damaged.pcapng"
    tool("mergecap", "-a", "-w", joined, *sources)
    for rate in RATES:
        for snap in SNAPS:
            options = ["-s", snap] * bool(snap) + ["-o", HEADERS] * (number % 2)
            tool("editcap", "-E", rate, "--seed", number, *options, joined, damaged)
            damaged.chmod(0o644)
            yield rate, snap, damaged


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
    if result.returncode or complaint:
        return packets, explained, b"exit code %d\n%s\n%s" % (result.returncode, complaint and complaint.group() or b"", result.stderr)
    return packets, explained, b""


def keep(folder, file, name, report):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder / f"{name}.pcapng")
    (folder / f"{name}.txt").write_bytes(report)
    print(f"find: {folder / name}.pcapng: {b' '.join(report.splitlines()[:3]).decode(errors='replace')}", file=sys.stderr)


def one_round(wireshark, number, folder, rows, table):
    for rate, snap, file in damaged_files(wireshark.folder, number):
        for name, options in PASSES.items():
            packets, explained, wrong = read(wireshark, file, [*options, *rows])
            if wrong:
                keep(folder, file, f"round{number}-rate{rate}-snap{snap}-{name.replace(' ', '-')}", wrong)
            before = table.get((rate, snap, name), Count(0, 0, 0, 0))
            table[rate, snap, name] = Count(*(a + b for a, b in zip(before, (1, packets, explained, bool(wrong)))))
        yield


def show(table, rounds):
    print(f"{'rate':>7} {'snap':>5} {'pass':<11} {'runs':>5} {'packets':>9} {'explained':>9} {'finds':>5}")
    for (rate, snap, name), count in sorted(table.items()):
        print(f"{rate:>7} {snap or 'all':>5} {name:<11} {count.runs:>5} {count.packets:>9} {count.explained:>9} {count.finds:>5}")
    total = [sum(column) for column in zip(*table.values())]
    print(f"{'total':>7} {'':>5} {f'{rounds} rounds':<11} {total[0]:>5} {total[1]:>9} {total[2]:>9} {total[3]:>5}")
    return total[3]


def main():
    options = arguments()
    preload_sanitizer()
    wireshark, table, number = Wireshark(options.plugin), {}, options.round
    end = time.monotonic() + options.minutes * 60
    rows = credentials()
    try:
        if b"siptrail.outcome" not in wireshark.run(["tshark", "-G", "fields"]):
            sys.exit(f"tshark does not load {options.plugin}")
        while time.monotonic() < end:
            for _ in one_round(wireshark, number, options.keep, rows, table):
                if time.monotonic() > end or sum(count.finds for count in table.values()) >= ENOUGH:
                    end = 0
                    break
            number += 1
    finally:
        wireshark.close()
    sys.exit(bool(show(table, number - options.round)))


if __name__ == "__main__":
    main()
