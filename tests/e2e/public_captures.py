#!/usr/bin/python3
"""Runs tshark over every capture with SIP in a folder of Debian packages, and over the messages of RFCs, and compares the
findings of note, warning or error with public.json: called by tests/public.sh, see there.

    tests/e2e/public_captures.py build/plugin/siptrail.so FOLDER
"""
import gzip
import json
import re
import subprocess
import sys
import tarfile
import xml.etree.ElementTree
from pathlib import Path

import rfc_messages
from wireshark import ROOT, Wireshark

EXPECTED = json.loads((ROOT / "tests/e2e/public.json").read_text(encoding="utf-8"))
CAPTURE = re.compile(r"\.(pcap|pcapng|cap|dmp|dump|trace|erf|snoop|ntar)(\.gz)?$", re.I)
SIP = re.compile(rb"SIP/2\.0")
RFC_SIP = re.compile(rb"^ *(SIP/2\.0 [1-6]\d\d|[A-Z]{3,9} (sips?|tel):\S* SIP/2\.0)", re.M)


def unpacked(octets):
    return gzip.decompress(octets) if octets[:2] == b"\x1f\x8b" else octets


def from_sources(folder):
    """(package and name, octets) of each capture that holds SIP in the open."""
    for archive in sorted(folder.glob("*.orig*.tar.*[!c]")):
        with tarfile.open(archive) as files:
            for member in files:
                if not member.isfile() or not CAPTURE.search(member.name):
                    continue
                octets = unpacked(files.extractfile(member).read())
                if SIP.search(octets):
                    yield f"{folder.name} {Path(member.name).name}", octets


def from_texts(folder, scratch):
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, scratch], check=True)
        for path in sorted(scratch.rglob("rfc*.txt.gz")):
            if not path.is_symlink() and RFC_SIP.search(unpacked(path.read_bytes())):
                for section, octets in rfc_messages.captures(path).items():
                    yield f"{path.name.partition('.')[0]} {section}", octets


def found_in(wireshark, octets):
    """How many messages the plugin speaks of, and {frame: {finding: text}}."""
    path = wireshark.folder / "public.capture"
    path.write_bytes(octets)
    path.chmod(0o644)
    output = wireshark.run(["tshark", "-n", "-2", "-r", path, "-Y", "siptrail", "-T", "pdml"])
    count, findings = 0, {}
    for packet in xml.etree.ElementTree.fromstring(output).iter("packet"):
        count += len(packet.findall("proto[@name='siptrail']"))
        frame = packet.find(".//field[@name='num']").get("show")
        for expert in packet.iter("field"):
            parts = {i.get("name"): i for i in expert} if expert.get("name") == "_ws.expert" else {}
            name = next((n for n in parts if n and n.startswith("siptrail.finding.")), None)
            if name and "Chat" not in parts["_ws.expert.severity"].get("showname"):
                findings.setdefault(frame, {})[name.rpartition(".")[2]] = parts["_ws.expert.message"].get("show")
    return count, findings


def differences(name, findings):
    expected = EXPECTED.get(name, {})
    for frame in sorted({*expected, *findings}, key=int):
        right, found = expected.get(frame, {}), findings.get(frame, {})
        for finding in sorted({*right} - {*found}):
            yield f"{name}, frame {frame}: {finding} is missing, {right[finding]}"
        for finding in sorted({*found} - {*right}):
            yield f"{name}, frame {frame}: {finding} is not expected: {found[finding]}"


def main(plugin, folder):
    wireshark = Wireshark(plugin)
    wrong, seen = [], set()
    try:
        for package in sorted(Path(folder).iterdir()):
            scratch = wireshark.folder / package.name
            scratch.mkdir()
            for name, octets in (*from_sources(package), *from_texts(package, scratch)):
                try:
                    count, findings = found_in(wireshark, octets)
                except RuntimeError as complaint:
                    wrong.append(f"{name}: {complaint}")
                    continue
                print(f"{name}: {count} messages, {sum(map(len, findings.values()))} findings", flush=True)
                seen.add(name)
                wrong += differences(name, findings)
    finally:
        wireshark.close()
    wrong += [f"{name}: not there" for name in EXPECTED if name not in seen]
    print("\n".join(wrong) or "as expected")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
