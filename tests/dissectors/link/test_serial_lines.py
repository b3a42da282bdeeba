"""Which serial channels are one conversation, and which records take HDLC's short way."""

from collections.abc import Iterator
from typing import Any

import pytest
from encode import hdlc
from msgspec.structs import replace
from scripts import DOWN, GET, GOT, OPENING, PROFILES, SERIAL, TEXT, UNKNOWN, UP, Link, Script, rows_of, table

from dissectors.link import serial_lines
from dissectors.link.stage import LinkStage
from dissectors.record import Channel, Flag, Frame, Record


def frames(script: Script) -> list[Frame]:
    return list(LinkStage(script.channels, PROFILES).frames(script.records))


def two_wires(*channels: Channel) -> Script:
    script = Script(SERIAL, list(channels))
    link = Link()
    for direction, octets in [*link.up(), *link.talk(*OPENING, (UP, GET), (DOWN, GOT))]:
        script.add(octets, direction, channel=0 if direction == UP else 1)
    return script


@pytest.mark.parametrize("names", [("tap:A", "tap:B"), ("one", "two")])
def test_two_wires_are_one_line(names: tuple[str, str]) -> None:
    """Named as two wires of one tap, or each heard in one direction only."""
    script = two_wires(*(Channel(n, name, SERIAL) for n, name in enumerate(names)))
    found = rows_of(script, "frame")
    assert [row["channel"] for row in found] == ["0", "1"] * 3
    assert table(found, "kind direction problems") == [
        "SNRM client-to-server -", "UA server-to-client -", "I client-to-server -", "I server-to-client -",
        "I client-to-server -", "I server-to-client -",
    ]  # fmt: skip
    assert {f.path.number for f in frames(script)} == {0}
    assert [row["association"] for row in rows_of(script)] == [1, 1, 1, 1]


def test_wires_of_two_link_types_are_two_lines() -> None:
    script = two_wires(Channel(0, "one", SERIAL), Channel(1, "two", TEXT))
    assert [f.path.number for f in frames(script)] == [0, 1] * 3


def test_wires_of_different_lines_stay_apart() -> None:
    script = Script(SERIAL, [Channel(0, "tap1", SERIAL), Channel(1, "tap2", SERIAL)])
    for channel in (0, 1):
        for direction, octets in Link().up():
            script.add(octets, direction, channel=channel)
    assert [f.path.number for f in frames(script)] == [0, 0, 1, 1]


def test_frames_of_one_record_take_the_short_way_afterwards() -> None:
    script = two_wires(Channel(0, "tap:A", SERIAL), Channel(1, "tap:B", SERIAL))
    stage = LinkStage(script.channels, PROFILES)
    list(stage.frames(script.records))
    assert set(stage._lines.quick) == {0 * 4 + UP, 1 * 4 + DOWN}


def test_a_frame_in_pieces_does_not_take_the_short_way() -> None:
    script = Script(SERIAL, [Channel(0, "tap", SERIAL)])
    for direction, octets in Link().up():
        script.add(octets[:5], direction)
        script.add(octets[5:], direction)
    stage = LinkStage(script.channels, PROFILES)
    assert [f.kind for f in stage.frames(script.records)] == ["SNRM", "UA"]
    assert not stage._lines.quick


def test_two_adapters_are_two_lines_though_each_is_heard_one_way() -> None:
    """Names that tell the wires apart tell the lines apart too."""
    script = Script(SERIAL, [Channel(n, name, SERIAL) for n, name in enumerate(("usb1.5/0:tx", "usb1.6/0:rx"))])
    for channel, (direction, octets) in enumerate(Link().up()):
        script.add(octets, direction, channel=channel)
    assert [f.path.number for f in frames(script)] == [0, 1]


def test_a_recorder_says_which_wires_are_one_line() -> None:
    """Whatever their names and however many there are; a wire has a channel for each of its rates."""
    names = [("a", "a+b"), ("b", "a+b"), ("c", "c"), ("a", "a+b")]
    script = Script(SERIAL, [Channel(n, name, SERIAL, line=line) for n, (name, line) in enumerate(names)])
    up = list(Link().up())
    script.add(up[0][1], UP, channel=0).add(up[1][1], DOWN, channel=1).add(up[0][1], UP, channel=2)
    script.add(up[0][1], UP, channel=3)
    assert [f.path.number for f in frames(script)] == [0, 0, 1, 0]


def test_a_line_that_is_said_to_carry_a_profile_carries_no_other() -> None:
    for profile, expected in (("", "hdlc"), ("hdlc", "hdlc"), ("tcp-udp-ip", "")):
        script = Script(SERIAL, [Channel(0, "a", SERIAL, profile=profile)])
        for direction, octets in Link().up():
            script.add(octets, direction)
        assert {f.profile for f in frames(script)} == {expected}


@pytest.mark.parametrize("flags", [0, Flag.OCTET_TIMES])
@pytest.mark.parametrize("cut", [None, 5])
def test_octets_back_to_back_have_no_gap(flags: int, cut: int | None) -> None:
    """Also on the short way, and in a frame of two records with a pause between."""
    script = Script(SERIAL)
    link = Link()
    for direction, octets in [*link.up(), *link.talk(*OPENING, *[(UP, GET), (DOWN, GOT)] * 3)]:
        script.add(octets[:cut], direction, flags=flags)
        if cut is not None:
            script.add(octets[cut:], direction, flags=flags, after=2_000_000)
    gaps = {f.gap_ns for f in frames(script)}
    assert gaps == ({2_000_000} if cut is not None else {0 if flags else None})


# -- directions exchanged ------------------------------------------------------------------------------------------


def exchanged(swap: bool, names: tuple[str, ...] = ("tap:A", "tap:B")) -> Script:
    """A session with addresses of one octet, which do not tell directions, on a pair that is wired the wrong way."""
    script = Script(SERIAL, [Channel(n, name, SERIAL, swap=swap) for n, name in enumerate(names)])
    link = Link(server=(1, 0, 1))
    rr = [(UP, link.frame("RR")), (DOWN, link.frame("RR", False))]
    then = [(UP, link.frame("RR", nr=2)), (DOWN, link.frame("RR", False, nr=2))]
    for direction, octets in [*rr, *link.up(), *link.talk(*OPENING, (UP, GET), (DOWN, GOT)), *then, *link.down()]:
        script.add(octets, 1 - direction, channel=1 - direction if len(names) > 1 else 0)
    return script


@pytest.mark.parametrize("names", [("tap:A", "tap:B"), ("one", "two"), ("rtac",)])
def test_an_exchanged_pair_comes_right_with_swap(names: tuple[str, ...]) -> None:
    wrong = frames(exchanged(False, names))
    assert [f.direction for f in wrong[:2]] == [DOWN, UP]
    right = exchanged(True, names)
    assert [f.direction for f in frames(right)] == [UP, DOWN] * 6
    assert not any(f.problems for f in frames(right))
    assert table(rows_of(right, "exchange"), "service client server result") == [
        "association 16 1 accepted", "get 16 1 success",
    ]  # fmt: skip
    assert table(rows_of(right, "association"), "client server status") == ["16 1 ended"]


def test_swap_in_mid_stream() -> None:
    """From the next record on; a frame whose first half came before goes on."""
    script = exchanged(False)
    stage = LinkStage(script.channels, PROFILES)
    first = script.records[0]
    half = [replace(first, octets=first.octets[:5]), replace(first, octets=first.octets[5:])]
    records = [*script.records[:2], *half, *script.records[1:]]

    def told() -> Iterator[Record]:
        for at, r in enumerate(records):
            if at == 3:
                stage.swap(0)
            yield replace(r, no=at + 1)

    found = list(stage.frames(told()))
    assert [f.direction for f in found] == [DOWN, UP, *[UP, DOWN] * 6]
    assert [f.kind for f in found[2:6]] == ["RR", "RR", "SNRM", "UA"]


def test_swap_before_the_first_record_and_twice() -> None:
    script = exchanged(False)
    for calls, expected in ((1, [UP, DOWN]), (2, [DOWN, UP])):
        stage = LinkStage(script.channels, PROFILES)
        for _ in range(calls):
            stage.swap(0)
        assert [f.direction for f in stage.frames(script.records)][:2] == expected


def test_swap_reverses_what_was_resolved_where_nothing_is_stated() -> None:
    """A meter that pushes with the client's LLC header, addresses of one octet: it looks like the client."""
    info = b"\xe6\xe6\x00\x0f\x00\x00\x00\x01\x00\x02\x01\x06\x00\x00\x00\x2a"
    push = hdlc.frame("UI", True, info, client=1, server=(103, 0, 1))
    for swap, direction in ((False, UP), (True, DOWN)):
        script = Script(SERIAL, [Channel(0, "tap", SERIAL, swap=swap)])
        for _ in range(4):
            script.add(push, after=10_000_000_000)
        assert {f.direction for f in frames(script)} == {direction}
        assert {(row["client"], row["server"]) for row in rows_of(script)} == ({(1, 103)} if not swap else {(103, 1)})


WRAPPED = b"\x00\x01\x00\x10\x00\x01\x00" + bytes([len(GET)]) + GET
ANSWERED = b"\x00\x01\x00\x01\x00\x10\x00" + bytes([len(GOT)]) + GOT


@pytest.mark.parametrize("octets", [hdlc.frame("SNRM", server=(1, 0, 1)), GET, WRAPPED])
def test_swap_in_mid_stream_where_nothing_is_stated(octets: bytes) -> None:
    script = Script(TEXT, [Channel(0, "log", TEXT)])
    for _ in range(4):
        script.add(octets, after=10_000_000_000)
    stage = LinkStage(script.channels, PROFILES)

    def told() -> Iterator[Record]:
        for r in script.records:
            if r.no == 3:
                stage.swap(0)
            yield r

    assert [f.direction for f in stage.frames(told())] == [UP, UP, DOWN, DOWN]


def test_swap_of_a_pair_with_wrappers() -> None:
    script = Script(SERIAL, [Channel(0, "tap:A", SERIAL), Channel(1, "tap:B", SERIAL)])
    for direction, octets in [(UP, WRAPPED), (DOWN, ANSWERED)] * 2:
        script.add(octets, 1 - direction, channel=1 - direction)
    stage = LinkStage(script.channels, PROFILES)

    def told() -> Iterator[Record]:
        for r in script.records:
            if r.no == 3:
                stage.swap(0)
            yield r

    assert [f.direction for f in stage.frames(told())] == [UP, DOWN] * 2


def test_swap_turns_bare_apdus_and_wrappers() -> None:
    for octets in (GET, WRAPPED):
        for swap, direction in ((False, UP), (True, DOWN)):
            script = Script(TEXT, [Channel(0, "log", TEXT, swap=swap)])
            script.add(octets).add(octets)
            assert [f.direction for f in frames(script)] == [direction] * 2


def test_the_short_way_comes_back_after_a_swap() -> None:
    script = exchanged(False)
    stage = LinkStage(script.channels, PROFILES)
    records = [replace(r, no=n + 1) for n, r in enumerate(script.records * 2)]

    def told() -> Iterator[Record]:
        for at, r in enumerate(records):
            if at == 12:
                stage.swap(1)
                assert not stage._lines.quick
            yield r

    assert [f.direction for f in stage.frames(told())][12:] == [UP, DOWN] * 6
    assert stage._lines.quick and all(line.heard == 1 - key % 4 for key, line in stage._lines.quick.items())


# -- every kind of frame -------------------------------------------------------------------------------------------


def test_equal_addresses_are_told_by_frames_and_turns() -> None:
    link = Link(client=16, server=(16, 0, 1))
    poll = (UP, link.frame("RR")), (DOWN, link.frame("RR", False))
    for told in (False, True):
        script = Script(SERIAL)
        steps = [*link.up(), *link.talk(*OPENING, (UP, GET), (DOWN, GOT)), *poll, *poll, *link.down()]
        for direction, octets in steps:
            script.add(octets, direction if told else UNKNOWN, after=150_000_000)
        found = frames(script)
        assert [f.direction for f in found] == [UP, DOWN] * 6
        assert table(rows_of(script, "exchange"), "service result") == ["association accepted", "get success"]
        link.sent = [0, 0]
    script = Script(SERIAL).add(link.frame("RR")).add(link.frame("RR"))
    assert [f.direction for f in frames(script)] == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize(
    ("octets", "direction"),
    [
        (hdlc.frame("SNRM", server=(127, 127, 2)), UP),
        (hdlc.frame("SNRM", server=(0x3FFF, 0x3FFF, 4)), UP),
        (hdlc.frame("SNRM", server=(127, 0, 1)), UP),
        (hdlc.frame("UI", False, b"\xe6\xe7\x00\x0f\x00\x00\x00\x01\x00\x00", server=(1, 17, 2)), DOWN),
        (hdlc.frame("UI", False, b"\xe6\xe7\x00\x0f\x00\x00\x00\x01\x00\x00", client=0, server=(1, 0, 1)), DOWN),
        (hdlc.frame("UI", False, b"\x0f\x00\x00\x00\x01\x00\x00", client=0, server=(1, 0, 1)), DOWN),
        (hdlc.frame("RR", server=(1, 3, 2)), UP),
        (hdlc.frame("RR", False, server=(5, 3, 4)), DOWN),
        (hdlc.frame("DM", False, server=(1, 0, 1)), DOWN),
        (hdlc.frame("RR", server=(1, 0, 1)), UNKNOWN),
    ],
)
def test_one_frame_alone(octets: bytes, direction: int) -> None:
    assert [f.direction for f in frames(Script(SERIAL).add(octets))] == [direction]


def test_a_damaged_frame_has_no_direction_of_its_own() -> None:
    snrm = Link().frame("SNRM")
    script = Script(SERIAL).add(snrm).add(snrm[:-3] + b"\x00\x00\x7e", after=900_000_000)
    assert [f.direction for f in frames(script)] == [UP, UNKNOWN]


# -- what the tap says ---------------------------------------------------------------------------------------------


def test_a_marker_is_a_row() -> None:
    script = Script(SERIAL)
    script.add(b"", flags=Flag.STATUS, comment="marker power-on: bench supply\nstatus change, modem lines set: CTS")
    for _, octets in Link().up():
        script.add(octets)
    script.add(b"", flags=Flag.STATUS, comment="marker key-x")
    script.add(b"", flags=Flag.STATUS, comment="status change, modem lines set: none")
    found = rows_of(script, "frame")
    assert table(found, "layer kind profile problems") == [
        "line marker - line.marker", "hdlc SNRM hdlc -", "hdlc UA hdlc -", "line marker hdlc line.marker",
        "line status hdlc -",
    ]  # fmt: skip
    assert [found[n]["problems"][0]["text"] for n in (0, 3)] == ["marker power-on: bench supply", "marker key-x"]


def test_what_a_record_lacks_is_said_by_the_frame_that_holds_it() -> None:
    """Also where the frame is complete much later."""
    snrm, ua = (octets for _, octets in Link().up())
    script = Script(SERIAL)
    script.add(snrm)
    script.add(ua[:4], lost=5, flags=Flag.PARITY_ERROR).add(ua[4:9], flags=Flag.PARITY_ERROR).add(ua[9:])
    assert table(rows_of(script, "frame"), "kind problems") == ["SNRM -", "UA capture.loss+capture.line-error"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"flags": Flag.OVERRUN}, "some"),
        ({"flags": Flag.LOSS}, "some"),
        ({"lost": 7}, "7"),
        ({"flags": Flag.LOSS, "comment": "loss: 17 octets, the queue was full"}, "17"),
        ({"comment": "loss: 3 octets"}, "3"),
    ],
)
@pytest.mark.parametrize("alone", [False, True])
def test_nothing_is_paired_across_a_loss(more: dict[str, Any], expected: str, alone: bool) -> None:
    link = Link()
    script = Script(SERIAL)
    steps = [*link.up(), *link.talk(*OPENING, (UP, GET), (DOWN, GOT))]
    for _, octets in steps[:5]:
        script.add(octets)
    script.add(b"" if alone else steps[5][1], **more)
    if alone:
        script.add(steps[5][1])
    found = [f for f in rows_of(script, "finding") if f["code"] == "capture.loss"]
    assert len(found) == 1 and f" {expected} octets" in found[0]["text"]
    assert table(rows_of(script, "exchange"), "service result") == ["association accepted", "get success", "get -"]


def test_two_wires_one_status_record_first() -> None:
    """A record without octets says nothing of which wire hears whom."""
    script = two_wires(Channel(0, "one", SERIAL), Channel(1, "two", SERIAL))
    for channel in (0, 1):
        script.records.insert(0, Record(90 + channel, channel, UNKNOWN, None, None, None, b"", Flag.STATUS))
    assert {f.path.number for f in frames(script) if f.layer == "hdlc"} == {0}


def test_marks_without_direction_are_of_their_own_wire() -> None:
    """An octet with a framing error comes without direction: it belongs to the frame on its wire."""
    script = two_wires(Channel(0, "one", SERIAL), Channel(1, "two", SERIAL))
    last = script.records[-1]
    script.records[-1:] = [
        replace(last, octets=last.octets[:9]),
        replace(last, no=last.no + 1, octets=last.octets[9:10], direction=UNKNOWN, flags=int(Flag.FRAMING_ERROR)),
        replace(last, no=last.no + 2, octets=last.octets[10:]),
    ]
    found = frames(script)
    assert (found[-1].kind, found[-1].records[1:]) == ("I", (last.no + 1, last.no + 2))
    assert [p.kind.code for p in found[-1].problems] == ["capture.line-error"]


def test_what_waits_in_the_framer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_lines, "OWED_MAX", 3)
    script = Script(SERIAL)
    snrm, _ = (octets for _, octets in Link().up())
    script.add(snrm)
    for octet in snrm:
        script.add(bytes([octet]), flags=Flag.FRAMING_ERROR, after=1_000_000)
    stage = LinkStage(script.channels, PROFILES)
    assert len(list(stage.frames(script.records))) == 2
    assert len(stage._lines._owed) <= 3 and len(stage._lines._marked) <= 3
