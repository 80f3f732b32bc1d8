"""What the README and the guide print is what the commands print.

In a block marked ```console a line that begins with `$ ` is a command, run by sh in a folder that has captures/ and
docs/recipes/; the lines below it are its output. A line `…` stands for any lines.
"""
import json
import re
import subprocess

import pytest

from wireshark import ROOT, in_seconds

DOCUMENTS = ("README.md", "docs/guide.md")


def examples():
    for document in DOCUMENTS:
        text = (ROOT / document).read_text()
        for block in re.findall(r"^```console\n(.*?)^```$", text, flags=re.S | re.M):
            for command, output in re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.M):
                yield pytest.param(command, output, id=f"{document}: {command[:60]}")


def as_pattern(output):
    lines = output.rstrip("\n").split("\n")
    return "".join("(?:.*\n)*?" if line == "…" else re.escape(line) + "\n" for line in lines)


@pytest.mark.parametrize("command, output", list(examples()))
def test_example(wireshark, recipes, command, output):
    result = subprocess.run(wireshark.command(["sh", "-c", command]), cwd=wireshark.folder, capture_output=True, timeout=120)
    printed = "\n".join(line.rstrip() for line in result.stdout.decode().strip("\n").split("\n")) + "\n"
    assert re.fullmatch(as_pattern(output), in_seconds(printed)), f"$ {command}\nprints\n{printed}\n{result.stderr.decode()}"


def test_documents_have_examples():
    for document in DOCUMENTS:
        assert "```console" in (ROOT / document).read_text(), document


def test_links_lead_somewhere():
    for document in (*DOCUMENTS, "docs/reference.md", "docs/install.md", "docs/testing.md", "docs/design.md", "captures/README.md"):
        path = ROOT / document
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / target).exists(), f"{document} links to {target}"


# --- recipes that need more than a capture: an interface, a server

def first_command(beginning):
    text = (ROOT / "docs/guide.md").read_text()
    start = text.index(beginning)
    return re.match(r"(?:.*\\\n)*.*\n", text[start:])[0]


def test_live_recipe(wireshark):
    """As printed, but for the interface: packets come through dumpcap from a pipe, where no capture filter can be set."""
    if subprocess.run(wireshark.command(["dumpcap", "-v"]), capture_output=True).returncode:
        pytest.skip("this user may not run dumpcap")
    command, live = re.subn(r"-i eth0 -f '[^']*'", "-i -", first_command("tshark -i eth0"))
    assert live == 1
    with open(wireshark.folder / "captures/multi-trunk.pcapng", "rb") as packets:
        result = subprocess.run(wireshark.command(["sh", "-c", command]), stdin=packets, capture_output=True, timeout=120)
    assert [line.split("\t")[1:4] for line in result.stdout.decode().splitlines()] == [
        ["carol@pbx.example.com", "rejected", "refused_unverified"], ["mallory@pbx.example.com", "forbidden", "forbidden"]]


def fits(value, kind):
    """Whether a server that knows the type takes the value."""
    if isinstance(value, list):
        return all(fits(one, kind) for one in value)
    patterns = {"long": r"-?\d+", "integer": r"-?\d+", "short": r"-?\d+", "double": r"-?\d+(\.\d+)?", "boolean": "true|false|0|1"}
    return value is None or re.fullmatch(patterns.get(kind, "(?s).*"), str(value).lower()) is not None


def test_search_recipe(wireshark):
    """What the two commands make is JSON, and each value fits the type that the mapping has for it."""
    make_mapping = first_command("tshark -G elastic-mapping").rpartition("|")[0].replace("| \\\n", "|")
    make_messages = first_command("tshark -2 -r captures/multi-trunk.pcapng -Y siptrail.outcome -T ek").split("| \\\n")[0]
    index, *messages = [subprocess.run(wireshark.command(["sh", "-c", command]), cwd=wireshark.folder, capture_output=True, timeout=120,
                                       check=True).stdout for command in (make_mapping, make_messages)]
    mappings = json.loads(index)["mappings"]
    types = {name: entry["type"] for name, entry in mappings["properties"]["layers"]["properties"]["siptrail"]["properties"].items()}
    lines = [json.loads(line) for line in messages[0].decode().splitlines()]
    assert lines[0] == {"index": {}} and len(lines) == 30 and mappings.get("dynamic", True) is True
    assert "date" not in types.values() and types["siptrail_siptrail_retry_time"] == "double"
    for line in lines[1::2]:
        layer = line["layers"]["siptrail"]
        for one in layer if isinstance(layer, list) else [layer]:
            assert not [(name, value) for name, value in one.items() if name in types and not fits(value, types[name])]
