"""Conversation: what carries it is decided by content, per conversation; directions; reserved addresses."""

import pytest
from encode.wrapper import pdu
from scripts import AARE, AARQ, DOWN, GET, GOT, PROFILES, UP, Link, edited

from dissectors.link.conversation import Choice, Conversation, Way, apdu_tag, is_apdu, links_of
from dissectors.link.framing import Chunk, Unit
from dissectors.record import Direction, Frame

UNKNOWN = int(Direction.UNKNOWN)
CHOICE = Choice(PROFILES)
SNRM, UA = (octets for _, octets in Link().up())


def talk(transport: str, given: str | None = None, choice: Choice = CHOICE) -> Conversation:
    ends = ("10.0.0.1:5000", "10.0.1.7:4059") if transport in ("tcp", "udp") else (None, None)
    return Conversation(0, transport, choice, *ends, given)


def feed(c: Conversation, *pieces: bytes, way: int = 0) -> list[tuple[Way, Unit]]:
    out = []
    for n, piece in enumerate(pieces, 1):
        out += c.feed(c.ways[way], Chunk(piece, n))
    return out


def kinds(units: list[tuple[Way, Unit]]) -> list[str]:
    return [unit.kind for _, unit in units]


@pytest.mark.parametrize(
    ("transport", "octets", "carrier", "profile", "kind"),
    [
        ("tcp", pdu(GET), "wrapper", "tcp-udp-ip", "wrapper"),
        ("udp", pdu(GET), "wrapper", "tcp-udp-ip", "wrapper"),
        ("serial", SNRM, "hdlc", "hdlc", "SNRM"),
        ("text", SNRM, "hdlc", "hdlc", "SNRM"),
        ("tcp", SNRM, "hdlc", "hdlc", "SNRM"),
        ("serial", pdu(GET), "wrapper", "tcp-udp-ip", "wrapper"),
        ("text", pdu(GET), "wrapper", "tcp-udp-ip", "wrapper"),
        ("exported", GET, "apdu", "", "apdu"),
        ("text", GET, "apdu", "", "apdu"),
        ("text", b"\xe6\xe6\x00" + GET, "apdu", "", "llc"),
    ],
)
def test_certain_content_commits_at_once(transport: str, octets: bytes, carrier: str, profile: str, kind: str) -> None:
    c = talk(transport)
    units = feed(c, octets)
    assert (c.carrier, c.profile, kinds(units)) == (carrier, profile, [kind])
    assert c.why and {way.profile for way in c.ways} == {profile}


def test_unknown_content_waits_then_is_raw() -> None:
    c = talk("udp")
    assert feed(c, *[b"hello"] * 7) == [] and c.carrier is None
    assert kinds(feed(c, b"hello")) == ["other"] * 8
    assert (c.carrier, c.why, c.profile) == ("raw", "no known content", "")
    assert kinds(feed(c, pdu(GET))) == ["other"]


def test_what_waited_comes_first_when_content_is_certain() -> None:
    c = talk("serial")
    assert feed(c, b"\x00\x00") == []
    units = feed(c, SNRM, UA)
    assert kinds(units) == ["noise", "SNRM", "UA"]
    assert b"".join(unit.octets for _, unit in units) == b"\x00\x00" + SNRM + UA


def test_the_end_settles_on_what_is_likely() -> None:
    c = talk("serial")
    assert feed(c, SNRM[:5]) == []
    units = c.end()
    assert c.carrier == "hdlc" and c.why.startswith("likely: ")
    assert b"".join(unit.octets for _, unit in units) == SNRM[:5]
    c = talk("serial")
    assert feed(c, b"\x01\x02\x7e\x03") == []
    c.end()
    assert (c.carrier, c.why) == ("hdlc", "likely: flags on a serial line")
    c = talk("udp")
    assert c.end() == [] and c.carrier is None


def test_stream_that_begins_in_small_segments() -> None:
    c = talk("tcp")
    whole = pdu(GET)
    assert feed(c, whole[:3], whole[3:9]) == []
    assert kinds(feed(c, whole[9:])) == ["wrapper"] and c.carrier == "wrapper"


def test_no_stack_of_the_profiles_in_force() -> None:
    c = talk("udp", choice=Choice([p for p in PROFILES if p.name == "hdlc"]))
    units = feed(c, pdu(GET))
    assert (c.carrier, kinds(units)) == ("raw", ["other"])
    assert "no stack of the profiles in force" in c.why
    c = talk("serial", choice=Choice([p for p in PROFILES if p.name == "tcp-udp-ip"]))
    feed(c, SNRM)
    assert c.carrier == "raw" and c.why == "hdlc is no stack of the profiles in force"


def test_what_the_user_says_goes_before_content() -> None:
    c = talk("text", given="wrapper")
    feed(c, SNRM)
    assert (c.carrier, c.why) == ("wrapper", "as the user said")
    c = talk("tcp", given="hdlc")  # packets know better
    feed(c, pdu(GET))
    assert c.carrier == "wrapper"


def test_choice_is_the_first_profile_that_names_both() -> None:
    other = edited("hdlc", ('name = "hdlc"', 'name = "mine"'))
    assert Choice([other, *PROFILES]).find("serial", "hdlc")[0] == "mine"
    assert Choice([*PROFILES, other]).find("serial", "hdlc")[0] == "hdlc"
    assert CHOICE.find("serial", "nothing") == ("", "")


# -- directions --------------------------------------------------------------------------------------------------


def frame(c: Conversation, octets: bytes, way: int = 0, direction: int = UNKNOWN) -> Frame:
    ((where, unit),) = feed(c, octets, way=way)
    return c.frame(1, where, unit, 0, direction)


def test_an_apdu_tells_the_direction_of_both_ways() -> None:
    c = talk("udp")
    assert frame(c, pdu(GOT, 1, 16)).direction == DOWN
    assert (c.ways[0].direction, c.ways[1].direction) == (DOWN, UP)
    assert frame(c, pdu(GET), way=1).direction == UP


def test_a_port_is_believed_until_an_apdu_tells() -> None:
    c = talk("tcp")
    c.orient(c.ways[0], UP, False)
    assert (c.ways[0].direction, c.ways[1].direction) == (UP, DOWN)
    assert frame(c, pdu(GOT, 1, 16)).direction == DOWN
    c.orient(c.ways[0], UP, False)
    assert c.ways[0].direction == DOWN


@pytest.mark.parametrize(("apdu", "direction"), [(AARQ, UP), (AARE, DOWN), (GET, UP), (GOT, DOWN)])
def test_bare_apdus_tell_their_direction(apdu: bytes, direction: int) -> None:
    assert frame(talk("text"), apdu).direction == direction
    assert frame(talk("text"), apdu, direction=1 - direction).direction == 1 - direction  # the log says so


def test_reserved_wports_are_named_once_known() -> None:
    c = talk("udp")
    found = frame(c, pdu(GET, 0, 5))
    assert [(p.kind.code, p.start, p.end, p.args) for p in found.problems] == [
        ("wrapper.reserved-wport", 2, 4, (0, "client", "reserved", "tcp-udp-ip")),
        ("wrapper.reserved-wport", 4, 6, (5, "server", "reserved", "tcp-udp-ip")),
    ]
    assert c.ways[0].known[0, 5] is c.ways[0].known[0, 5]
    found = frame(c, pdu(GOT, 5, 16), way=1)
    assert [(p.start, p.args[1]) for p in found.problems] == [(2, "server")]
    assert frame(c, pdu(GET, 16, 0x7F)).problems == ()  # to all stations: its own rules judge it


def test_links_have_the_limits_and_names_of_the_descriptor() -> None:
    hdlc = next(p for p in PROFILES if p.name == "hdlc")
    assert links_of(hdlc, True).parameters == hdlc.hdlc_parameters()
    assert links_of(None, False).parameters is not None


def test_lost_octets_reach_the_framer() -> None:
    c = talk("serial")
    assert c.lose(c.ways[0], 5) == []
    feed(c, SNRM)
    assert feed(c, UA[:4]) == []
    units = c.lose(c.ways[0], 5)
    assert b"".join(unit.octets for _, unit in units) == UA[:4]


@pytest.mark.parametrize(
    ("octets", "tag", "whole"),
    [
        (GET, 0xC0, True), (b"\xe6\xe6\x00" + GET, 0xC0, True), (GET + b"\x00", 0xC0, False), (GET[:-1], 0xC0, False),
        (b"\x99\x00", 0x99, False), (b"", -1, False), (b"\xe6\xe7\x00", -1, False),
    ],
)  # fmt: skip
def test_whole_apdus(octets: bytes, tag: int, whole: bool) -> None:
    assert (apdu_tag(octets), is_apdu(octets)) == (tag, whole)


def test_modem_dialogue_before_the_protocol() -> None:
    c = talk("serial")
    dialogue = b"ATD5551234\r\r\nCONNECT 9600\r\n"
    units = feed(c, dialogue + SNRM, UA)
    assert c.carrier == "hdlc" and kinds(units)[1:] == ["SNRM", "UA"]
    assert units[0][1].octets == dialogue and units[0][1].problems
    units = feed(c, b"\r\nNO CARRIER\r\n")
    units += c.end()
    assert [(u.kind, [p.kind.code for p in u.problems]) for _, u in units] in (
        [("modem", ["modem.dialogue"])], [("noise", ["hdlc.noise"])],
    )  # fmt: skip


def test_telnet_around_hdlc() -> None:
    c = talk("tcp")
    units = feed(c, b"\xff\xfb\x00\xff\xfd\x00" + SNRM)
    assert c.carrier == "hdlc" and kinds(units) == ["SNRM"]
    assert sum(len(u.octets) + len(u.carrier) for _, u in units) == 6 + len(SNRM)


# -- text, HDLC and back ------------------------------------------------------------------------------------------

REQUEST, IDENTIFICATION, SELECT = b"/?!\r\n", b"/XYZ5\\2METER\r\n", b"\x06252\r\n"
MODE_E = REQUEST + IDENTIFICATION + SELECT + SELECT


def rows(c: Conversation, *pieces: bytes, way: int = 0, direction: int = UNKNOWN) -> list[tuple[str, str, str, int]]:
    found = [c.frame(n, w, unit, 0, direction) for n, (w, unit) in enumerate(feed(c, *pieces, way=way), 1)]
    return [(f.layer, f.kind, f.profile, f.direction) for f in found]


def single(octets: bytes) -> list[bytes]:
    return [octets[i : i + 1] for i in range(len(octets))]


@pytest.mark.parametrize("transport", ["serial", "text"])
def test_a_sign_on_and_what_it_signs_on_to(transport: str) -> None:
    c = talk(transport)
    text, hdlc = ("iec62056-21", "hdlc")
    assert rows(c, MODE_E, SNRM + UA) == [
        (text, "request", text, UP), (text, "identification", text, DOWN), (text, "option-select", text, UP),
        (text, "option-select", text, DOWN), (hdlc, "SNRM", hdlc, UP), (hdlc, "UA", hdlc, DOWN),
    ]  # fmt: skip
    assert (c.carrier, c.profile) == ("hdlc", "hdlc")
    assert rows(c, REQUEST)[0][:3] == (text, "request", text) and c.carrier == text


@pytest.mark.parametrize("before", [b"", bytes(84)])
def test_octet_by_octet_from_the_first_one(before: bytes) -> None:
    c = talk("serial")
    found = rows(c, *single(before + MODE_E + SNRM))
    assert [kind for _, kind, *_ in found][-5:] == [
        "request",
        "identification",
        "option-select",
        "option-select",
        "SNRM",
    ]
    assert c.carrier == "hdlc"


def test_a_raw_line_turns_octet_by_octet() -> None:
    """Nothing known first; then octets wait while they may be the start of something."""
    c = talk("serial")
    feed(c, *[b"\xf1"] * 8)
    assert c.carrier == "raw"
    assert kinds(feed(c, *single(REQUEST)[:4])) == [] and kinds(feed(c, b"\n")) == ["request"]
    c = talk("serial")
    feed(c, *[b"\xf1"] * 8)
    assert kinds(feed(c, b"/", b"\x03")) == ["other", "other"]
    assert kinds(feed(c, b"/", SNRM)) == ["other", "SNRM"]
    c = talk("serial")
    feed(c, *[b"\xf1"] * 8)
    assert kinds(feed(c, b"/")) == [] and kinds(c.lose(c.ways[0], 1)) == ["other"]
    assert kinds(feed(c, b"/")) == [] and kinds(c.end()) == ["other"]
    assert kinds(feed(c, b"\x7e" + bytes(3), b"\x7e\xa0" * 1200)) == ["other", "other"]  # no end in sight


def test_a_line_where_nothing_but_text_is_in_force() -> None:
    c = talk("serial", choice=Choice([p for p in PROFILES if p.name == "iec62056-21"]))
    found = rows(c, REQUEST, SNRM)
    assert found[0] == ("iec62056-21", "request", "iec62056-21", UP) and found[1][:3] == ("hdlc", "SNRM", "")


def test_text_without_its_profile_says_so_once() -> None:
    c = talk("serial", choice=Choice([p for p in PROFILES if p.name == "hdlc"]))
    frames = [c.frame(n, w, unit, 0) for n, (w, unit) in enumerate(feed(c, REQUEST, REQUEST), 1)]
    assert [[p.kind.code for p in f.problems] for f in frames] == [["profile.none"], []]
    assert [f.profile for f in frames] == ["", ""]


def test_the_end_settles_a_wake_up_and_a_cut_request() -> None:
    for octets, kind in ((bytes(40), "wake-up"), (b"/?123", "request")):
        c = talk("serial")
        assert feed(c, *single(octets)) == []
        assert kinds(c.end()) == [kind] and c.carrier == "iec62056-21"


def test_the_other_side_ends_what_waits_for_more() -> None:
    c = talk("serial")
    feed(c, REQUEST)
    assert feed(c, IDENTIFICATION, way=1) == []
    ((way, unit),) = c.settle(c.ways[0])
    assert (way is c.ways[1], unit.kind) == (True, "identification")
    assert c.settle(c.ways[0]) == [] == talk("tcp").settle(c.ways[0])


def test_acknowledgements_come_from_who_did_not_speak_last() -> None:
    c = talk("serial")
    data = b"\x021.8.0(1)\x04\x24"
    found = rows(c, b"\x01R1\x02C.1()\x03\x00", b"\x06", data, b"\x06", data, b"\x15", REQUEST)
    assert [(kind, way) for _, kind, _, way in found] == [
        ("command", UP), ("ack", DOWN), ("data", DOWN), ("ack", UP), ("data", DOWN), ("nak", UP), ("request", UP),
    ]  # fmt: skip
    c = talk("serial")
    rows(c, REQUEST)
    c.lose(c.ways[0], 1)
    assert rows(c, b"\x06", REQUEST)[0][1:] == ("ack", "iec62056-21", UNKNOWN)
    assert rows(c, IDENTIFICATION, SELECT, direction=DOWN)[0][3] == DOWN  # the capture knows better


def test_a_telegram_through_a_serial_server() -> None:
    c = talk("tcp")
    telegram = b"/XYZ5METER\r\n\r\n1-0:1.8.0(1*kWh)\r\n!\r\n"
    assert frame(c, telegram, way=1).profile == "iec62056-21"
    assert (c.ways[0].direction, c.ways[1].direction) == (UP, DOWN)
