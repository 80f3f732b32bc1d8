#!/usr/bin/env python3
"""Measures the plugin, and tshark without it. docs/performance.md says what the numbers mean.

  run.py time [KIND...]           paired runs: CPU time, wall time, memory
  run.py instructions [KIND...]   instructions for each message, under callgrind
  run.py long                     long dialogs: time and memory of each message, by the length
  run.py sizes [KIND...]          traffic by its size, with a plot
  run.py live                     memory while days of traffic go by
  run.py rivals                   other programs on the same capture
  run.py core                     the core alone
  run.py all --write              everything, kept in docs/performance.md and docs/images/performance.png
"""
import argparse
import datetime
import math
import os
import platform
import statistics
import subprocess

import rivals
from lockstep import in_lockstep, least
from measure import ASKED, COMMANDS, FILTER, ROOT, Bench

KINDS = ("registrations", "mixed", "no-sip")
CORE = ("mixed", "mixed, unchallenged", "pings", "calls", "subscriptions", "registrations", "registrations again")
LONG = ("one-call-id", "one-nonce", "shared-nonce", "segments", "scan")
PAGE = ROOT / "docs/performance.md"
PLOT = ROOT / "docs/images/performance.png"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def commands_for(options):
    return [c for c in COMMANDS if not options.command or any(part in c.name for part in options.command)]


def ratio(ours, theirs):
    return f"{ours / theirs:.2f}"


def megabytes(octets):
    return f"{octets / 1e6:.0f}"


def measure_time(bench, options):
    yield ("capture", "command", "CPU s with", "without", "ratio", "wall ratio", "MB with", "without", "octets a message")
    for kind in options.kinds or KINDS:
        path = bench.capture(kind, options.count)
        for command in commands_for(options):
            ours, theirs, ratios = bench.paired(path, command, options.rounds)
            yield (kind, command.name, f"{ours.cpu:.2f}", f"{theirs.cpu:.2f}", f"{ratios.cpu:.2f}", f"{ratios.wall:.2f}",
                   megabytes(ours.memory), megabytes(theirs.memory), f"{(ours.memory - theirs.memory) / options.count:.0f}")


def measure_instructions(bench, options):
    yield ("capture", "command", "thousand a message with", "without", "ratio")
    for kind in options.kinds or KINDS:
        for command in commands_for(options):
            ours = bench.instructions_per_message(kind, command.arguments)
            theirs = bench.instructions_per_message(kind, command.baseline, plugin=False)
            yield (kind, command.name, f"{ours / 1000:.1f}", f"{theirs / 1000:.1f}", ratio(ours, theirs))
    for traffic in () if options.kinds else CORE:
        yield (traffic, "the core alone", f"{bench.core_instructions_per_message(traffic) / 1000:.1f}", "", "")


def rounds_of(messages, rounds):
    """Short ones are disturbed more: of five rounds asked for 25."""
    times = next(times for most, times in ((20_000, 5), (200_000, 1.4), (1_000_000, 0.6), (math.inf, 0.2)) if messages <= most)
    return max(1, round(times * rounds))


def fed(bench, kind, count, rounds):
    """The work with the plugin, without it, and the ratio of their times in user space: block by block in turn, from the
    generator, which needs no disk. Of the rounds the least, as what disturbs a round only adds to it; of the ratios the median."""
    commands = [bench.tshark("-", ASKED), bench.tshark("-", FILTER, plugin=False)]
    runs = [in_lockstep(bench.feed(kind, count), commands) for _ in range(rounds_of(count, rounds))]
    return *map(least, zip(*runs)), statistics.median(ours.user / theirs.user for ours, theirs in runs)


def by_size(bench, kinds, sizes, rounds):
    """(kind, size, work of tshark with the plugin, without it, the ratio of their times)"""
    for kind in kinds:
        for size in sizes:
            yield kind, size, *fed(bench, kind, size, rounds)


def rows_by_size(measured):
    yield ("traffic", "messages", "µs a message with", "without", "ratio", "in the system with", "without", "MB with", "without",
           "octets a message, ours alone")
    for kind, size, ours, theirs, times in measured:
        yield (kind, f"{size:,}", *(f"{work.user / size * 1e6:.2f}" for work in (ours, theirs)), f"{times:.2f}",
               *(f"{work.system / size * 1e6:.2f}" for work in (ours, theirs)), megabytes(ours.memory), megabytes(theirs.memory),
               f"{(ours.memory - theirs.memory) / size:.0f}")


def measure_long(bench, options):
    return rows_by_size(by_size(bench, options.kinds or LONG, sizes_up_to(options.largest, 20000), options.rounds))


def sizes_up_to(largest, first):
    sizes = [first]
    while sizes[-1] * 10 <= largest:
        sizes.append(sizes[-1] * 10)
    return sizes


def measure_sizes(bench, options):
    measured = list(by_size(bench, options.kinds or ("registrations",), sizes_up_to(options.largest, 10000), options.rounds))
    if options.write:
        plot([row for row in measured if row[0] == measured[0][0]])
    return rows_by_size(measured)


def plot(measured):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, (time, memory) = pyplot.subplots(1, 2, figsize=(10, 4))
    sizes = [row[1] for row in measured]
    for label, column in (("with SIP Trail", 2), ("tshark alone", 3)):
        time.plot(sizes, [row[column].user / row[1] * 1e6 for row in measured], marker="o", label=label)
        memory.plot(sizes, [row[column].memory / 1e6 for row in measured], marker="o", label=label)
    time.set(xscale="log", xlabel="messages", ylabel="µs a message in user space", ylim=(0, None))
    memory.set(xscale="log", yscale="log", xlabel="messages", ylabel="MB resident, start-up taken off")
    for axes in (time, memory):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    PLOT.parent.mkdir(exist_ok=True)
    figure.savefig(PLOT, dpi=100, metadata={"Software": None})


def measure_live(bench, options):
    yield ("feed", "MB at a quarter", "at half", "at the end", "octets a message in the second half")
    rate = options.live_rate
    for plugin in (True, False):
        resident = bench.memory_over_time(bench.feed("mixed", options.live, "-r", str(rate)), ASKED if plugin else FILTER, plugin)
        quarter, half, end = (resident[int((len(resident) - 1) * part)] for part in (0.25, 0.5, 1))
        name = f"{options.live / rate / 3600:.0f} h of mixed traffic, {rate} messages a second, {'with' if plugin else 'without'}"
        yield (name, megabytes(quarter), megabytes(half), megabytes(end), f"{(end - half) / (options.live / 2):.0f}")


def measure_rivals(bench, options):
    yield ("program", "CPU s", "wall s", "MB")
    for name, used in rivals.measure(bench, bench.capture("registrations", options.count), options.rounds).items():
        yield (name, f"{used.cpu:.2f}", f"{used.wall:.2f}", megabytes(used.memory))


def measure_core(bench, options):
    """bench_core prints two tables: of messages, and lines about digests."""
    printed = subprocess.run([bench.build / "tests/bench/bench_core", "all", str(options.count), str(5 * options.rounds)],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
    messages, digests = printed.split("\n\n")
    yield ("traffic", "ns a message", "octets kept of a dialog: one pass", "tables", "all messages")
    for line in messages.splitlines()[1:]:
        words = line.split()
        yield (" ".join(words[:-4]), *words[-4:])
    for line in digests.splitlines():
        yield (*line.split(": "), "", "", "")


MEASURES = {
    "time": ("Beside tshark alone", measure_time),
    "instructions": ("Instructions", measure_instructions),
    "long": ("Long dialogs", measure_long),
    "sizes": ("By size", measure_sizes),
    "live": ("Days", measure_live),
    "rivals": ("Side by side", measure_rivals),
    "core": ("The core alone", measure_core),
}


def print_table(rows):
    """As Markdown, line by line as the measuring goes on."""
    lines = []
    for row in rows:
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
        if len(lines) == 1:
            lines.append("|---|" + "---|" * (len(row) - 1))
            print(lines[0])
        print(lines[-1], flush=True)
    return lines


def machine():
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return (f"{datetime.date.today()}, {processor}, {os.cpu_count()} cores, load of the last quarter of an hour {os.getloadavg()[2]:.1f}, "
            f"{version.rstrip('.')}, siptrail {commit}.")


def keep(sections):
    """Replaces what docs/performance.md holds between its two marks."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    text = "\n\n".join([machine(), *(f"### {title}\n\n" + "\n".join(lines) for title, lines in sections)])
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=(*MEASURES, "all"))
    parser.add_argument("kinds", nargs="*", help="of capture; bench_traffic lists them")
    parser.add_argument("--build", default=ROOT / "build", help="folder of the build")
    parser.add_argument("--plugin", help="another siptrail.so than that of the build")
    parser.add_argument("--data", help="folder for the captures; they are kept")
    parser.add_argument("-n", "--count", type=int, default=100000, help="messages in each capture")
    parser.add_argument("-r", "--rounds", type=int, default=5, help="runs of each command")
    parser.add_argument("-c", "--command", action="append", help="only commands whose name has this part")
    parser.add_argument("--largest", type=int, default=1000000, help="messages of the largest size")
    parser.add_argument("--live", type=int, default=2000000, help="messages of the live feed")
    parser.add_argument("--live-rate", type=int, default=20, help="messages of it a second")
    parser.add_argument("--write", action="store_true", help="keep the tables in docs/performance.md")
    options = parser.parse_intermixed_args()
    bench = Bench(options.build, options.plugin, options.data)
    sections = []
    try:
        for name in MEASURES if options.what == "all" else (options.what,):
            title, measure = MEASURES[name]
            print(f"\n{title}\n")
            sections.append((title, print_table(measure(bench, options))))
    finally:
        bench.close()
    if options.write:
        keep(sections)


if __name__ == "__main__":
    main()
