#!/usr/bin/python3
"""Writes the generated tables of docs/reference.md (fields from `tshark -G fields`, findings from findings.def) and of
captures/README.md (from its two .json files).

make_reference.py --update   rewrites the tables between their markers; test_reference.py tells when they are out of date
"""
import json
import os
import re
import sys

from wireshark import ROOT, Wireshark

REFERENCE = ROOT / "docs" / "reference.md"
CAPTURES = ROOT / "captures" / "README.md"
FINDINGS = ROOT / "plugin" / "core" / "findings.def"
VARIANTS = ROOT / "plugin" / "core" / "digest_variants.c"
TYPES = {"FT_STRING": "string", "FT_FRAMENUM": "frame", "FT_RELATIVE_TIME": "time", "FT_NONE": "subtree",
         "FT_BOOLEAN": "yes or no", "FT_UINT16": "number", "FT_UINT32": "number", "FT_PROTOCOL": "protocol"}
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def findings():
    """The rows of findings.def as dictionaries."""
    text = re.sub(r"/\*.*?\*/", "", FINDINGS.read_text(), flags=re.S)
    rows = []
    for body in re.findall(r"^FINDING\((.*?)\)\s*$(?=\s*(?:FINDING|\Z))", text, flags=re.S | re.M):
        joined = re.sub(r'"\s*\n\s*"', "", body)
        id_, severity, group, stage = re.match(r'(\w+), "[^"]*", (\w+), (\w+), "[^"]*", (\w+)', joined).groups()
        strings = [s.replace('\\"', '"') for s in STRING.findall(joined)]
        name, actor, brief, sentence, fix, rfc = strings
        rows.append({"id": id_, "name": name, "severity": severity.lower(), "group": group.lower(), "stage": stage,
                     "actor": actor, "brief": brief, "sentence": sentence, "fix": fix, "rfc": rfc})
    return rows


def field_table(wireshark):
    lines = ["| field | type | meaning |", "|---|---|---|"]
    for line in wireshark.run(["tshark", "-G", "fields"]).decode().splitlines():
        cells = line.split("\t")
        if cells[0] != "F" or cells[4] != "siptrail" or cells[2].startswith("siptrail.finding."):
            continue
        lines.append(f"| `{cells[2]}` | {TYPES[cells[3]]} | {cells[7] or cells[1]} |")
    return lines


def finding_table():
    lines = ["| `siptrail.finding.` | severity | who acts | what it says | what to do | rule |", "|---|---|---|---|---|---|"]
    for row in findings():
        sentence = row["sentence"].replace("|", "\\|")
        fix = row["fix"].replace("{remedy}", "what the table of [variants](#digest-verdicts) says")
        fix = fix.replace("{by_code}", "by the status code: go where Contact says (3xx), compare the address with the server's accounts (404), raise "
                                       "the interval (423), look at the server's log (5xx); else go by the reason phrase")
        lines.append(f"| `{row['name']}` | {row['severity']} | {row['actor']} | {sentence} | {fix} | {row['rfc']} |")
    return lines


def mistakes():
    """(names, what the client does, remedy) of the variants that do not conform."""
    text = VARIANTS.read_text()
    fixes = dict(re.findall(r'^#define (\w+_FIX)\s+(?:\\\s*)?"(.*)"$', text, flags=re.M))
    says = re.search(r'"(signs as if [^"]*)" method, STACK_FIX', text).group(1)
    table = text[text.index("digest_variants[] = {"):]
    methods = re.findall(r'METHOD\("(\w+)"\)', table)
    yield [f"method-{method}" for method in methods], says + "such a one", fixes["STACK_FIX"]
    for row in re.findall(r'^    \{(.*)\},$', table, flags=re.M):
        name, mistake, fix = re.match(r'"([\w-]+)", \w+, \w+, "[^"]*", "([^"]*)", (.*)$', row).groups()
        if mistake:
            yield [name], mistake, fixes.get(fix) or fix.strip('"')


def mistake_table():
    return ["| variant | the client … | what to do |", "|---|---|---|", *(f"| {', '.join(f'`{name}`' for name in names)} | {says} | {fix} |" for names, says, fix in mistakes())]


def as_cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def capture_table():
    """One line for each recording of captures/index.json."""
    lines = ["| capture | what happened | stacks | how it came about | credentials: user, realm, type, secret |", "|---|---|---|---|---|"]
    for name, entry in sorted(json.loads((ROOT / "captures" / "index.json").read_text()).items()):
        credentials = "<br>".join("`" + "`, `".join(row) + "`" for row in entry["credentials"]) or "-"
        origin = f"{entry['origin']}, `{entry['recipe'].removeprefix('captures/')}`"
        lines.append(f"| `{name}` | {as_cell(entry['story'])} | {as_cell(entry['stacks'])} | {as_cell(origin)} | {as_cell(credentials)} |")
    return lines


def built_table():
    """One line for each packet trace that was made by hand to show one finding."""
    lines = ["| capture | what happens |", "|---|---|"]
    for name, entry in sorted(json.loads((ROOT / "captures" / "findings.json").read_text()).items()):
        if entry["origin"] == "built":
            lines.append(f"| `{name}` | {as_cell(entry['story'])} |")
    return lines


def rewritten(text, tables):
    for name, lines in tables.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        head, _, rest = text.partition(begin)
        _, _, tail = rest.partition(end)
        text = "\n".join([head + begin, *lines, end + tail])
    return text


def current(wireshark):
    return rewritten(REFERENCE.read_text(), {"fields": field_table(wireshark), "variants": mistake_table(), "findings": finding_table()})


def current_captures():
    return rewritten(CAPTURES.read_text(), {"recordings": capture_table(), "built": built_table()})


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit(__doc__)
    started = Wireshark(os.environ.get("SIPTRAIL_PLUGIN", ROOT / "build" / "plugin" / "siptrail.so"))
    REFERENCE.write_text(current(started))
    CAPTURES.write_text(current_captures())
    started.close()
