"""LLC header: both directions, other LSAPs, quality, too short."""

import pytest

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.layer import walk
from dissectors.link import hdlc, llc
from dissectors.record import Direction

LAYERS = {"hdlc": hdlc.LAYER, "llc": llc.LAYER}


@pytest.mark.parametrize(
    ("octets", "direction", "codes"),
    [
        ("E6E600C0", Direction.TO_SERVER, []),
        ("E6E700C4", Direction.TO_CLIENT, []),
        ("E6E700C4", Direction.UNKNOWN, []),
        ("FFE600C0", Direction.TO_SERVER, []),
        ("E6E700C4", Direction.TO_SERVER, ["hdlc.llc"]),
        ("E6E600C4", Direction.TO_CLIENT, ["hdlc.llc"]),
        ("E7E600C4", Direction.UNKNOWN, ["hdlc.llc"]),
        ("E6E800C4", Direction.UNKNOWN, ["hdlc.llc"]),
        ("E6E601C4", Direction.UNKNOWN, ["hdlc.llc-q"]),
    ],
)
def test_header(octets: str, direction: Direction, codes: list[str]) -> None:
    c = Cursor(bytes.fromhex(octets))
    value = llc.dissect(c, Context(direction))
    assert [p.kind.code for p in c.problems] == codes
    assert value.apdu == (3, 4)


def test_in_a_frame() -> None:
    octets = bytes.fromhex("7EA0190321107FDAE6E600C001C100030100010800FF020032687E")
    outer, inner = walk(octets, "hdlc", LAYERS, Context(Direction.TO_SERVER), trace=True)
    assert (outer.layer, inner.layer) == ("hdlc", "llc")
    assert octets[slice(*inner.value.apdu)].hex().upper() == "C001C100030100010800FF0200"
    assert [node.field.code for node in inner.tree] == [f.code for f in llc.LAYER.fields]


def test_no_header_in_a_continuation() -> None:
    (only,) = walk(bytes.fromhex("7EA00B210352BEE7030492907E"), "hdlc", LAYERS, Context())
    assert only.value is not None


def test_too_short() -> None:
    (only,) = walk(b"\xe6\xe6", "llc", LAYERS, Context())
    assert only.value is None and [p.kind.code for p in only.problems] == ["hdlc.trunc"]
