"""What Wireshark shows of a capture is the same with this plugin as without it, but for what the plugin adds; and secrets stay secret."""
import functools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wireshark import ROOT, Capture, captures, chosen, uat_record

# One capture for each way in which SIP travels, for what is tested of them only.
SPREAD = ["trunk-registration", "tcp-pipelined", "wss-registration", "tls-registration", "ipv6-tcp",
          "udp-fragments", "vxlan", "gtp", "sctp", "icmp-unreachable", "snaplen-cut", "message-sip-body"]
TRANSUM = ["-2", "--enable-protocol", "transum", "-o", "transum.tcp_port_ranges:5060,5061,8080", "-o",
           "transum.udp_port_ranges:5060-5062"]
USER, REALM, PASSWORD = "trunk", "pbx.example.com", "brass-Kettle-9"

# All captures of findings are one file here: they are many and alike.
FINDINGS = Capture("all-findings", "all-findings.pcapng", (), (), "")
# Another release of Wireshark is asked about half of those that it is asked about elsewhere: what it could do differently, it would do
# there, too.
EVERY = chosen()[::2 if os.environ.get("SIPTRAIL_FEWER") else 1] + [FINDINGS]

named = {capture.name: capture for capture in captures()}
every = pytest.mark.parametrize("capture", EVERY, ids=[capture.name for capture in EVERY])
spread = pytest.mark.parametrize("capture", [named[name] for name in SPREAD], ids=SPREAD)


# --- with and without

@pytest.fixture(scope="module")
def joined(wireshark):
    target = wireshark.path(FINDINGS)
    subprocess.run(["mergecap", "-a", "-w", target, *sorted((ROOT / "captures").glob("finding-*.pcapng"))], check=True)
    target.chmod(0o644)


@pytest.fixture(scope="module")
def both(wireshark, joined):
    """Standard output without and with the plugin."""
    @functools.lru_cache(maxsize=None)
    def one(capture, arguments, folder):
        command = ["tshark", "-n", "-r", wireshark.path(capture), *capture.options, *arguments]
        return wireshark.run(command, plugins=folder).decode("utf-8", "replace")
    return lambda capture, *arguments, folders=("no-plugins", "plugins"): [one(capture, arguments, folder) for folder in folders]


@pytest.fixture(scope="module")
def transum_folders(wireshark):
    """TRANSUM, another post-dissector, is itself a plugin: two more folders, with it alone and with both."""
    environment = {name: value for name, value in os.environ.items() if name != "WIRESHARK_PLUGIN_DIR"}
    listed = subprocess.run(["tshark", "-G", "folders"], capture_output=True, text=True, env=environment, timeout=60).stdout
    path = Path(re.search(r"^Global Plugins:\s*(.*)", listed, re.M).group(1)) / "epan/transum.so"
    if not path.exists():
        pytest.skip("this Wireshark has no TRANSUM")
    for folder, model in (("transum", None), ("transum-siptrail", "plugins")):
        epan = wireshark.folder / folder / path.parents[1].name / "epan"
        shutil.copytree(wireshark.folder / model, wireshark.folder / folder) if model else epan.mkdir(parents=True)
        shutil.copy(path, epan)
    wireshark.make_readable()
    return "transum", "transum-siptrail"


def without_subtree(text):
    """`-V` without the items of SIP Trail, which begin at the margin and go on to the next line that does."""
    return re.sub(r"^\[SIP Trail.*\n(?:[ \t].*\n)*", "", text, flags=re.M)


def only_subtree(text):
    return re.findall(r"^\[SIP Trail.*\n(?:[ \t].*\n)*", text, flags=re.M)


def without_key(packets):
    for packet in packets:
        packet["_source"]["layers"].pop("siptrail", None)
    return packets


def without_element(text):
    """What stands before the packets tells the time of day."""
    text = text[text.index("<packet>"):]
    return re.sub(r'^  <proto name="siptrail".*?^  </proto>\n', "", text, flags=re.M | re.S)


@every
def test_details(capture, both):
    before, after = both(capture, "-V")
    assert "[SIP Trail" in after
    assert without_subtree(after) == before


@every
def test_transum(capture, both, transum_folders):
    before, after = both(capture, *TRANSUM, "-V", folders=transum_folders)
    alone, = both(capture, "-2", "-V", folders=["plugins"])
    assert "[SIP Trail" in after
    assert without_subtree(after) == before
    assert only_subtree(after) == only_subtree(alone)


def test_transum_is_at_work(both, transum_folders):
    before, _ = both(named["trunk-registration"], *TRANSUM, "-V", folders=transum_folders)
    assert "TRANSUM" in before


LUA = """\
local beside = Proto("luabeside", "Lua Beside")
local call_id = ProtoField.string("luabeside.call_id", "Call-ID")
beside.fields = {call_id}
local sip_call_id = Field.new("sip.Call-ID")
function beside.dissector(tvb, pinfo, tree)
    local subtree = tree:add(beside)
    for _, item in ipairs({sip_call_id()}) do
        subtree:add(call_id, tostring(item))
    end
end
register_postdissector(beside)
"""
LUA_LOOKS = """\
local look = Proto("lualook", "Lua Look")
function look.dissector(tvb, pinfo, tree)
    print("tree: " .. tostring(tree))
end
register_postdissector(look)
"""


def lua_script(wireshark, name, text):
    script = wireshark.folder / name
    script.write_text(text)
    script.chmod(0o644)
    return "-X", f"lua_script:{script}"


@spread
def test_lua(capture, wireshark, both):
    """A post-dissector in Lua, which reads SIP fields too: it says the same beside siptrail, and siptrail beside it."""
    script = lua_script(wireshark, "beside.lua", LUA)
    before, after = both(capture, *script, "-V")
    alone, = both(capture, "-V", folders=["plugins"])
    assert "Lua Beside" in before and "[SIP Trail" in after
    assert without_subtree(after) == before
    assert only_subtree(after) == only_subtree(alone)


def test_disabled_wants_nothing(wireshark, both):
    """Without a tree to build Wireshark is faster: disabled, siptrail does not ask for one. Enabled it does, or the test looks amiss."""
    capture = named["trunk-registration"]
    script = lua_script(wireshark, "look.lua", LUA_LOOKS)
    before, enabled = both(capture, *script)
    disabled, = both(capture, "--disable-protocol", "siptrail", *script, folders=["plugins"])
    assert "has subtree=false" in before and "has subtree=true" in enabled
    assert disabled == before


@every
def test_columns(capture, both):
    before, after = both(capture)
    assert before == after


@every
def test_json(capture, both):
    before, after = map(json.loads, both(capture, "-T", "json"))
    assert any("siptrail" in packet["_source"]["layers"] for packet in after)
    assert without_key(after) == before


@every
def test_pdml(capture, both):
    before, after = both(capture, "-T", "pdml")
    assert 'name="siptrail"' in after
    assert without_element(after) == without_element(before)


@every
def test_disabled(capture, both):
    """--disable-protocol siptrail leaves not a byte."""
    before, _ = both(capture, "-V")
    after, = both(capture, "--disable-protocol", "siptrail", "-V", folders=["plugins"])
    assert after == before


# Of all that `tshark -z help` lists, what takes no further arguments.
PLAIN = re.compile(r"(?:conv|endpoints),.*|.*,tree|io,phs|expert|(?:sip|http|sctp|rtsp),stat|rtp,streams|credentials|hosts|"
                   r"(?:icmp|icmpv6),srt|rpc,programs")
FURTHER = ["io,stat,0", "io,stat,1,COUNT(sip)sip,COUNT(sdp)sdp", "flow,any,standard", "proto,colinfo,sip.Method,sip.Method",
           "follow,udp,ascii,0", "follow,tcp,ascii,0"]


@pytest.fixture(scope="module")
def statistics_of_others(wireshark):
    listed = subprocess.run(wireshark.command(["tshark", "-z", "help"], plugins="no-plugins"), capture_output=True, timeout=60)
    names = (listed.stdout + listed.stderr).decode().split()
    names = [name for name in names if PLAIN.fullmatch(name)]
    assert {"sip,stat", "io,phs", "expert", "conv,udp", "endpoints,ip", "rtp,streams", "http,tree"} <= set(names) and len(names) > 50
    return [argument for name in names + FURTHER for argument in ("-z", name)]


HIERARCHY = re.compile(r"siptrail frames:\d+ bytes:\d+")
HEADINGS = re.compile(r"(Errors|Warns|Notes|Chats) \(\d+\)|=+|Frequency Group Protocol Summary")


def without_rows(text):
    """Expert infos have rows for siptrail, and headings, which count them; so has, since Wireshark 4.6, the hierarchy of protocols.
    Columns are as wide as the longest name of a protocol."""
    lines = (" ".join(line.split()) for line in text.splitlines() if "SIP Trail" not in line)
    return [line for line in lines if line and not HEADINGS.fullmatch(line) and not HIERARCHY.fullmatch(line)]


@every
def test_statistics_of_others(capture, both, statistics_of_others):
    before, after = both(capture, "-q", *statistics_of_others)
    assert len(without_rows(before)) > 100
    assert without_rows(after) == without_rows(before)


def test_expert_infos_are_seen(both, statistics_of_others):
    """Or what is left out above is nothing."""
    before, after = both(named["wrong-password"], "-q", *statistics_of_others)
    assert "SIP Trail" in after and "SIP Trail" not in before


# --- what it registers

@pytest.mark.parametrize("report, expected", [
    ("fields", "\tsiptrail.outcome\t"), ("protocols", "SIP Trail\tSIP Trail\tsiptrail"), ("plugins", "siptrail.so"),
    ("defaultprefs", ""), ("decodes", ""), ("values", ""), ("column-formats", "")])
def test_reports(report, expected, wireshark):
    """`tshark -G` names it and has no complaint."""
    result = subprocess.run(wireshark.command(["tshark", "-G", report]), capture_output=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, b"")
    assert expected in result.stdout.decode("utf-8", "replace")


def test_names_are_its_own(wireshark):
    """Every field, expert info and preference that the plugin adds is named siptrail, and no other one is missing."""
    def names(report, column, plugins):
        lines = wireshark.run(["tshark", "-G", report], plugins=plugins).decode("utf-8", "replace").splitlines()
        return {line.split("\t")[column] for line in lines if line.count("\t") >= column and not line.startswith("# ")}
    for report, column in (("fields", 2), ("protocols", 2), ("defaultprefs", 0)):
        without, with_it = (names(report, column, plugins) for plugins in ("no-plugins", "plugins"))
        assert without <= with_it
        assert not [name for name in with_it - without if "siptrail" not in name], report


# --- the credentials table

REFUSED = [
    ((USER, REALM, "passwort", PASSWORD), "Type"),
    ((USER, REALM, "", PASSWORD), "Type"),
    ((USER, REALM, "HA1", "0" * 31), "Secret"),
    ((USER, REALM, "HA1", "0" * 33), "Secret"),
    ((USER, REALM, "HA1", ""), "Secret"),
    ((USER, REALM, "HA1", "g" * 32), "Secret"),
    ((USER, REALM, "HA1", "0" * 31 + "\u00e9"), "Secret"),
    ((USER, REALM, "AKA-K-OP", "0" * 32), "Secret"),
    ((USER, REALM, "AKA-K-OP", "0" * 32 + ":" + "0" * 31), "Secret"),
    ((USER, REALM, "AKA-K-OPc", "0" * 32 + ":" + "x" * 32), "Secret"),
    ((USER, REALM, "AKA-K-OPc", ""), "Secret"),
    ((USER, REALM, "AKA-RES", "0" * 15), "Secret"),
    ((USER, REALM, "AKA-RES", "0" * 6), "Secret"),
    ((USER, REALM, "AKA-RES", "0" * 16 + ":" + "0" * 32), "Secret"),
]


@pytest.mark.parametrize("row, column", REFUSED, ids=[f"{row[2]}-{row[3][:20]}-{len(row[3])}" for row, _ in REFUSED])
def test_refused_row(row, column, wireshark):
    """The complaint names the column and the reason; only the option itself is repeated."""
    option = f"uat:siptrail_credentials:{uat_record(row)}"
    command = wireshark.command(["tshark", "-r", wireshark.path(named["wrong-password"]), "-o", option])
    result = subprocess.run(command, capture_output=True, timeout=60)
    complaint = result.stderr.decode("utf-8", "replace").replace(option, "")
    assert result.returncode != 0 and not result.stdout
    assert re.search(rf"\b{column}\b: \S+ ", complaint), complaint
    assert len(row[3]) < 6 or row[3] not in complaint


def test_refused_file(wireshark):
    """A refused row of the profile's file is told on stderr, without the secret."""
    config = wireshark.folder / "config-refused"
    config.mkdir(exist_ok=True)
    secret = "0123456789abcdef0123456789abcde"
    (config / "siptrail_credentials").write_text(uat_record((USER, REALM, "HA1", secret)) + "\n")
    wireshark.make_readable()
    command = wireshark.command(["tshark", "-n", "-r", wireshark.path(named["wrong-password"]), "-V"], config=config.name)
    result = subprocess.run(command, capture_output=True, timeout=60)
    complaint = result.stderr.decode("utf-8", "replace")
    assert "SIP Trail credentials" in complaint and "Secret: an HA1 has 32 hex digits" in complaint, complaint
    assert secret not in complaint + result.stdout.decode("utf-8", "replace")


# --- whose secret it is

USERS = ["+49301234567", "trunk@pbx.example.com", "*1337", "\u00fcn\u00efc\u00f6de", 'quo"te', "back\\slash", "a,b", "a b", "#hash",
         "%41", "\\x41"]
SECRETS = [PASSWORD, 'p"w', "p\\w", "p\u00e4ss", " leading", "#", "a,b", "x" * 300]
STATUS, EXPERT = "siptrail.digest.status", "_ws.expert.message"


@pytest.fixture(scope="module")
def signed(wireshark):
    """A capture of right digests, one request for each user and secret."""
    from test_hostile import md5, register, send
    from packets import Trace
    trace, accounts = Trace(), [(user, REALM, PASSWORD) for user in USERS] + [(USER, REALM, secret) for secret in SECRETS]
    for number, (user, realm, secret) in enumerate(accounts):
        response = md5(md5(user, realm, secret), f"n{number}", md5("REGISTER", "sip:x"))
        quoted = user.replace("\\", "\\\\").replace('"', '\\"')
        send(trace, register(Call_ID=f"signed-{number}", Authorization=f'Digest username="{quoted}", realm="{realm}", nonce="n{number}", '
                             f'uri="sip:x", response="{response}"'))
    capture = Capture("signed", "signed.pcapng", (), (), "")
    trace.write(wireshark.path(capture))
    return capture, accounts


def verdicts(wireshark, signed, rows):
    """[(status, what is told)] of each request."""
    capture, accounts = signed
    found = wireshark.fields(capture, STATUS, EXPERT, rows=rows)
    return [(found[n][STATUS], "\n".join(found[n].get(EXPERT, []))) for n in range(1, len(accounts) + 1)]


def test_any_octet(wireshark, signed):
    """A row of its own for each user and each secret, whatever octets they are made of: all digests are right."""
    rows = [(user, realm, "password", secret) for user, realm, secret in signed[1]]
    assert [status for status, _ in verdicts(wireshark, signed, rows)] == [["good"]] * len(rows)


@pytest.mark.parametrize("user, realm", [("*", REALM), ("*", "*")])
def test_wildcards(user, realm, wireshark, signed):
    found = verdicts(wireshark, signed, [(user, realm, "password", PASSWORD)])
    expected = [["good"] if secret == PASSWORD else ["bad"] for _, _, secret in signed[1]]
    assert [status for status, _ in found] == expected


def test_wildcard_realm_only(wireshark, signed):
    """The row's user is the whole user of the wire, or what stands before its @."""
    found = verdicts(wireshark, signed, [(USER, "*", "password", PASSWORD)])
    expected = [["unverified"] if user not in (USER, f"{USER}@{REALM}") else ["good"] if secret == PASSWORD else ["bad"] for user,
                _, secret in signed[1]]
    assert [status for status, _ in found] == expected


def test_star_within_is_a_star(wireshark, signed):
    """*1337 and 13* are no patterns."""
    found = verdicts(wireshark, signed, [("*1337", REALM, "password", PASSWORD), ("+49*", REALM, "password", PASSWORD)])
    assert [user for (user, _, _), (status, _) in zip(signed[1], found) if status == ["good"]] == ["*1337"]


def test_other_realm_is_not_tried(wireshark, signed):
    found = verdicts(wireshark, signed, [("*", "elsewhere.example.com", "password", PASSWORD)])
    assert {tuple(status) for status, _ in found} == {("unverified",)}


@pytest.mark.parametrize("position", [1, 2, 5])
def test_every_row_is_tried_and_named(position, wireshark, signed):
    """Of several rows for one user the one that fits is found, and its number told."""
    rows = [(USER, REALM, "password", f"wrong-{n}") for n in range(1, 6)]
    rows[position - 1] = USER, REALM, "password", PASSWORD
    number = next(n for n, (user, _, secret) in enumerate(signed[1]) if (user, secret) == (USER, PASSWORD))
    status, told = verdicts(wireshark, signed, rows)[number]
    assert status == ["good"]
    assert f"configured credential {position}" in told


def test_secrets_are_never_shown(wireshark, signed):
    """Neither in any output nor in a complaint, whether the digest is right or wrong."""
    secrets = {secret for _, _, secret in signed[1] if len(secret) > 4} | {"wrong-secret", "d1ce" * 8}
    rows = [("*", "*", "password", secret) for secret in secrets if not secret.startswith("d1ce")] + [(USER, REALM, "HA1", "d1ce" * 8)]
    for arguments in (["-V"], ["-T", "json"], ["-T", "pdml"], ["-q", "-z", "siptrail,exchanges"], ["-z", "expert"]):
        command = ["tshark", "-n", "-r", wireshark.path(signed[0]), *wireshark.options(signed[0], rows), *arguments]
        result = subprocess.run(wireshark.command(command), capture_output=True, timeout=60)
        text = (result.stdout + result.stderr).decode("utf-8", "replace")
        assert result.returncode == 0 and not [secret for secret in secrets if secret in text]
