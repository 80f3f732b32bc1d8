"""Captures made to measure, and tshark measured on them with the plugin and without."""
import collections
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from wireshark import Wireshark, uat_record  # noqa: E402

CREDENTIALS = ["-o", "uat:siptrail_credentials:" + uat_record(("*", "*", "password", "brass-Kettle-9"))]

# cpu and wall in seconds, memory in bytes: the most that was resident at any time
Usage = collections.namedtuple("Usage", "cpu wall memory")

# What is compared: the arguments with the plugin, and those without it
Command = collections.namedtuple("Command", "name arguments baseline")

FILTER = ["-Y", "sip"]
# The same frames, and now the plugin is at work: where nothing of it is asked for it is not
ASKED = ["-Y", "sip or siptrail.cause"]
METHOD = ["-Y", 'sip.Method == "REGISTER"']
STATISTICS = ["-q", "-z", "sip,stat"]
COMMANDS = [
    Command("-Y sip", FILTER, FILTER),
    Command("-Y 'sip or siptrail.cause'", ASKED, FILTER),
    Command("-Y 'sip.Method == \"REGISTER\"'", METHOD, METHOD),
    Command("-q -z sip,stat", STATISTICS, STATISTICS),
    Command("plain listing", [], []),
    Command("-Y sip, protocol disabled", ["--disable-protocol", "siptrail", *FILTER], FILTER),
    Command("plain listing, protocol disabled", ["--disable-protocol", "siptrail"], []),
    Command("-q -z siptrail,exchanges, against -z sip,stat", ["-q", "-z", "siptrail,exchanges"], STATISTICS),
    Command("-Y 'sip or siptrail.cause', all digests verified", [*CREDENTIALS, *ASKED], FILTER),
]


def command_named(name):
    return next(command for command in COMMANDS if command.name == name)


def start(command, feed=None):
    """A process whose output goes nowhere; `feed` is a command that writes to its standard input."""
    source = subprocess.Popen([str(a) for a in feed], stdout=subprocess.PIPE) if feed else None
    process = subprocess.Popen([str(a) for a in command], stdin=source.stdout if source else subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if source:
        source.stdout.close()
    return process, source


def finish(process, source):
    """Waits for the end; what it used, its children included."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if source:
        source.wait()
    if process.returncode or (source and source.returncode):
        raise RuntimeError(f"exit code {process.returncode}: {' '.join(map(str, process.args))}")
    return used


def usage_of(command, feed=None):
    began = time.monotonic()
    used = finish(*start(command, feed))
    return Usage(used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss * 1024)


def medians(runs):
    return Usage(*map(statistics.median, zip(*runs)))


def instructions(command, wrapper=()):
    """Of one run under callgrind, which `wrapper` may run."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    result = subprocess.run([*wrapper, *valgrind, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not found:
        raise RuntimeError(result.stderr)
    return int(found.group(1))


class Bench:
    """Captures are kept in a folder, and made when they are first asked for."""

    def __init__(self, build, plugin=None, data=None):
        self.build = Path(build).resolve()
        self.generator = self.build / "tests/bench/bench_traffic"
        self.wireshark = Wireshark(plugin or self.build / "plugin/siptrail.so", names=True)
        self.data = Path(data or tempfile.gettempdir() + "/siptrail-bench")
        self.data.mkdir(exist_ok=True)
        self.data.chmod(0o755)

    def close(self):
        self.wireshark.close()

    def capture(self, kind, count, *options):
        """The path of a capture of so many messages."""
        path = self.data / f"{'-'.join([kind, str(count), *options])}.pcap"
        if not path.exists():
            part = path.with_suffix(".part")
            with part.open("wb") as out:
                subprocess.run([self.generator, *options, kind, str(count)], stdout=out, check=True)
            part.rename(path)
        path.chmod(0o644)
        return path

    def tshark(self, path, arguments, plugin=True):
        return self.wireshark.command(["tshark", "-n", "-r", path, *arguments], plugins="plugins" if plugin else "no-plugins")

    def usage(self, path, arguments, plugin=True):
        return usage_of(self.tshark(path, arguments, plugin))

    def feed(self, kind, count, *options):
        return [self.generator, *options, kind, str(count)]

    def memory_over_time(self, feed, arguments, plugin=True, every=0.2):
        """What is resident, from time to time while tshark reads the feed."""
        process, source = start(self.tshark("-", arguments, plugin), feed)
        resident = []
        while not source.poll() and source.returncode is None:
            pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
            resident.append(int(pages) * os.sysconf("SC_PAGE_SIZE"))
            time.sleep(every)
        finish(process, source)
        return resident

    def paired(self, path, command, rounds):
        """Medians with the plugin, without, and of the ratios of each pair: runs in pairs, the order changing each time.

        The two of a pair are next to each other, so that a machine which changes its speed between two pairs changes no ratio."""
        runs = {True: [], False: []}
        for turn in range(rounds):
            for plugin in (turn % 2 == 0, turn % 2 != 0):
                runs[plugin].append(self.usage(path, command.arguments if plugin else command.baseline, plugin))
        ratios = [Usage(*(ours / theirs for ours, theirs in zip(*pair))) for pair in zip(runs[True], runs[False])]
        return medians(runs[True]), medians(runs[False]), medians(ratios)

    def instructions(self, path, arguments, plugin=True):
        """Of one run of tshark."""
        command = self.tshark(path, arguments, plugin)
        at = command.index("tshark")
        return instructions(command[at:], command[:at])

    def core_instructions_per_message(self, traffic, count=10000):
        """Of the core alone: what three rounds take more than one."""
        once, thrice = (instructions([self.build / "tests/bench/bench_core", traffic, str(count), rounds]) for rounds in "13")
        return (thrice - once) / (2 * count)

    def instructions_per_message(self, kind, arguments, plugin=True, sizes=(1000, 5000)):
        """The difference of two sizes: what it takes to start does not count."""
        small, large = (self.instructions(self.capture(kind, size), arguments, plugin) for size in sizes)
        return (large - small) / (sizes[1] - sizes[0])
