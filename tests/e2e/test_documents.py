"""What the README and the guide print is what the commands print.

In a block marked ```console a line that begins with `$ ` is a command, run by sh in a folder that has captures/; the lines
below it are its output. A line `…` stands for any lines.
"""
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
def test_example(wireshark, command, output):
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
