"""docs/reference.md says what the code says, captures/README.md what the descriptions of the captures say."""
import re

from make_reference import CAPTURES, REFERENCE, VARIANTS, current, current_captures, findings
from wireshark import ROOT, captures


def test_columns_are_told(wireshark):
    """Each heading of each table stands in its section, in that order."""
    for name in ("registrations", "accounts", "exchanges"):
        section = REFERENCE.read_text().split(f"### siptrail,{name}\n")[1].split("\n##")[0]
        titles = re.split(" {2,}", wireshark.tables(captures()[0], f"siptrail,{name}")[0].strip())
        listed = [t for row in re.findall(r"^\| ([A-Z][^|]*) \|", section, re.M) for t in row.split(", ")]
        assert listed == titles, name


def test_tables_are_up_to_date(wireshark):
    assert REFERENCE.read_text() == current(wireshark), "run tests/e2e/make_reference.py --update, and read the diff"


def test_list_of_captures_is_up_to_date():
    assert CAPTURES.read_text() == current_captures(), "run tests/e2e/make_reference.py --update, and read the diff"


def test_every_finding_has_its_texts():
    rows = findings()
    assert len(rows) > 80
    assert len({row["name"] for row in rows}) == len(rows)
    for row in rows:
        for key in ("brief", "sentence", "fix", "rfc"):
            assert row[key], f"{row['name']} has no {key}"
        assert row["actor"] in ("client", "server", "path", "nobody"), row["name"]


def variant_names():
    text = VARIANTS.read_text()
    table = text[text.index("digest_variants[] = {"):]
    rows = re.findall(r'(?:(METHOD)\(|\{)"([\w-]+)"', table[:table.index("};")])
    assert len(rows) > 60
    return ["method-" + name if method else name for method, name in rows]


def test_every_outcome_and_variant_is_explained():
    text = REFERENCE.read_text()
    for word in ("accepted", "rejected", "stale", "other-realm", "forbidden", "interval-too-brief", "failed", "no-retry",
                 "no-answer", "unknown"):
        assert f"`{word}`" in text, word
    for name in variant_names():
        assert f"`{name}`" in text, name


def test_manual_page_names_every_group_of_fields_and_every_table(wireshark):
    manual = (ROOT / "docs" / "siptrail.4").read_text().replace("\\-", "-")
    fields = wireshark.run(["tshark", "-G", "fields"]).decode("utf-8", "replace").splitlines()
    names = {line.split("\t")[2].removeprefix("siptrail.") for line in fields if line.split("\t")[2].startswith("siptrail.")}
    assert len(names) > 100
    for name in names:
        group = name.split(".")[0]
        assert f"{group}.*" in manual or name in manual, f"docs/siptrail.4 does not name siptrail.{name}"
    for table in set(re.findall(r'"(siptrail,\w+)"', (ROOT / "plugin" / "statistics.c").read_text())):
        assert table in manual, f"docs/siptrail.4 does not name -z {table}"
