#!/usr/bin/env python3
"""Builds captures/finding-*.pcapng: small stories for the findings that no recording shows,
and finding-none-*.pcapng, of which nothing is to be said.

    build.py          writes them
    build.py --check  compares what is there; ends with 1 if anything differs
"""
import sys
from pathlib import Path

import challenges
import healthy
import ims
import path
import refused
import registrations
import subscriptions
from sip import Account, Scene

CAPTURES = Path(__file__).resolve().parents[2]
STORIES = {**refused.STORIES, **challenges.STORIES, **subscriptions.STORIES, **healthy.STORIES,
           **registrations.STORIES, **path.STORIES, **ims.STORIES}


def build():
    """{file name: octets}"""
    files = {}
    for name, story in STORIES.items():
        scene = Scene(name)
        story(Account(scene))
        files[f"finding-{name.replace('_', '-')}.pcapng"] = scene.file()
    return files


def check(files):
    there = {path.name: path.read_bytes() for path in CAPTURES.glob("finding-*.pcapng")}
    wrong = sorted(name for name in files | there if files.get(name) != there.get(name))
    for name in wrong:
        print(f"{name}: {'is missing' if name not in there else 'is not built here' if name not in files else 'differs'}")
    return 1 if wrong else 0


def write(files):
    for name, octets in files.items():
        (CAPTURES / name).write_bytes(octets)
    return 0


if __name__ == "__main__":
    sys.exit(check(build()) if sys.argv[1:] == ["--check"] else write(build()))
