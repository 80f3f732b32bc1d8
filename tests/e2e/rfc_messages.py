"""The SIP messages that an RFC prints, as captures: one for each section of it."""
import gzip
import re
import struct

START = re.compile(r"^( *)(SIP/2\.0 [1-6]\d\d.*|[A-Z]{3,9} (?:sips?|tel|pres|im|urn):\S* SIP/2\.0)\s*$")
SECTION = re.compile(r"^(\d+(?:\.\d+)*)\.?  ?\S.*\D$")
FLOW = re.compile(r"^\W*F?\d*:?\s*(?:\(\d+\) )?(?:SIP/2.0 )?(?:[A-Z]{3,}|\d{3})\b.*?([A-Z][\w ]*?)\s*-+>\s*([A-Z][\w ]*)")
HEADER = re.compile(r"^[A-Za-z][A-Za-z-]*\s*:")
FURNITURE = re.compile(r"^\f|^RFC \d+ |\[Page \d+\]\s*$")
PAGE = "\f"


def read_lines(path):
    """Without the head and foot of pages: a break is one line of its own, and an empty line or not."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", errors="replace") as text:
        lines = [line.rstrip("\n") for line in text]
    kept = []
    for line in lines:
        if FURNITURE.search(line):
            while kept and not kept[-1].strip(" "):
                kept.pop()
            if kept and kept[-1] != PAGE:
                kept.append(PAGE)
        elif line.strip() or not kept or kept[-1] != PAGE:
            kept.append(line)
    return kept


def goes_on(line):
    return bool(HEADER.match(line.strip())) or line.strip()[:1] in (";", ",")


def take_headers(lines, i, indent):
    """The header lines from i on, and where they end."""
    headers = []
    while i < len(lines):
        line = lines[i]
        text, depth = line.strip(), len(line) - len(line.lstrip())
        if line == PAGE:
            if i + 1 == len(lines) or not goes_on(lines[i + 1]):
                break
        elif not text or depth < indent or START.match(line) or FLOW.match(line):
            break
        elif HEADER.match(text) and depth <= indent + 1:
            headers.append(text)
        elif headers:
            headers.append(" " + text)
        else:
            break
        i += 1
    return headers, i


def take_body(lines, i):
    """What stands behind one empty line, up to the next."""
    while i < len(lines) and not lines[i].strip():
        i += 1
    body = []
    while i < len(lines) and lines[i].strip() and not START.match(lines[i]):
        body.append(lines[i].strip())
        i += 1
    return body, i


def messages(lines):
    """(section, who sends it to whom or None, start line, headers, body)"""
    section, ends, i = "0", None, 0
    while i < len(lines):
        start = START.match(lines[i])
        if not start:
            heading, flow = SECTION.match(lines[i]), FLOW.match(lines[i])
            section, ends = (heading[1], None) if heading else (section, ends)
            ends = (flow[1].strip(), flow[2].strip()) if flow else ends
            i += 1
            continue
        headers, i = take_headers(lines, i + 1, len(start[1]))
        body = []
        if any(re.match(r"(?i)(content-type|c)\s*:", h) for h in headers):
            body, i = take_body(lines, i)
        if len(headers) > 2:
            yield section, ends, start[2].strip(), headers, body
        ends = None


def value(headers, name):
    return next((h.partition(":")[2].strip() for h in headers if re.match(rf"(?i){name}\s*:", h)), "")


def packet(seconds, source, target, payload):
    udp = struct.pack("!HHHH", 5060, 5060, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, *source, *target) + udp
    return struct.pack("<IIII", int(seconds), int(seconds % 1 * 1e6), len(ip), len(ip)) + ip


class Hosts:
    """An address for each name; where none is told, the sender is the one in the topmost Via."""

    def __init__(self):
        self.names, self.ways = {}, {}

    def address(self, name):
        return 198, 51, 100, self.names.setdefault(name, len(self.names) + 1) % 254

    def way(self, section, ends, start, headers):
        via = re.sub(r";(?!branch).*?(?=;|$)", "", value(headers, "v(?:ia)?"))
        key = section, via, value(headers, "cseq").split()[-1:]
        guess = self.address(via.split(";")[0]), self.address("server of " + via.split(";")[0])
        if start.startswith("SIP"):
            return tuple(reversed(self.ways.get(str(key), guess)))
        self.ways[str(key)] = tuple(map(self.address, ends)) if ends else guess
        return self.ways[str(key)]


def captures(path):
    """{section: octets of a pcap file}"""
    sections, hosts = {}, Hosts()
    for section, ends, start, headers, body in messages(read_lines(path)):
        packets = sections.setdefault(section, [])
        text = "\r\n".join([*body, ""]) if body else ""
        kept = [h for h in headers if not re.match(r"(?i)(content-length|l)\s*:", h)]
        octets = "\r\n".join([start, *kept, f"Content-Length: {len(text.encode())}", "", text]).encode()
        packets.append(packet(1_000_000_000 + 0.2 * len(packets), *hosts.way(section, ends, start, headers), octets[:60000]))
    head = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)      # raw IP
    return {section: head + b"".join(packets) for section, packets in sections.items()}
