"""docs/recipes: one tshark for each rotated file, on this host and on two hosts by ssh, against one run over the whole."""
import collections
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from wireshark import NOBODY, ROOT

GENERATOR = Path(os.environ.get("SIPTRAIL_PLUGIN", ROOT / "build/plugin/siptrail.so")).parents[1] / "tests/bench/bench_traffic"
LEAD_IN = 40
SSHD = os.environ.get("SIPTRAIL_SSHD", "/usr/sbin/sshd")
PROGRAMS = ("parallel", "sqlite3", "mergecap", "editcap", "capinfos")
# Captures in which something fails, and where in the whole they are put: seconds after its beginning
FAILURES = {"wrong-password": 64.9, "multi-trunk": 124.1, "two-realms": 182.6, "asterisk-unknown-user": 242.3}


@pytest.fixture(scope="module")
def folder(plain_wireshark):
    """A capture of five minutes, the same in files of a minute, and the scripts."""
    for program in PROGRAMS:
        if not shutil.which(program):
            pytest.fail(f"{program} is not installed", pytrace=False)
    folder = plain_wireshark.folder / "many files"
    folder.mkdir()
    shutil.copytree(ROOT / "docs/recipes", folder / "recipes")
    with (folder / "traffic.pcap").open("wb") as out:
        subprocess.run([GENERATOR, "-r", "100", "mixed", "30000"], stdout=out, check=True)
    parts = [folder / "traffic.pcap"]
    for name, seconds in FAILURES.items():
        parts.append(shifted(plain_wireshark.folder / "captures" / f"{name}.pcapng", 1_700_000_000 + seconds, folder))
    subprocess.run(["mergecap", "-F", "pcapng", "-w", folder / "whole.pcapng", *parts], check=True)
    subprocess.run(["editcap", "-c", "6000", folder / "whole.pcapng", folder / "part.pcapng"], check=True)
    (folder / "results").mkdir()
    plain_wireshark.make_readable()
    for script in (folder / "recipes").iterdir():
        script.chmod(0o755)
    (folder / "results").chmod(0o777)
    return folder


def shifted(capture, begin, folder):
    first = subprocess.run(["capinfos", "-T", "-r", "-S", "-a", capture], capture_output=True, text=True, check=True).stdout
    target = folder / capture.name
    subprocess.run(["editcap", "-t", f"{begin - float(first.split()[-1]):.6f}", capture, target], check=True)
    return target


def parts_of(folder):
    return sorted(folder.glob("part_*.pcapng"))


def rows_of_table(lines):
    """What is counted: account, peer, digest, outcome, cause."""
    return collections.Counter(tuple(line.split()[3:]) for line in lines[1:])


def rows_of_database(path):
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT account, peer, digest, outcome, cause FROM exchanges").fetchall()
    return collections.Counter(tuple(cell or "-" for cell in row) for row in rows)


@pytest.fixture(scope="module")
def whole(wireshark, folder):
    lines = wireshark.run(["tshark", "-n", "-q", "-r", folder / "whole.pcapng", "-z", "siptrail,exchanges"]).decode().splitlines()
    return rows_of_table(lines)


def many_files(wireshark, folder, result, *options, files=None):
    wireshark.run([folder / "recipes/many-files.sh", "-l", LEAD_IN, *options, folder / "results" / result, *(files or parts_of(folder))])
    return folder / "results" / result


def outcomes(rows):
    return {row[3] for row in rows}


def test_totals_are_those_of_one_run(wireshark, folder, whole):
    result = many_files(wireshark, folder, "here")
    assert {"accepted", "rejected", "no-retry", "unknown", "other-realm"} <= outcomes(whole)
    assert rows_of_database(result / "exchanges.db") == whole


def test_exchanges_cross_the_boundaries(wireshark, folder):
    """Without a lead-in they would be lost: the challenge of some lies in the file before."""
    result = many_files(wireshark, folder, "here")
    rows = [json.loads(line) for line in (result / "exchanges.ndjson").read_text().splitlines()]
    assert any(row["frame"] <= 0 and row["outcome"] == "accepted" for row in rows)
    assert any(row["frame"] <= 0 and row["outcome"] == "no-retry" for row in rows)


def test_is_resumed_and_goes_on(wireshark, folder, whole):
    """Three files first, the others later: what is done is not done again, what was open is decided then."""
    many_files(wireshark, folder, "in two goes", files=parts_of(folder)[:3])
    first = (folder / "results/in two goes/jobs.log").read_text()
    result = many_files(wireshark, folder, "in two goes")
    log = (result / "jobs.log").read_text()
    assert log.startswith(first) and len(log.splitlines()) == 1 + len(parts_of(folder))
    assert rows_of_database(result / "exchanges.db") == whole


@pytest.mark.parametrize("options, skipped", [([], 1), (["-l", "41"], 0)])
def test_other_files_or_options_want_another_folder(wireshark, folder, whole, options, skipped):
    """Rows go by number: those of other files would be taken for these."""
    name = f"taken {skipped}"
    many_files(wireshark, folder, name, files=parts_of(folder)[:2])
    with pytest.raises(RuntimeError, match="take another folder"):
        many_files(wireshark, folder, name, *options, files=parts_of(folder)[skipped:])


def test_failure_is_told_and_made_good(wireshark, folder, whole):
    broken = folder / "results/broken.pcapng"
    broken.write_bytes(b"this is no capture")
    broken.chmod(0o644)
    files = [*parts_of(folder)[:-1], broken]
    with pytest.raises(RuntimeError, match="run this again"):
        many_files(wireshark, folder, "broken", files=files)
    shutil.copy(parts_of(folder)[-1], broken)
    result = many_files(wireshark, folder, "broken", files=files)
    assert rows_of_database(result / "exchanges.db") == whole


def cut_short(wireshark, folder, number):
    """The parts, one of them without its last third; and what a single run over them finds."""
    files = parts_of(folder)
    part = folder / f"results/cut {number}.pcapng"
    part.write_bytes(files[number].read_bytes()[:files[number].stat().st_size * 2 // 3])
    part.chmod(0o644)
    files[number] = part
    readable = []
    for i, file in enumerate(files):
        readable.append(folder / f"readable {i}.pcapng")
        subprocess.run(["editcap", file, readable[i]], check=True)
    subprocess.run(["mergecap", "-a", "-F", "pcapng", "-w", folder / "readable.pcapng", *readable], check=True)
    (folder / "readable.pcapng").chmod(0o644)
    lines = wireshark.run(["tshark", "-n", "-q", "-r", folder / "readable.pcapng", "-z", "siptrail,exchanges"]).decode().splitlines()
    return files, rows_of_table(lines)


def test_file_that_was_cut_short_is_read_as_far_as_it_goes(wireshark, folder, whole):
    files, expected = cut_short(wireshark, folder, 1)
    assert expected != whole
    result = many_files(wireshark, folder, "cut", files=files)
    assert rows_of_database(result / "exchanges.db") == expected
    assert "cut short, and read as far as it goes" in (result / "rows/2.err").read_text()


def test_latest_file_may_still_be_written(wireshark, folder, whole):
    files, _ = cut_short(wireshark, folder, -1)
    with pytest.raises(RuntimeError, match="wait until it is written"):
        many_files(wireshark, folder, "written", files=files)


def test_lead_in_that_does_not_reach_back_is_told(wireshark, folder):
    with pytest.raises(RuntimeError):
        many_files(wireshark, folder, "short", "-l", "100", "-p", "1")
    told = "".join(path.read_text() for path in (folder / "results/short/rows").glob("*.err"))
    assert "do not reach" in told


# --- two hosts ----------------------------------------------------------------------


def call(*command):
    subprocess.run([str(part) for part in command], check=True)


class Network:
    """Two hosts and one that asks them, each a network namespace; nobody may log in, by key, to a shell."""

    def __init__(self, wireshark, folder):
        self.wireshark, self.folder = wireshark, folder / "results"
        self.name = f"siptrail{os.getpid()}"
        self.servers = []

    def build(self):
        self._keys()
        self._namespace("c")
        self._inside("c", "ip", "link", "add", "bridge", "type", "bridge")
        self._inside("c", "ip", "link", "set", "bridge", "up")
        self._inside("c", "ip", "address", "add", "10.99.0.1/24", "dev", "bridge")
        for number, host in enumerate("ab", start=2):
            self._host(host, f"10.99.0.{number}")

    def close(self):
        for server in self.servers:
            server.terminate()
            server.wait()
        for host in "abc":
            subprocess.run(["ip", "netns", "delete", self.name + host], stderr=subprocess.DEVNULL)

    def _namespace(self, host):
        call("ip", "netns", "add", self.name + host)
        self._inside(host, "ip", "link", "set", "lo", "up")

    def _inside(self, host, *command):
        call("ip", "netns", "exec", self.name + host, *command)

    def _keys(self):
        home = self.wireshark.folder / "home"
        (home / ".ssh").mkdir()
        for name in ("login", "host"):
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / ".ssh" / name)
        shutil.copy(home / ".ssh/login.pub", home / ".ssh/authorized_keys")
        known = (home / ".ssh/host.pub").read_text().rsplit(" ", 1)[0]
        (home / ".ssh/known_hosts").write_text("".join(f"10.99.0.{number} {known}\n" for number in (2, 3)))
        (home / ".ssh/config").write_text(f"IdentityFile {home}/.ssh/login\nUserKnownHostsFile {home}/.ssh/known_hosts\n")
        for path in (home, home / ".ssh", *(home / ".ssh").iterdir()):
            os.chown(path, NOBODY, NOBODY)
            path.chmod(0o700 if path.is_dir() else 0o600)
        os.chown(home / ".ssh/host", 0, 0)
        self.passwd = self.folder / "passwd"
        lines = [line for line in Path("/etc/passwd").read_text().splitlines() if line.split(":")[0] not in ("nobody", "sshd")]
        lines += [f"nobody:x:{NOBODY}:{NOBODY}:nobody:{home}:/bin/sh", f"sshd:x:{NOBODY - 1}:{NOBODY}::/run/sshd:/usr/sbin/nologin"]
        self.passwd.write_text("\n".join(lines) + "\n")

    def _host(self, host, address):
        self._namespace(host)
        call("ip", "link", "add", self.name[-8:] + host, "netns", self.name + "c", "type", "veth",
             "peer", "name", "eth0", "netns", self.name + host)
        self._inside("c", "ip", "link", "set", self.name[-8:] + host, "master", "bridge", "up")
        self._inside(host, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        self._inside(host, "ip", "link", "set", "eth0", "up")
        self.servers.append(self._sshd(host, address))

    def _sshd(self, host, address):
        """Its own /etc/passwd, and its own /run; the environment is that in which tshark finds the plugin."""
        words = self.wireshark.command([])
        environment = [word for word in words[words.index("-i") + 1:] if "=" in word]
        config = self.folder / f"sshd_{host}"
        config.write_text(f"ListenAddress {address}\nHostKey {self.wireshark.folder}/home/.ssh/host\nUsePAM no\nStrictModes no\nMaxStartups 100\n"
                          f"PasswordAuthentication no\nPidFile none\nSetEnv {' '.join(environment)} HOST_OF_TEST={host}\n")
        start = f"mount -t tmpfs none /run && mkdir -p /run/sshd && mount --bind '{self.passwd}' /etc/passwd && exec '{SSHD}' -D -e -f '{config}'"
        server = subprocess.Popen(["ip", "netns", "exec", self.name + host, "sh", "-c", start], stderr=subprocess.PIPE, text=True)
        for line in server.stderr:
            if "listening" in line:
                return server
        raise RuntimeError(f"sshd of host {host} does not start")

    def run(self, command):
        """As nobody, on the third host, which knows nobody's home as the others do."""
        mounted = f"mount --bind '{self.passwd}' /etc/passwd && exec \"$@\""
        result = subprocess.run(["ip", "netns", "exec", self.name + "c", "sh", "-c", mounted, "sh", *self.wireshark.command(command)],
                                capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr
        return result.stdout


@pytest.fixture
def network(wireshark, folder):
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    network = Network(wireshark, folder)
    try:
        network.build()
        yield network
    finally:
        network.close()


def test_two_hosts_by_ssh(network, folder, whole):
    result = folder / "results/two hosts"
    network.run([folder / "recipes/many-files.sh", "-H", "10.99.0.2,10.99.0.3", "-l", LEAD_IN, result, *parts_of(folder)])
    hosts = {line.split("\t")[1] for line in (result / "jobs.log").read_text().splitlines()[1:]}
    assert hosts == {"10.99.0.2", "10.99.0.3"}
    assert rows_of_database(result / "exchanges.db") == whole
