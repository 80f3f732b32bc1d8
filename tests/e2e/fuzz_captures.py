#!/usr/bin/python3
"""Damages captures at random and has tshark and sharkd read them with a plugin that was built with sanitizers.

    cmake -S . -B asan -DCMAKE_C_COMPILER=clang -DSIPTRAIL_SANITIZE=ON -DSIPTRAIL_TESTS=OFF \\
          -DCMAKE_MODULE_LINKER_FLAGS=-shared-libasan
    cmake --build asan
    tests/e2e/fuzz_captures.py asan/plugin/siptrail.so --minutes 15

Files are numbered: the same number makes the same file, but for those of randpkt. Most come from a single capture: damaged
(editcap -E, -s, -C), cut off anywhere, strewn with words of the fuzzer's dictionary, or of random packets altogether; some
from all of them, joined in an order of its own. Each is read in three ways: by tshark in one pass and in two, each file in a
process of its own (forkserver.c), and by sharkd, which walks through the frames in random order and loads one file after the other. A
file that makes one of them fail, or a sanitizer, GLib or Wireshark complain, is kept, and the table counts it.
"""
import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forkserver import ForkServer
from packets import Pcapng
from sharkd import Sharkd
from wireshark import ROOT, Wireshark, captures, uat_record

RATES = (0.0002, 0.002, 0.01, 0.05)
SNAPS = (0, 60, 300, 500)
HEADERS = 42            # Ethernet, IPv4, UDP: damaged only in every second one of the joined files
WAYS = ("damaged",) * 20 + ("cut off",) * 10 + ("strewn",) * 30 + ("random",) * 5 + ("joined",)
# Wireshark's pools hide from a sanitizer what is read beyond a piece of memory, or too late; "simple" is malloc.
SANITIZED = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1", "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple"}
# Wireshark's own dissectors have bugs, too: those are of no interest here.
COMPLAINT = re.compile(rb"AddressSanitizer|runtime error|Malformed Packet: SIP Trail"
                       rb"|(?:CRITICAL|ERROR|WARNING)\] -- (?!Dissector bug, protocol (?!SIP Trail)).*")
SECONDS = 120           # for a file; ten times as many, of the processor, for all files that one sharkd reads
FILES_IN_TURN = 40      # by one sharkd, which leaks 15 MB with each
FRAMES_MAX = 400        # that sharkd looks at, of one file
TABLES = ("exchanges", "registrations", "accounts")
ENOUGH = 20             # finds, and it ends

Count = collections.namedtuple("Count", "files packets explained finds")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("plugin", type=Path, help="siptrail.so, built with clang and SIPTRAIL_SANITIZE")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--files", type=int, default=sys.maxsize, help="end after so many, too")
    parser.add_argument("--first", type=int, default=1, help="number of the first file")
    parser.add_argument("--keep", type=Path, default=Path("finds"), help="folder for files that were too much")
    return parser.parse_args()


def variables(values):
    return [f"{name}={value}" for name, value in values.items()]


def tool(*command):
    subprocess.run([*map(str, command)], check=True, capture_output=True, timeout=600)


# ---- Damage --------------------------------------------------------------------------------------------------------

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


def joined(chance, sources, target):
    whole = target.with_suffix(".whole")
    tool("mergecap", "-a", "-w", whole, *chance.sample(sources, len(sources)))
    options = chance.choice([[], ["-o", HEADERS]]) + chance.choice([["-s", snap] if snap else [] for snap in SNAPS])
    tool("editcap", "-E", chance.choice(RATES), "--seed", chance.randrange(1 << 31), *options, whole, target)


def make_file(number, words, target):
    """Writes one file, and says in which way, and from which capture."""
    sources, chance = sorted((ROOT / "captures").glob("*.pcapng")), random.Random(number)
    way, source = chance.choice(WAYS), chance.choice(sources)
    if way == "damaged" and re.match("tls|wss", source.name):       # editcap writes no file with TLS secrets
        way = "strewn"
    if way == "joined":
        joined(chance, sources, target)
    elif way == "damaged":
        options = chance.choice([[], [], ["-s", chance.randrange(20, 1200)], ["-C", f"{chance.randrange(14, 60)}:{chance.randrange(1, 40)}"]])
        tool("editcap", "-E", chance.choice(RATES), "--seed", chance.randrange(1 << 31), *options, source, target)
    elif way == "cut off":
        octets = source.read_bytes()
        target.write_bytes(octets[:chance.randrange(len(octets))])
    elif way == "strewn":
        strewn(chance, words, source, target)
    else:
        tool("randpkt", "-b", 1400, "-c", 60, "-t", chance.choice(("udp", "tcp", "sctp", "ip", "ipv6", "icmp", "eth")), target)
    target.chmod(0o644)
    return way, source.name


# ---- Readers: (packets, packets that siptrail explains, what was wrong) ----------------------------------------------

class Tshark:
    """One start for all files."""

    def __init__(self, wireshark, sanitizer, options):
        prefix = wireshark.command(["env", *variables(SANITIZED)])
        self.server = ForkServer(wireshark.library, prefix, "tshark", sanitizer, wireshark.folder)
        self.options = options

    def read(self, file):
        try:
            code, output, errors = self.server.run(["-n", "-r", file, *self.options], SECONDS)
        except subprocess.TimeoutExpired:
            return 0, 0, b"not read after %d seconds\n" % SECONDS
        text = output + errors
        packets = len(re.findall(rb"^Frame \d+:", text, re.M))
        explained = len(re.findall(rb"^\[SIP Trail", text, re.M))
        complaint = COMPLAINT.search(text)
        # 2: tshark found the end of the file to be missing.
        if code in (0, 2) and not complaint:
            return packets, explained, b""
        return packets, explained, b"exit code %d\n%s\n%s" % (code, complaint.group() if complaint else b"", text)

    def close(self):
        self.server.close()


class Walker:
    """sharkd, which gets one file after the other: nothing of the one before may be in the way."""

    def __init__(self, wireshark, sanitizer, rows):
        self.errors, self.client = tempfile.TemporaryFile(), None
        program = ["env", *variables({**SANITIZED, "LD_PRELOAD": sanitizer}), "prlimit", f"--cpu={10 * SECONDS}", "sharkd", "-"]
        start = lambda config: subprocess.Popen(wireshark.command(program, config=config), cwd=wireshark.folder,
                                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.new_client = lambda: Sharkd(wireshark, captures()[0], rows, start)
        self._start()

    def _start(self):
        """Returns how the one before ended; None: it would have gone on."""
        code = None
        if self.client:
            code = self.client.process.poll()
            self.client.process.kill()
            self.client.process.wait()
        self.client, self.files = self.new_client(), 0
        return code

    def read(self, file):
        if self.files == FILES_IN_TURN:
            self._start()
        begin, seen, self.files = self.errors.seek(0, os.SEEK_END), [], self.files + 1
        try:
            wrong = "".join(self._walk(file, seen))
        except (RuntimeError, BrokenPipeError) as problem:
            wrong = f"{problem}\n"
        self.errors.seek(begin)
        text = self.errors.read()
        if not wrong and not COMPLAINT.search(text):
            return len(seen), sum(seen), b""
        before, code = self.files - 1, self._start()
        report = b"%sexit code %s, sharkd had read %d files before\n%s" % (wrong.encode(), str(code).encode(), before, text)
        return len(seen), sum(seen), report

    def _walk(self, file, seen):
        """Yields what is wrong. Some frames are looked at twice, as what they say must not change."""
        self.client.send("load", file=str(file))        # has no answer where the end of the file is missing
        frames = list(range(1, self.client.call("status")["frames"] + 1))
        random.Random(len(frames)).shuffle(frames)
        said = {}
        for frame in frames[:FRAMES_MAX] + frames[:10]:
            ours = [node for node in self.client.call("frame", frame=frame, proto=True).get("tree", ()) if "SIP Trail" in node["l"]]
            if "Malformed Packet: SIP Trail" in str(ours) or said.setdefault(frame, ours) != ours:
                yield f"frame {frame} says {ours}, and said {said[frame]}\n"
        seen += map(bool, said.values())
        self.client.call("frames", filter="siptrail")
        self.client.call("tap", **{f"tap{i}": f"nstat:siptrail,{table}" for i, table in enumerate(TABLES)})

    def close(self):
        self.client.__exit__()


# ---- The whole -----------------------------------------------------------------------------------------------------

def readers(wireshark):
    """tshark is not built with sanitizers, so their runtime has to come first."""
    sanitizer = subprocess.check_output(["clang", "-print-file-name=libclang_rt.asan-x86_64.so"], text=True).strip()
    rows = dict.fromkeys(row for capture in captures() for row in capture.rows)
    options = [a for row in rows for a in ("-o", f"uat:siptrail_credentials:{uat_record(row)}")]
    return {"one pass": Tshark(wireshark, sanitizer, ["-V", *options, *(a for table in TABLES for a in ("-z", f"siptrail,{table}"))]),
            "two passes": Tshark(wireshark, sanitizer, ["-2", "-V", "-z", "expert", *options]),
            "random order": Walker(wireshark, sanitizer, rows)}


def keep(folder, file, name, report):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder / f"{name}.pcapng")
    (folder / f"{name}.txt").write_bytes(report)
    print(f"find: {folder / name}.pcapng: {b' '.join(report.splitlines()[:3]).decode(errors='replace')}", file=sys.stderr)


def read_one(number, words, file, ways, options, table):
    """Adds to the table what the ways to read make of a file."""
    damage, source = make_file(number, words, file)
    for way, reader in ways.items():
        packets, explained, wrong = reader.read(file)
        if wrong:
            keep(options.keep, file, f"{number}-{way.replace(' ', '-')}", f"file {number}: {source}, {damage}\n".encode() + wrong)
        before = table.get((damage, way), Count(0, 0, 0, 0))
        table[damage, way] = Count(*(a + b for a, b in zip(before, (1, packets, explained, bool(wrong)))))


def show(table):
    print(f"{'file':<12} {'read in':<12} {'files':>6} {'packets':>9} {'explained':>9} {'finds':>5}")
    for (damage, way), count in sorted(table.items()):
        print(f"{damage:<12} {way:<12} {count.files:>6} {count.packets:>9} {count.explained:>9} {count.finds:>5}")
    total = Count(*map(sum, zip(*table.values())))
    print(f"{'total':<12} {'':<12} {total.files:>6} {total.packets:>9} {total.explained:>9} {total.finds:>5}")
    return total.finds


def main():
    options, wireshark, table, ways = arguments(), None, {}, {}
    end = time.monotonic() + options.minutes * 60
    try:
        wireshark = Wireshark(options.plugin)
        ways, words = readers(wireshark), dictionary()
        for number in range(options.first, options.first + options.files):
            read_one(number, words, wireshark.folder / "damaged.pcapng", ways, options, table)
            if time.monotonic() > end or sum(count.finds for count in table.values()) >= ENOUGH:
                break
    finally:
        for reader in ways.values():
            reader.close()
        wireshark.close()
    sys.exit(bool(show(table)))


if __name__ == "__main__":
    main()
