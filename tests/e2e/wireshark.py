"""Runs tshark and sharkd with the plugin, in an environment of their own."""
import calendar
import collections
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import xml.etree.ElementTree
from pathlib import Path

import forkserver

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
TIMEOUT = 300
PASSED_ON = ("LD_PRELOAD", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")
SECRET_TYPES = ("password", "HA1", "AKA-RES", "AKA-K-OP", "AKA-K-OPc")
UNIT = "\x1f"
NAMES = ("enterprises.tsv", "manuf", "services", "wka")

Capture = collections.namedtuple("Capture", "name file options rows story")


def captures(folder=ROOT / "captures"):
    """Every capture that an index describes. Credentials are rows of user, realm, type of secret, secret."""
    found = []
    for index in sorted(folder.glob("index*.json")):
        for name, entry in sorted(json.loads(index.read_text(encoding="utf-8")).items()):
            rows = tuple(tuple(row) for row in entry.get("credentials", ()))
            for row in rows:
                if len(row) != 4 or row[2] not in SECRET_TYPES:
                    raise ValueError(f"{index.name}, {name}: credentials are [user, realm, type, secret], type one of {SECRET_TYPES}")
            found.append(Capture(name, entry["file"], tuple(entry.get("tshark_options", ())), rows, entry.get("story", "")))
    return found


def chosen():
    """Those of them on which tests of each capture are run: all, or every other one, of the first or of the second (SIPTRAIL_FEWER=0, 1)."""
    fewer = os.environ.get("SIPTRAIL_FEWER")
    return captures()[int(fewer)::2] if fewer else captures()


def epoch(text):
    """The seconds of a frame.time_epoch, which Wireshark prints as a number before 4.6, and as a date in UTC since."""
    if "T" not in text:
        return float(text)
    day, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(day, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction}")


def in_seconds(text):
    """Packet details with times as before Wireshark 4.6, which writes short ones in smaller units."""
    factors = {"milli": 1e-3, "micro": 1e-6, "nano": 1e-9}
    return re.sub(r"([0-9.]+) (milli|micro|nano)seconds", lambda m: f"{float(m[1]) * factors[m[2]]:.9f} seconds", text)


def uat_string(text):
    """Quoted for a UAT record: octets that are not plain ASCII, quotes and backslashes as \\xNN (see Wireshark's uat_esc)."""
    plain = (chr(b) if 0x20 <= b < 0x7f and chr(b) not in '"\\' else f"\\x{b:02x}" for b in text.encode("utf-8"))
    return '"' + "".join(plain) + '"'


def uat_record(row):
    return ",".join(uat_string(cell) for cell in row)


class Wireshark:
    """tshark and sharkd with this plugin and no other, a HOME of their own, UTC and the C locale.

    Neither loads personal plugins as root, nor heeds WIRESHARK_PLUGIN_DIR: root steps down to nobody, for whom everything
    needed is copied to a folder that all can read.

    Each is started once for many command lines; SIPTRAIL_STARTS=1 starts it for each.

    Without `names` the lists of manufacturers, ports and enterprises are empty: up to 4.0 they are text that is read anew for each
    capture, and takes three times as long as all the rest. `-n` asks for none of them.
    """

    def __init__(self, plugin, names=False):
        self.folder = Path(tempfile.mkdtemp(prefix="siptrail-e2e-"))
        self.folder.chmod(0o755)
        for name in ("home", "config", "config-sharkd", "plugins", "no-plugins"):
            (self.folder / name).mkdir()
        shutil.copytree(ROOT / "captures", self.folder / "captures", ignore=shutil.ignore_patterns("recipes"))
        self.library, self.servers = forkserver.build(self.folder), {}
        self.lock = threading.Lock()
        self.plugin, self.data = Path(plugin), None
        folders = self._folders()
        if not names:
            self._make_data(folders["Global configuration"])
        if self.plugin.is_file():
            target = self.folder / "plugins" / folders["Global Plugins"].name / "epan"
            target.mkdir(parents=True)
            shutil.copy(self.plugin, target / "siptrail.so")
        self.make_readable()

    def close(self):
        for server in self.servers.values():
            server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_readable(self):
        for path in self.folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)

    def _folders(self):
        """Wireshark's own by their labels. That of its plugins is named by its version (`4.0`)."""
        listed = subprocess.run(self.command(["tshark", "-G", "folders"], "no-plugins"), check=True, capture_output=True, text=True,
                                timeout=TIMEOUT).stdout
        return {label: Path(path.strip()) for label, _, path in (line.partition(":") for line in listed.splitlines())}

    def _make_data(self, original):
        """Wireshark's own data, with lists of names that are empty."""
        data = self.folder / "data"
        data.mkdir()
        for entry in original.iterdir():
            if entry.name in NAMES:
                (data / entry.name).touch()
            else:
                (data / entry.name).symlink_to(entry)
        self.data = data

    def command(self, command, plugins="plugins", config="config"):
        """The argument list that runs a command in this environment."""
        return [*self._environment(plugins, config, self._passed_on()), *map(str, command)]

    @staticmethod
    def _passed_on():
        return {name: os.environ[name] for name in PASSED_ON if name in os.environ}

    def _environment(self, plugins, config, passed_on):
        step_down = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8",
                       "HOME": self.folder / "home", "WIRESHARK_CONFIG_DIR": self.folder / config,
                       "WIRESHARK_PLUGIN_DIR": self.folder / plugins, **({"WIRESHARK_DATA_DIR": self.data} if self.data else {}),
                       **passed_on}
        return [*step_down, "env", "-i", *(f"{name}={value}" for name, value in environment.items())]

    def _server(self, program, plugins, config):
        passed_on = self._passed_on()
        key = program, plugins, config, *passed_on.items()
        with self.lock:
            if key not in self.servers:
                preloaded = passed_on.pop("LD_PRELOAD", "")
                prefix = self._environment(plugins, config, passed_on)
                self.servers[key] = forkserver.ForkServer(self.library, prefix, program, preloaded, self.folder)
            return self.servers[key]

    def start(self, command, config="config", **streams):
        """A running sharkd or tshark; streams as for subprocess.Popen."""
        if os.environ.get("SIPTRAIL_STARTS"):
            return subprocess.Popen(self.command(command, config=config), cwd=self.folder, **streams)
        return self._server(command[0], "plugins", config).start(command[1:], **streams)

    def _run(self, command, plugins):
        # A script in Lua (-X) is read while it starts.
        if command[0] == "tshark" and "-X" not in command and not os.environ.get("SIPTRAIL_STARTS"):
            return self._server("tshark", plugins, "config").run(command[1:], TIMEOUT)
        result = subprocess.run(self.command(command, plugins), cwd=self.folder, capture_output=True, timeout=TIMEOUT)
        return result.returncode, result.stdout, result.stderr

    def run(self, command, plugins="plugins"):
        code, output, complaint = self._run(command, plugins)
        if code:
            raise RuntimeError(f"{' '.join(map(str, command))}\nexit code {code}\n{complaint.decode(errors='replace')}")
        return output

    def run_without_plugin(self, command):
        return self.run(command, plugins="no-plugins")

    def path(self, capture):
        return self.folder / "captures" / capture.file

    def options(self, capture, rows=None):
        rows = capture.rows if rows is None else rows
        return [*capture.options, *(a for row in rows for a in ("-o", f"uat:siptrail_credentials:{uat_record(row)}"))]

    def tshark(self, capture, *arguments, rows=None, plugins="plugins"):
        command = ["tshark", "-n", "-r", self.path(capture), *self.options(capture, rows), *arguments]
        return self.run(command, plugins).decode("utf-8", "replace")

    def fields(self, capture, *names, rows=None, two_pass=False, extra=()):
        """{frame number: {field: [values]}}, from one start of tshark."""
        arguments = ["-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", f"aggregator={UNIT}", "-e", "frame.number"]
        arguments += [a for name in names for a in ("-e", name)]
        found = {}
        for line in self.tshark(capture, *(["-2"] if two_pass else []), *extra, *arguments, rows=rows).splitlines():
            number, *cells = line.split("\t")
            found[int(number)] = {name: cell.split(UNIT) for name, cell in zip(names, cells) if cell}
        return found

    def fields_of_visible_tree(self, capture, *names, rows=None):
        """The same from the packet details in XML: now the tree is built to be looked at. Empty values are left out here too."""
        found = {}
        text = self.tshark(capture, "-T", "pdml", rows=rows)
        for packet in xml.etree.ElementTree.fromstring(text).iter("packet"):
            number, cells = None, {}
            for item in packet.iter("field"):
                if item.get("name") == "frame.number":
                    number = int(item.get("show"))
                if item.get("name") in names and item.get("show"):
                    cells.setdefault(item.get("name"), []).append(item.get("show"))
            found[number] = cells
        return found

    def tables(self, capture, statistics, rows=None):
        """The lines that `-z statistics` prints."""
        return self.tshark(capture, "-q", "-z", statistics, rows=rows).splitlines()
