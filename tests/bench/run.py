#!/usr/bin/env python3
"""Measures the plugin: each command with it and without it. See docs/performance.md.

  run.py time [KIND...]           paired runs: CPU time, wall time and memory
  run.py instructions [KIND...]   instructions for each message, under callgrind
"""
import argparse

from measure import COMMANDS, Bench

KINDS = ("registrations", "mixed", "no-sip")


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))), flush=True)


def commands_for(options):
    return [c for c in COMMANDS if not options.command or any(part in c.name for part in options.command)]


def measure_time(bench, options):
    rows = [("capture", "command", "CPU s with", "without", "ratio", "wall ratio", "memory MB with", "without", "bytes/message")]
    for kind in options.kinds or KINDS:
        path = bench.capture(kind, options.count)
        for command in commands_for(options):
            ours, theirs = bench.paired(path, command, options.rounds)
            rows.append((kind, command.name, f"{ours.cpu:.2f}", f"{theirs.cpu:.2f}", f"{ours.cpu / theirs.cpu:.3f}", f"{ours.wall / theirs.wall:.3f}",
                         f"{ours.memory / 1e6:.0f}", f"{theirs.memory / 1e6:.0f}", f"{(ours.memory - theirs.memory) / options.count:.0f}"))
    print_table(rows)


def measure_instructions(bench, options):
    rows = [("capture", "command", "thousand/message with", "without", "ratio")]
    for kind in options.kinds or KINDS:
        for command in commands_for(options):
            ours = bench.instructions_per_message(kind, command.arguments)
            theirs = bench.instructions_per_message(kind, command.baseline, plugin=False)
            rows.append((kind, command.name, f"{ours / 1000:.1f}", f"{theirs / 1000:.1f}", f"{ours / theirs:.3f}"))
    print_table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("time", "instructions"))
    parser.add_argument("kinds", nargs="*", help="of capture; bench_traffic lists them")
    parser.add_argument("--build", default="build", help="folder of the build")
    parser.add_argument("--plugin", help="another siptrail.so than that of the build")
    parser.add_argument("--data", help="folder for the captures; they are kept")
    parser.add_argument("-n", "--count", type=int, default=100000, help="messages in each capture")
    parser.add_argument("-r", "--rounds", type=int, default=5, help="pairs of runs")
    parser.add_argument("-c", "--command", action="append", help="only commands whose name has this part")
    options = parser.parse_args()
    bench = Bench(options.build, options.plugin, options.data)
    try:
        {"time": measure_time, "instructions": measure_instructions}[options.what](bench, options)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
