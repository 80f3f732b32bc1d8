"""Other ways to find the retry of each challenge, on the same capture."""
import shutil
from pathlib import Path

from measure import medians, usage_of

HERE = Path(__file__).parent


def shell(bench, script, *arguments):
    """A pipe of commands in the environment without the plugin."""
    return bench.wireshark.command(["sh", "-c", script, "sh", *arguments], plugins="no-plugins")


def rivals(bench, path):
    """{name: command}; what is not installed is left out."""
    rivals_folder = bench.wireshark.folder / "rivals"
    if not rivals_folder.exists():
        shutil.copytree(HERE / "rivals", rivals_folder)
        bench.wireshark.make_readable()
    script = rivals_folder / "link.py"
    found = {
        "siptrail, -q -z siptrail,exchanges": bench.tshark(path, ["-q", "-z", "siptrail,exchanges"]),
        "siptrail, -Y siptrail.challenge_in": bench.tshark(path, ["-Y", "siptrail.challenge_in"]),
        "Lua post-dissector, the link alone": bench.tshark(path, ["-X", f"lua_script:{rivals_folder}/link.lua", "-Y", "luatrail.challenge_in"], plugin=False),
        "tshark -T json -e … | Python": shell(bench, 'tshark -n -r "$1" -Y sip -T json -e frame.number -e sip.Status-Code -e sip.auth.nonce'
                                                      ' | /usr/bin/python3 "$2"', path, script),
        "tshark -T json | Python": shell(bench, 'tshark -n -r "$1" -Y sip -T json | /usr/bin/python3 "$2"', path, script),
    }
    if shutil.which("sngrep"):
        found["sngrep -N -q, reading alone"] = bench.wireshark.command(
            ["sngrep", "-F", "-N", "-q", "-l", "10000000", "-I", path, "-O", "/dev/null"])
    return found


def measure(bench, path, rounds):
    """{name: Usage}, medians of runs that take turns."""
    commands = rivals(bench, path)
    runs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(usage_of(command))
    return {name: medians(found) for name, found in runs.items()}
