"""Framer of lines that speak text and HDLC: every chunking alike, no octet lost, what waits and for what."""

import itertools

import pytest
from encode import hdlc
from encode.iec62056_21 import block, even, odd, telegram
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.link.framing import Chunk, Unit
from dissectors.link.hdlc_framer import NOISE_MAX
from dissectors.link.iec62056_21_framer import MESSAGE_MAX, Framer
from dissectors.link.iec62056_21_shape import NULS_MIN

MS = 1_000_000
SNRM, UA, DISC = hdlc.frame("SNRM"), hdlc.frame("UA", False), hdlc.frame("DISC")
INFORMATION = hdlc.frame("I", info=hdlc.COMMAND + b"/?!\r\n/XYZ5METER\r\n\x06050\r\n")
REQUEST, NAME, SELECT = b"/?!\r\n", b"/XYZ5\\2METER\r\n", b"\x06252\r\n"
DATA = block(b"\x021.8.0(000123.4*kWh)\r\nC.1(1)\r\n!\r\n\x03")
MORE = block(b"\x021.8.0(000123.4*kWh)\r\n\x04")
P1 = telegram(b"XYZ5\\2EXAMPLE", b"1-0:1.8.1(000123.456*kWh)", b"0-1:24.2.1(240101115500W)(00012.345*m3)")
FLAGGED = next(  # a block check character that is the flag of HDLC
    b for a in range(65, 91) for c in range(65, 123) if (b := block(b"\x02C.1(%c%c)\x03" % (a, c)))[-1] == 0x7E
)
MODE_E = REQUEST + NAME + SELECT + SELECT + SNRM + UA + DISC + UA
NAMES_E = ["request", "identification", "option-select", "option-select", "SNRM", "UA", "DISC", "UA"]


def units(*chunks: bytes) -> list[Unit]:
    framer = Framer()
    out = [unit for number, octets in enumerate(chunks, 1) for unit in framer.feed(Chunk(octets, number))]
    return out + framer.end()


def told(found: list[Unit]) -> list[tuple[object, ...]]:
    return [(u.kind, u.octets, u.problems, u.trusted, u.value) for u in found]


def kinds(stream: bytes) -> list[str]:
    """Kinds of the units of a stream, which every chunking must give alike; no octet is lost."""
    whole = units(stream)
    single = units(*[stream[i : i + 1] for i in range(len(stream))])
    assert told(single) == told(whole)
    assert b"".join(u.octets for u in whole) == stream
    return [u.kind for u in whole]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (MODE_E, NAMES_E),
        (MODE_E + MODE_E, NAMES_E * 2),
        (even(REQUEST + NAME + SELECT + SELECT) + SNRM + UA + even(REQUEST), [*NAMES_E[:6], "request"]),
        (bytes(84) + REQUEST, ["wake-up", "request"]),
        (bytes(NULS_MIN - 1) + REQUEST, ["noise", "request"]),
        (REQUEST + b"/XYZ METER\r\n" + DATA, ["request", "identification", "data"]),
        (MORE + b"\x06" + DATA, ["data", "ack", "data"]),
        (DATA + b"\x15" + DATA + b"\x06", ["data", "nak", "data", "ack"]),
        (b"\x06" + DATA, ["noise", "data"]),  # nothing came before: it may be anything
        (SNRM + b"\x06" + SNRM, ["SNRM", "noise", "SNRM"]),
        (block(b"\x01P1\x02(1)\x03") + b"\x06" + block(b"\x01R1\x02C.1()\x03") + block(b"\x01B0\x03"),
         ["command", "ack", "command", "break"]),
        (P1 + P1, ["p1", "p1"]),
        (P1[:40] + P1, ["p1", "p1"]),
        (b"/XYZ3METER\r\n1.8.0(1*kWh)\r\n!\r\n" + P1, ["mode-d", "p1"]),
        (P1[:-2] + bytes(3), ["p1", "noise"]),
        (P1.replace(b"\r\n", b"\n"), ["p1"]),
        (REQUEST + b"\xff\x80\xf1\x0f" + NAME, ["request", "noise", "identification"]),
        (b"\x02F.F(00)\r\n!\r\n" + REQUEST, ["data", "request"]),  # neither ETX nor block check
        (b"\x02F.F(00)\r\n1.8.0" + REQUEST, ["data", "request"]),
        (b"\x02F.F(00)\r\n1.8.0\r\n" + REQUEST, ["data", "request"]),
        (DATA[:12] + b"\x00\x07" + REQUEST, ["data", "noise", "request"]),
        (b"\x02F.F\x07(00)\x03\x00", ["data"]),
        (FLAGGED + REQUEST, ["data", "request"]),
        (FLAGGED + SNRM, ["data", "SNRM"]),
        (FLAGGED, ["data"]),
        (REQUEST[:3] + REQUEST, ["request", "request"]),
        (b"/?!", ["request"]), (b"/?", ["request"]), (b"/XYZ5ME", ["identification"]), (b"/X", ["noise"]),
        (b"/XYZ", ["noise"]), (b"/12\r\n", ["noise"]), (b"/XYZ5" + b"M" * 120, ["noise"]),
        (b"/XYZ5M\x07\x00\r\n", ["noise"]), (b"/12345" + REQUEST, ["noise", "request"]),
        (REQUEST + b"\x06/?!\r\n", ["request", "ack", "request"]),
        (REQUEST + b"\x06" + b"05", ["request", "ack", "noise"]),
        (REQUEST + b"\x06050", ["request", "option-select"]), (b"\x06050\r" + REQUEST, ["option-select", "request"]),
        (REQUEST + b"\x06", ["request", "ack"]), (b"\x01", ["noise"]), (b"\x01R", ["noise"]), (b"\x01R1", ["noise"]),
        (b"\x01R1\x02", ["command"]), (b"\x02\x03", ["noise"]), (b"\x15", ["noise"]), (b"\x00", ["noise"]),
        (b"/XYZ5M\r", ["identification"]), (b"/?!\r" + REQUEST, ["request", "request"]),
        (NAME + b"1.8", ["identification", "noise"]),
        (NAME + b"1.8.0(", ["p1"]), (NAME + b"\r\n1.8.0(1)\r\n!" , ["p1"]), (NAME + b"\r\n1.8.0(1)\r\n!\r", ["p1"]),
        (NAME + b"\r\n1.8.0(1)\x06050\r\n", ["p1", "option-select"]), (b"\x02C.1(1)\r\n!\r", ["data"]),
        (b"\x02C.1(1)\r\n!\r\n\x03", ["data"]), (b"\x02C.1(1)" + REQUEST[:0] + b"\x15", ["data", "nak"]),
        (INFORMATION + REQUEST, ["I", "request"]),
        (even(REQUEST), ["request"]), (even(b"/?12345"), ["request"]),
        (odd(REQUEST + NAME), ["request", "identification"]),
        (SNRM + even(b"/CCC5METER\r\n\x06050\r\n"), ["SNRM", "identification", "option-select"]),
        (even(b"/?"), ["request"]), (b"\xaf\x3f\x03\x22\x01", ["noise"]),
        (b"\xaf\x3f" + b"\xb1" * 120, ["noise"]),
    ],
)  # fmt: skip
def test_streams(stream: bytes, expected: list[str]) -> None:
    assert kinds(stream) == expected


def test_text_inside_a_frame_is_not_looked_for() -> None:
    framer = Framer()
    out = [u for i in range(len(INFORMATION)) for u in framer.feed(Chunk(INFORMATION[i : i + 1], i))]
    assert [u.kind for u in out] == ["I"]


def test_a_frame_without_flags_that_is_long_enough_to_look_like_text() -> None:
    long = hdlc.frame("I", up=False, info=hdlc.RESPONSE + b"\xb1" * 1836, segmented=True)
    assert long[1:2] == b"\xaf" and kinds(SNRM + long[1:])[:2] == ["SNRM", "I"]


def test_who_waits_for_what() -> None:
    """A request is there with its last octet; an identification with the next one, or when it is settled."""
    framer = Framer()
    assert [u.kind for u in framer.feed(Chunk(REQUEST, 1))] == ["request"]
    assert framer.settle() == [] and framer.feed(Chunk(NAME, 2)) == []
    assert [u.kind for u in framer.settle()] == ["identification"] and framer.pending() == 0
    assert framer.feed(Chunk(b"\x06", 3)) == [] and [u.kind for u in framer.feed(Chunk(b"\x02", 4))] == ["ack"]
    assert framer.settle() == [] and framer.stray == 0  # a message under way
    assert framer.feed(Chunk(b"\xff\xff\xff", 5)) == [] and framer.stray == 4
    assert [u.kind for u in framer.feed(Chunk(SELECT, 6))] == ["noise", "option-select"]


def test_silence_ends_what_is_unfinished() -> None:
    framer = Framer(500 * MS, 3000 * MS)
    assert framer.feed(Chunk(NAME[:6], 1, 0, 200 * MS)) == []
    assert framer.feed(Chunk(NAME[6:8], 2, 1500 * MS, 1600 * MS)) == []  # characters may be 1500 ms apart
    (cut,) = framer.feed(Chunk(REQUEST[:2], 3, 5000 * MS, 5060 * MS))
    assert (cut.kind, cut.octets, cut.gap_ns, cut.first_ns, cut.last_ns) == (
        "identification", NAME[:8], 1300 * MS, 0, 1600 * MS,
    )  # fmt: skip
    assert [p.kind.code for p in cut.problems] == ["iec62056-21.trunc"]
    (request,) = framer.feed(Chunk(REQUEST[2:], 4, 5100 * MS, 5160 * MS))
    assert (request.records, request.first_ns, request.last_ns) == ((3, 4), 5000 * MS, 5160 * MS)
    assert framer.feed(Chunk(b"\xf1", 5, 6000 * MS, 6000 * MS)) == []
    assert [u.kind for u in framer.feed(Chunk(b"\xf1", 6, 6600 * MS, 6600 * MS))] == ["noise"]


def test_noise_says_whose_it_is() -> None:
    text, flagged = units(REQUEST + b"\xf1\xf1\xf1"), units(SNRM + b"\xf1\xf1\xf1")
    assert [p.kind.code for p in text[-1].problems] == ["iec62056-21.noise"]
    assert [p.kind.code for p in flagged[-1].problems] == ["hdlc.noise"]
    after = units(REQUEST + b"\x7e\xa0\x07\x03")
    assert [p.kind.code for p in after[-1].problems] == ["hdlc.trunc", "hdlc.trunc", "hdlc.noise"]


def test_a_wrong_check_is_shown_and_not_trusted() -> None:
    (unit,) = units(DATA[:-1] + b"\x00")
    assert (unit.kind, unit.trusted) == ("data", False)


def test_long_messages_and_long_noise() -> None:
    readout = block(b"\x02" + b"1.8.0(000123.4*kWh)\r\n" * 2000 + b"!\r\n\x03")
    assert len(readout) > 8 * NOISE_MAX and kinds(b"\xf1" * 5000 + readout) == ["noise", "noise", "data"]
    assert [len(u.octets) for u in units(b"\xf1" * (2 * NOISE_MAX + 10))] == [NOISE_MAX, NOISE_MAX, 10]
    assert kinds(REQUEST * 1000) == ["request"] * 1000
    endless = units(b"\x02" + b"1" * (MESSAGE_MAX + NOISE_MAX - 1))
    assert [u.kind for u in endless] == ["data", "noise"] and len(endless[0].octets) == MESSAGE_MAX


def test_losing_octets_ends_a_message() -> None:
    framer = Framer()
    framer.feed(Chunk(DATA[:20], 1))
    assert [u.kind for u in framer.lose(3)] == ["data"] and framer.pending() == 0


PARTS = st.sampled_from(
    [
        REQUEST,
        NAME,
        SELECT,
        DATA,
        MORE,
        P1,
        SNRM,
        UA,
        INFORMATION,
        FLAGGED,
        bytes(9),
        b"\x06",
        b"\x15",
        b"\x7e",
        b"\xaf",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(PARTS, PARTS.map(even), st.binary(max_size=9)), max_size=7), st.data())
def test_every_chunking(parts: list[bytes], data: st.DataObject) -> None:
    stream = bytearray(b"".join(parts))
    for at in data.draw(st.lists(st.integers(0, max(0, len(stream) - 1)), max_size=3)):
        if stream:
            stream[at] ^= 1 << data.draw(st.integers(0, 7))
    whole = bytes(stream)
    single = units(*[whole[i : i + 1] for i in range(len(whole))])
    cuts = sorted({0, len(whole), *data.draw(st.lists(st.integers(0, len(whole)), max_size=5))})
    cut = units(*[whole[a:b] for a, b in itertools.pairwise(cuts)])
    assert b"".join(u.octets for u in single) == whole
    assert told(cut) == told(single)
