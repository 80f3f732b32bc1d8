"""In one pass of tshark the plugin is at work if what it finds is seen somewhere, and only then."""
import subprocess

import pytest

from test_no_harm import lua_script
from wireshark import captures

NAMED = {capture.name: capture for capture in captures()}
CAPTURE = NAMED["trunk-registration"]
RESTS = "nothing of SIP Trail is asked for"

FIELD = """\
local cause = Field.new("siptrail.outcome")
local tap = Listener.new("frame")
function tap.packet() for _, item in ipairs({cause()}) do print("seen: " .. item.display) end end
"""
TAP = """\
local seen = 0
local tap = Listener.new("siptrail")
function tap.packet() seen = seen + 1 end
function tap.draw() print("seen: " .. seen) end
"""
POST_DISSECTOR = """\
local look = Proto("lualook", "Lua Look")
local outcome = Field.new("siptrail.outcome")
function look.dissector() for _, item in ipairs({outcome()}) do print("seen: " .. item.display) end end
register_postdissector(look)
"""

# How somebody may ask, and what stands in the output then, but not without the plugin.
ASKED = {
    "filter": (["-Y", "siptrail"], "401 Unauthorized"),
    "filter of a field": (["-Y", 'siptrail.outcome == "accepted"'], "200 OK"),
    "filter of a finding": (["-Y", "siptrail.finding.md5_only"], "401 Unauthorized"),
    "filter of any expert info": (["-Y", '_ws.expert.message contains "only algorithm"'], "401 Unauthorized"),
    "details": (["-V"], "SIP Trail: 401"),
    "details of one protocol": (["-O", "siptrail"], "SIP Trail: 401"),
    "fields": (["-T", "fields", "-e", "siptrail.outcome"], "accepted"),
    "title": (["-T", "fields", "-e", "siptrail"], "SIP Trail: 401 for trunk@pbx.example.com: asks for credentials"),
    "json": (["-T", "json"], '"siptrail.outcome": "accepted"'),
    "json of one field": (["-T", "json", "-e", "siptrail.outcome"], '"siptrail.outcome"'),
    "ek": (["-T", "ek"], '"siptrail_siptrail_outcome":"accepted"'),
    "pdml": (["-T", "pdml"], 'name="siptrail.outcome"'),
    "column of a field": (["-o", 'gui.column.format:"Info","%i","Outcome","%Cus:siptrail.outcome"'], "accepted"),
    "column of expert infos": (["-o", 'gui.column.format:"Expert","%a"'], "Chat"),
    "info column": (["-o", "siptrail.info_column:outcome"], "[accepted]"),
    "table": (["-q", "-z", "siptrail,exchanges"], "accepted"),
    "table of accounts": (["-q", "-z", "siptrail,accounts"], "accepted"),
    "expert infos": (["-q", "-z", "expert"], "SIP Trail"),
    "column by a tap": (["-z", "proto,colinfo,siptrail.outcome,siptrail.outcome"], 'siptrail.outcome == "accepted"'),
    "intervals": (["-q", "-z", "io,stat,0,COUNT(siptrail.outcome)siptrail.outcome"], "COUNT"),
    "field in Lua": (FIELD, "seen: accepted"),
    "tap in Lua": (TAP, "seen: 4"),
    "post-dissector in Lua": (POST_DISSECTOR, "seen: accepted"),
}
NOT_ASKED = {
    "listing": [],
    "filter": ["-Y", "sip"],
    "table": ["-q", "-z", "sip,stat"],
}


def output(wireshark, arguments):
    command = wireshark.command(["tshark", "--log-level", "info", "--log-domains", "siptrail", "-n", "-r", wireshark.path(CAPTURE), *arguments])
    result = subprocess.run(command, cwd=wireshark.folder, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr


def spelt(wireshark, way):
    return lua_script(wireshark, "asks.lua", way) if isinstance(way, str) else way


@pytest.mark.parametrize("name", ASKED)
def test_asked(wireshark, name):
    way, expected = ASKED[name]
    shown, log = output(wireshark, spelt(wireshark, way))
    assert RESTS not in log
    assert expected in shown


@pytest.mark.parametrize("name", NOT_ASKED)
def test_not_asked(wireshark, name):
    """What is printed is what tshark prints without the plugin; that it is so for all captures see test_no_harm."""
    shown, log = output(wireshark, NOT_ASKED[name])
    assert RESTS in log
    assert shown == wireshark.run_without_plugin(["tshark", "-n", "-r", wireshark.path(CAPTURE), *NOT_ASKED[name]]).decode()


@pytest.mark.parametrize("name", NOT_ASKED)
def test_two_passes(wireshark, name):
    """The first of two passes cannot know what the second one is asked."""
    _, log = output(wireshark, ["-2", *NOT_ASKED[name]])
    assert RESTS not in log
