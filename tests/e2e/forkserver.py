"""tshark or sharkd, started once for many command lines (forkserver.c)."""
import os
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

SOURCE = Path(__file__).with_name("forkserver.c")
BEGIN = {"tshark": "-h", "sharkd": "-"}         # an argument with which it comes as far as its settings, and captures nothing
STREAMS = ("stdin", "stdout", "stderr")
ANSWER_MAX = 64


def build(folder):
    """The library that is preloaded."""
    library = folder / "forkserver.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    library.chmod(0o755)
    return library


class Child:
    """What runs one command line: as much of subprocess.Popen as the tests need."""

    def __init__(self, server, pid, stdin, stdout, stderr):
        self.server, self.pid, self.returncode = server, pid, None
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr

    def wait(self, timeout=None):
        if self.returncode is None:
            self.returncode = self.server.code_of(self.pid, timeout)
        return self.returncode


class ForkServer:
    """A program that waits for command lines, of several threads too. `prefix` is a command that runs another in an environment of
    its own."""

    def __init__(self, library, prefix, program, preloaded="", folder=None):
        self.program, self.begun, self.codes, self.over = program, [], {}, False
        self.starting, self.changed = threading.Lock(), threading.Condition()
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = [f"LD_PRELOAD={preloaded}:{library}", f"SIPTRAIL_FORKSERVER={theirs.fileno()}",
                       "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"]      # fewer pages to share with children
        with theirs:
            self.process = subprocess.Popen([*prefix, "env", *environment, program, BEGIN[program]], cwd=folder, pass_fds=[theirs.fileno()],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while answer := self.link.recv(ANSWER_MAX):
            pid, word = answer.decode().split()
            with self.changed:
                if word == "started":
                    self.begun.append(int(pid))
                else:
                    self.codes[int(pid)] = int(word)
                self.changed.notify_all()
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def _wait(self, happened, timeout=None):
        """With the lock held: whether it happened in time."""
        there = self.changed.wait_for(lambda: happened() or self.over, timeout)
        if self.over and not happened():
            raise RuntimeError(f"{self.program} waits for no command lines (any more): SIPTRAIL_STARTS=1 starts it for each")
        return there

    def start(self, arguments, **streams):
        """Streams as for subprocess.Popen: PIPE, DEVNULL, which they are unless given, or a file."""
        ours, theirs = {}, []
        for name in STREAMS:
            given = streams.get(name, subprocess.DEVNULL)
            if given == subprocess.PIPE:
                reads, writes = os.pipe()
                ours[name] = os.fdopen(writes, "wb") if name == "stdin" else os.fdopen(reads, "rb")
                theirs.append(reads if name == "stdin" else writes)
            else:
                theirs.append(os.open(os.devnull, os.O_RDWR) if given == subprocess.DEVNULL else os.dup(given.fileno()))
        request = b"".join(os.fsencode(str(argument)) + b"\0" for argument in (self.program, *arguments))
        with self.starting:
            socket.send_fds(self.link, [request], theirs)
            with self.changed:
                self._wait(lambda: self.begun)
                pid = self.begun.pop()
        for stream in theirs:
            os.close(stream)
        return Child(self, pid, *map(ours.get, STREAMS))

    def code_of(self, pid, timeout):
        """Its exit code, negative for a signal. What takes longer than `timeout` seconds is killed: subprocess.TimeoutExpired."""
        with self.changed:
            if not self._wait(lambda: pid in self.codes, timeout):
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(self.program, timeout)
            return self.codes.pop(pid)

    def run(self, arguments, timeout):
        """(exit code, standard output, standard error)"""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            code = self.start(arguments, stdout=output, stderr=errors).wait(timeout)
            return code, read_all(output), read_all(errors)

    def close(self):
        self.link.shutdown(socket.SHUT_RDWR)
        self.process.wait(timeout=60)


def read_all(file):
    file.seek(0)
    return file.read()
