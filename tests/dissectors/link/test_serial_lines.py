"""Which serial channels are one conversation, and which records take HDLC's short way."""

import pytest
from scripts import DOWN, GET, GOT, OPENING, PROFILES, SERIAL, TEXT, UP, Link, Script, rows_of, table

from dissectors.link.stage import LinkStage
from dissectors.record import Channel, Frame


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
