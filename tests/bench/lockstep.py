"""Several programs that read the same feed, block by block in turn: what changes the machine's speed changes that of all."""
import collections
import fcntl
import os
import struct
import subprocess
import termios
import time
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
# What the first block brings is taken as part of the start: enough for a capture's header and some thirty messages
FIRST = 1 << 14
BLOCK = 1 << 22

# Seconds in the program itself, and in the system, which lends it memory and reads for it; bytes: the most that was resident
Work = collections.namedtuple("Work", "user system memory")


def least(rounds):
    """The least disturbed one."""
    return min(rounds, key=lambda work: work.user + work.system)


class Reader:
    """A program that reads its standard input, and what it did since `begin`."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(a) for a in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, bufsize=0)

    def give(self, block):
        """Returns when all of it was read and worked on."""
        rest = memoryview(block)
        while rest:
            rest = rest[self.process.stdin.write(rest):]
        while not self.waits():
            time.sleep(0.0005)

    def status(self):
        """From its state on, proc(5)."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()

    def waits(self):
        """For more: nothing is left in the pipe, and it sleeps."""
        left = struct.unpack("i", fcntl.ioctl(self.process.stdin, termios.FIONREAD, bytes(4)))[0]
        state = self.status()[0]
        if state == "Z":
            raise BrokenPipeError(f"ended early: {self.process.args}")
        return not left and state == "S"

    def begin(self):
        """The clock of another process's time is exact, clock_getcpuclockid(3); what of it is the system's is told in ticks."""
        both = time.clock_gettime(~self.process.pid << 3 | 2)
        system = (int(self.status()[12]) + 0.5) * TICK
        resident = Path(f"/proc/{self.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]
        self.at_start = Work(both - system, system, int(resident) * 1024)

    def end(self):
        """What it did since the beginning, the end of the file included."""
        self.process.stdin.close()
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode:
            raise RuntimeError(f"exit code {self.process.returncode}: {self.process.args}")
        now = Work(used.ru_utime, used.ru_stime, used.ru_maxrss * 1024)
        return Work(*(after - before for after, before in zip(now, self.at_start)))


def in_lockstep(feed, commands):
    """Of each command its work for all that `feed` writes but the first block."""
    with subprocess.Popen([str(a) for a in feed], stdout=subprocess.PIPE) as source:
        readers = [Reader(command) for command in commands]
        first = source.stdout.read(FIRST)
        for reader in readers:
            reader.give(first)
            reader.begin()
        while block := source.stdout.read(BLOCK):
            for reader in readers:
                reader.give(block)
    if source.returncode:
        raise RuntimeError(f"exit code {source.returncode}: {feed}")
    return [reader.end() for reader in readers]
