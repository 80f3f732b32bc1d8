"""A client for sharkd, which dissects frames in any order, as the graphical Wireshark does."""
import functools
import json
import re
import subprocess
import threading

from wireshark import uat_record

CONFIG = "config-sharkd"
SETTINGS = threading.Lock()     # in that folder, until the sharkd that is to begin with them has answered


class Sharkd:
    """One capture, loaded. A context manager."""

    def __init__(self, wireshark, capture, rows=None, start=None):
        """`start` takes the name of a folder with settings, and returns a running sharkd that begins with them."""
        rows = capture.rows if rows is None else rows
        self.number = 0
        if not start:
            start = functools.partial(wireshark.start, ["sharkd", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
        with SETTINGS:
            self._write(wireshark, "siptrail_credentials", (uat_record(row) + "\n" for row in rows))
            self._write(wireshark, "preferences", self._preferences(capture.options))
            self.process = start(CONFIG)
            self.call("load", file=str(wireshark.path(capture)))
        self.frames = self.call("status")["frames"]

    @staticmethod
    def _write(wireshark, name, lines):
        path = wireshark.folder / CONFIG / name
        path.write_text("".join(lines))
        path.chmod(0o644)

    @staticmethod
    def _preferences(options):
        for switch, value in zip(options[::2], options[1::2]):
            if switch != "-o" or value.startswith("uat:"):
                raise NotImplementedError(f"sharkd takes no option {switch} {value}")
            name, _, setting = value.partition(":")
            yield f"{name}: {setting}\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def call(self, method, **parameters):
        self.send(method, **parameters)
        for line in self.process.stdout:
            if line.strip().startswith(b"{"):
                answer = json.loads(line.decode("utf-8", "replace"))
                if answer["id"] != self.number:     # of what was only sent
                    continue
                if "error" in answer:
                    raise RuntimeError(f"sharkd, {method} {parameters}: {answer['error']}")
                return answer["result"]
        raise RuntimeError(f"sharkd ended during {method} {parameters}")

    def send(self, method, **parameters):
        """Without waiting for an answer, which sharkd may not give."""
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, **({"params": parameters} if parameters else {})}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def fields(self, frame, *names):
        """{field: [values]} of one frame, without empty values."""
        return self.fields_of(self.nodes(frame), *names)

    def nodes(self, frame):
        """(name, equals, value) of each item of one frame."""
        def walk(nodes):
            for node in nodes:
                yield node.get("f", "").partition(" == ")
                yield from walk(node.get("n", ()))
        return list(walk(self.call("frame", frame=frame, proto=True).get("tree", ())))

    def fields_of(self, nodes, *names):
        found = {}
        for name, equals, value in nodes:
            if equals and name in names and self._value(value):
                found.setdefault(name, []).append(self._value(value))
        return found

    @staticmethod
    def findings_of(nodes):
        return {name.rpartition(".")[2] for name, _, _ in nodes if name.startswith("siptrail.finding.")}

    @staticmethod
    def _value(text):
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
