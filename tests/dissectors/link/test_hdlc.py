"""HDLC frames: the verified sample frames, every kind, address forms, problems, Cursor equals Trace."""

import json
from pathlib import Path
from typing import Any

import pytest
from encode import hdlc as encode
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import problem
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Node, Stop, Trace
from dissectors.link.hdlc import CONTROLS, FIELDS, Hdlc, Negotiation, Reject, dissect
from dissectors.record import Direction

UP, DOWN, UNKNOWN = Direction.TO_SERVER, Direction.TO_CLIENT, Direction.UNKNOWN

# frame, kind, client, server, physical, direction, what else
SAMPLES: list[tuple[str, str, int, int, int, int, dict[str, Any]]] = [
    ("7EA0070321930F017E", "SNRM", 16, 1, -1, UP, {"poll": True, "info": (6, 6)}),
    ("7EA00721037301407E", "UA", 16, 1, -1, DOWN, {}),
    ("7EA00703215303C77E", "DISC", 16, 1, -1, UP, {}),
    ("7EA00721031F6BE97E", "DM", 16, 1, -1, DOWN, {}),
    ("7EA00703211115A67E", "RR", -1, -1, -1, UNKNOWN, {"nr": 0, "ns": -1}),
    ("7EA00703213117877E", "RR", -1, -1, -1, UNKNOWN, {"nr": 1}),
    ("7EA00721033533677E", "RNR", -1, -1, -1, UNKNOWN, {"nr": 1, "poll": True}),
    ("7EA00703211307857E", "UI", -1, -1, -1, UNKNOWN, {"poll": True}),
    ("7EA00802232193BD647E", "SNRM", 16, 1, 17, UP, {}),
    ("7EA00A000200232193 18717E", "SNRM", 16, 1, 17, UP, {}),
    (
        "7EA0230002002321 93A253 818014 05020080 06020080 070400000001 080400000001 CE6A7E",
        *("SNRM", 16, 1, 17, UP, {"detail": Negotiation(128, 128, 1, 1)}),
    ),
    (
        "7EA01E210373C37A 818012 050180 060180 070400000001 080400000001 533B7E",
        *("UA", 16, 1, -1, DOWN, {"detail": Negotiation(128, 128, 1, 1)}),
    ),
    (
        "7EA02B032110FBAFE6E600601DA109060760857405080101BE10040E01000000065F1F0400007E1FFFFF99C87E",
        *("I", 16, 1, -1, UP, {"llc": True, "ns": 0, "nr": 0}),
    ),
    ("7EA0190321107FDAE6E600C001C100030100010800FF020032687E", "I", 16, 1, -1, UP, {"info": (8, 24)}),
    ("7EA0152103 3049CAE6E700C401C1000600000001F4097E", "I", 16, 1, -1, DOWN, {"nr": 1}),
    ("7EA814210330D28CE6E700C401C100090401024D987E", "I", 16, 1, -1, DOWN, {"segmented": True}),
    ("7EA00B210352BEE7030492907E", "I", -1, -1, -1, UNKNOWN, {"ns": 1, "nr": 2, "llc": False}),
    ("7EA00C2103973E211000016B5B7E", "FRMR", 16, 1, -1, DOWN, {"detail": Reject(0x10, 0, 0, False, 1)}),
    (
        "7EA00F0300022C29971B60540010743F7E",
        *("FRMR", 1, 1, 2836, DOWN, {"detail": Reject(0x54, 0, 0, False, 0x10)}),
    ),
    (
        "7EA01F0002FEFF0303BD43E6E600C30181000900000A006AFF010112 0001B7337E",
        *("UI", 1, 1, 0x3FFF, UP, {"poll": False}),
    ),
    ("7EA013CEFFCD1361D5E6E6001D64001400002C667E", "UI", 102, 103, 127, UP, {}),
]


def read(octets: bytes, pos: int = 0) -> tuple[Hdlc | None, list[str]]:
    c = Cursor(octets, pos, short=problem.HDLC_TRUNC)
    try:
        value = dissect(c, EMPTY)
        found = c.problems
    except Stop as stopped:
        value, found = None, (*c.problems, stopped.problem)
    return value, [p.kind.code for p in found]


@pytest.mark.parametrize(("text", "kind", "client", "server", "physical", "direction", "more"), SAMPLES)
def test_sample(
    text: str, kind: str, client: int, server: int, physical: int, direction: int, more: dict[str, Any]
) -> None:
    value, found = read(bytes.fromhex(text))
    assert found == []
    assert value is not None and value.good and value.complete
    assert (value.kind, value.client, value.server, value.direction) == (kind, client, server, direction)
    assert value.physical == physical
    assert {name: getattr(value, name) for name in more} == more


@pytest.mark.parametrize("flags", ["both", "opening", "closing", "none"])
def test_flags_are_optional(flags: str) -> None:
    whole = encode.frame("I", info=encode.COMMAND + b"\xc0\x01\xc1")
    octets = {"both": whole, "opening": whole[:-1], "closing": whole[1:], "none": whole[1:-1]}[flags]
    value, found = read(octets)
    assert value is not None and found == [] and value.good
    assert octets[slice(*value.info)] == encode.COMMAND + b"\xc0\x01\xc1"


@pytest.mark.parametrize(
    ("octets", "upper", "lower"),
    [("03", 1, -1), ("0223", 1, 0x11), ("00020023", 1, 0x11), ("0002FEFF", 1, 0x3FFF), ("4868FEFF", 0x1234, 0x3FFF)],
)
def test_address(octets: str, upper: int, lower: int) -> None:
    value, _ = read(encode.body(bytes.fromhex(octets), b"\x75", 0x93))
    assert value is not None
    assert (value.server, value.physical, value.client) == (upper, lower, 0x3A)
    assert value.addresses == bytes.fromhex(octets) + b"\x75"


def test_control_field_table() -> None:
    """Every one of the 256 values has a kind; the repertoire as in the table of clause 6.4.3."""
    kinds = {c.kind for c in CONTROLS if not c.kind.startswith("unknown")}
    assert kinds == {"I", "RR", "RNR", "REJ", "SREJ", "SNRM", "DISC", "UA", "DM", "FRMR", "UI"}
    assert CONTROLS[0x54] == ("I", 2, 2, True)
    assert CONTROLS[0xB5] == ("RNR", -1, 5, True)
    assert CONTROLS[0x93] == ("SNRM", -1, -1, True)
    assert CONTROLS[0x83].poll is False
    assert CONTROLS[0xFF].kind == "unknown-0xFF"


def damaged(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


I_FRAME = encode.frame("I", info=encode.COMMAND + b"\xc0\x01")


@pytest.mark.parametrize(
    ("octets", "codes"),
    [
        (damaged(I_FRAME, len(I_FRAME) - 2), ["hdlc.fcs"]),
        (damaged(I_FRAME, 9), ["hdlc.hcs", "hdlc.fcs"]),
        (damaged(I_FRAME, len(I_FRAME) - 1), ["hdlc.flag"]),
        (I_FRAME[:-4], ["hdlc.trunc"]),
        (I_FRAME[:5], ["hdlc.trunc", "hdlc.trunc"]),
        (b"\x7e\x90" + I_FRAME[2:], ["hdlc.fmt"]),
        (bytes.fromhex("7EA005032193"), ["hdlc.len"]),
        (encode.body(b"\x02\x02\x03", b"\x21", 0x93), ["hdlc.addr-len"]),
        (encode.body(b"\x02\x02\x02\x02\x03", b"\x21", 0x93), ["hdlc.addr-len"]),
        (encode.body(b"\x03", b"\x21", 0x19), ["hdlc.ctl"]),
        (encode.body(b"\x03", b"\x21", 0xFF), ["hdlc.ctl"]),
        (encode.body(b"\x03", b"\x21", 0x83), ["hdlc.p0"]),
        (encode.body(b"\x21", b"\x03", 0x0F), ["hdlc.p0"]),
        (encode.body(b"\x03", b"\x21", 0x10), ["hdlc.info-missing"]),
        (encode.body(b"\x03", b"\x21", 0x11, b"abc"), ["hdlc.info-forbidden"]),
        (encode.body(b"\x03", b"\x21", 0x93, b"\x81\x81\x00"), ["hdlc.neg-fmt"]),
        (encode.body(b"\x03", b"\x21", 0x93, b"\x81\x80\x09\x05\x01\x80"), ["hdlc.neg-fmt"]),
        (encode.body(b"\x03", b"\x21", 0x93, b"\x81\x80\x03\x05\x02\x80"), ["hdlc.neg-fmt"]),
        (encode.body(b"\x03", b"\x21", 0x93, b"\x81"), ["hdlc.neg-fmt"]),
        (encode.body(b"\x21", b"\x03", 0x97, b"\x10"), ["hdlc.len"]),
        (bytes.fromhex("7EA0082103103333337E"), ["hdlc.len", "hdlc.fcs"]),
    ],
)
def test_problems(octets: bytes, codes: list[str]) -> None:
    value, found = read(octets)
    assert [code for code in found if code != "hdlc.info-missing" or code in codes] == codes
    if codes[0] in ("hdlc.fcs", "hdlc.hcs", "hdlc.trunc") and value is not None:
        assert not value.good


def test_hcs_without_information() -> None:
    head = bytes.fromhex("A009032111")
    octets = head + encode.check(head)
    value, found = read(octets + encode.check(octets))
    assert found == ["hdlc.hcs-noinfo"] and value is not None and value.good


def test_parameters_with_unknown_identifier_and_user_data() -> None:
    info = b"\x81\x80\x0a" + b"\x05\x01\x40" + b"\x77\x02\x01\x01" + b"\x07\x01\x02" + b"\xf0\x01\x02"
    value, found = read(encode.body(b"\x03", b"\x21", 0x93, info))
    assert found == [] and value is not None
    assert value.detail == Negotiation(max_info_tx=64, window_tx=2)


def leaves(nodes: list[Node]) -> list[Node]:
    return [leaf for node in nodes for leaf in (leaves(node.children) if node.children else [node])]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_cursor_equals_trace(data: st.DataObject) -> None:
    """Both readers give equal values and problems, for any octets; the tree stays inside and in order."""
    octets = data.draw(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(SAMPLES).map(lambda s: bytes.fromhex(s[0])),
            st.tuples(st.sampled_from(SAMPLES), st.integers(0, 30), st.integers(0, 255)).map(
                lambda t: bytes.fromhex(t[0][0])[: t[1]] + bytes([t[2]]) + bytes.fromhex(t[0][0])[t[1] + 1 :]
            ),
        )
    )
    results = []
    for reader in (Cursor, Trace):
        c = reader(octets, short=problem.HDLC_TRUNC)
        try:
            results.append((dissect(c, EMPTY), c.problems))
        except Stop as stopped:
            results.append((None, (*c.problems, stopped.problem)))
    assert results[0] == results[1]
    assert isinstance(c, Trace)
    tree = c.finish()
    for leaf in leaves(tree):
        assert 0 <= leaf.start <= leaf.end <= len(octets)
        assert leaf.field in FIELDS
    value = results[0][0]
    if value is not None and value.good and octets[:1] == b"\x7e" and octets[-1:] == b"\x7e":
        covered = {place for node in tree for place in range(node.start, node.end)}
        assert covered >= set(range(value.length + 1))


def test_corpus_addresses_and_kinds(corpus: Path) -> None:
    """Single frames that others recorded: addresses, kind and P/F as their own tools state."""
    seen = 0
    for path in sorted(corpus.glob("hdlc-frame/*.json")):
        detail = json.loads(path.read_text())
        octets = bytes.fromhex(path.with_suffix(".hex").read_text())
        for item in (detail.get("derived_by_us", {}).get("link") or {}).get("hdlc", []):
            value, _ = read(octets[item["off"] :])
            assert value is not None, path.name
            assert value.length == item["len"] and value.segmented == item["seg"]
            assert value.destination.octets.hex() == item["dst"] and value.source.octets.hex() == item["src"]
            assert value.kind == item["ctrl"].split()[0] and value.poll == item["pf"]
            assert value.good == (item["fcs_ok"] and item.get("hcs_ok", True))
            seen += 1
    assert seen > 25
