#!/usr/bin/python3
"""Has valgrind look for memory that the plugin loses, on captures read by tshark in one pass and in two.

    tests/e2e/leaks.py build/plugin/siptrail.so [CAPTURE...]        all captures, when none is named

Prints a table; a loss or an invalid access with siptrail.so in its stack is shown, and makes the exit code 1. What tshark itself
loses is counted, but is not ours.
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

from wireshark import Wireshark, captures

VALGRIND = ["valgrind", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible", "--keep-debuginfo=yes", "--num-callers=40"]
PASSES = {"one pass": ["-V", "-z", "siptrail,exchanges"], "two passes": ["-2", "-V", "-z", "expert"]}


def blocks(report):
    """What valgrind complains of, one text each."""
    text = re.sub(r"^==\d+== ?", "", report, flags=re.M)
    return [block for block in re.split(r"\n\s*\n", text) if re.search(r"^\s+(at|by) 0x", block, re.M)]


def is_ours(block):
    """Somewhere in the stack; a leak of a function in the core has no module name with debug information, but its file's."""
    return "siptrail" in block or re.search(r"\((?:packet-siptrail|credentials|statistics|tree|tracker|exchange|use|nonce|subscription|"
                                            r"digest|aka|audit|findings|auth_header|sip_message)\.c:\d+\)", block) is not None


def check(wireshark, capture, options):
    command = wireshark.command(["env", "G_SLICE=always-malloc", *VALGRIND, "tshark", "-n", "-r", wireshark.path(capture),
                                 *wireshark.options(capture), *options])
    result = subprocess.run(command, cwd=wireshark.folder, capture_output=True, timeout=1200)
    report = result.stderr.decode("utf-8", "replace")
    if result.returncode or "ERROR SUMMARY" not in report:
        sys.exit(f"valgrind failed on {capture.name}\n{report}")
    return blocks(report), result.stdout.count(b"[SIP Trail")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("plugin", type=Path)
    parser.add_argument("captures", nargs="*")
    arguments = parser.parse_args()
    wireshark, failed = Wireshark(arguments.plugin), 0
    try:
        print(f"{'capture':<32} {'pass':<11} {'explained':>9} {'of others':>9} {'ours':>5}", flush=True)
        for capture in [c for c in captures() if not arguments.captures or c.name in arguments.captures]:
            for name, options in PASSES.items():
                found, explained = check(wireshark, capture, options)
                ours = [block for block in found if is_ours(block)]
                print(f"{capture.name:<32} {name:<11} {explained:>9} {len(found) - len(ours):>9} {len(ours):>5}", flush=True)
                print(*ours, sep="\n\n", end="\n" * bool(ours))
                failed += len(ours)
    finally:
        wireshark.close()
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
