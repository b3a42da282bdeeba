"""A capture whose every text is hostile to a screen: markup, control, bidi, wide and combining characters, a
megabyte in one value, a tree of 20 000 nodes."""

from pathlib import Path

from encode import acse, axdr, blocks, wrapper, xdlms
from traffic import START_NS, STEP_NS, Sent, tcp_packets

from captures.pcapng_write import PcapngWriter
from dissectors.data_types import Data

ETHERNET = 1
TEXTS = (
    "[red]markup[/red] [@click=app.quit]x[/] [/nobody] \\[",
    "\x1b[2J\x1b]0;title\x07\x1b[31mred\r\n\t\x00\x08\x9b2J",
    "宽字符と全角ｗｉｄｅ　🏠👨‍👩‍👧‍👦🇩🇪",
    "e\u0301" * 40 + "Z\u0351\u0357\u0313\u0308\u0344" * 20 + "\u200d\ufe0f",
    "\u202ereversed\u202c \u2066isolated\u2069 \u200b\ufeff\u2028\u2029",
    "=HYPERLINK(\"http://evil.invalid\",\"x\")",
)  # fmt: skip
LONG = 1_000_000
NODES = 20_000
BLOCK = 30_000
NAME = "[b]1\u202e宽.pcapng"


def asked(number: int, value: Data) -> list[Sent]:
    """A read of an object of its own; in blocks where the value is long."""
    target = xdlms.attribute(1, bytes((0, 0, 96, 1, number, 255)), 2)
    units = [Sent(True, xdlms.get_request_normal(0xC1, target))]
    raw = axdr.data(value)
    if len(raw) < BLOCK:
        return [*units, Sent(False, xdlms.get_response_normal(0xC1, value))]
    parts = blocks.cut(raw, BLOCK)
    for n, part in enumerate(parts, 1):
        units.append(Sent(False, blocks.carried("get-response", n == len(parts), n, part)))
        if n < len(parts):
            units.append(Sent(True, blocks.acknowledged("get-response", n)))
    return units


def units() -> list[Sent]:
    values = [Data("utf8-string", text) for text in TEXTS]
    values += [Data("visible-string", TEXTS[1]), Data("octet-string", TEXTS[3].encode().hex())]
    values.append(Data("visible-string", "[b]" + "A" * LONG))
    values.append(Data("array", [Data("structure", [Data("unsigned", n % 256)]) for n in range(NODES // 2)]))
    out = [Sent(True, acse.aarq()), Sent(False, acse.aare())]
    for number, value in enumerate(values):
        out += asked(number, value)
    out.append(Sent(True, xdlms.get_request_normal(0xC1, xdlms.attribute(8))))
    out.append(Sent(False, b"\x80\x1b[2J[red]" + bytes(range(256))))  # nothing that anybody knows
    return out


def write(folder: Path) -> Path:
    """The capture, under a name that is no better."""
    path = folder / NAME
    sent = [Sent(s.up, wrapper.pdu(s.octets, *((16, 1) if s.up else (1, 16)))) for s in units()]
    with path.open("wb") as file:
        writer = PcapngWriter(file, comment=TEXTS[1])
        writer.interface(ETHERNET, name=TEXTS[0], description=TEXTS[1])
        for n, packet in enumerate(tcp_packets(sent)):
            writer.packet(0, START_NS + n * STEP_NS, packet, comment=TEXTS[n % len(TEXTS)] if n < 20 else None)
    return path
