"""The link stage: records in, frames out as tables; no octet lost; the fused path equals the layers."""

from typing import Any

import pytest
from encode import hdlc, xdlms
from encode.wrapper import pdu
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scripts import (
    AARE,
    AARQ,
    ACK,
    CLIENT,
    DOWN,
    ETHERNET,
    FIN,
    GET,
    GOT,
    MS,
    OPENING,
    PROFILES,
    RST,
    SERIAL,
    SYN,
    TEXT,
    UP,
    Link,
    Script,
    Tcp,
    as_text,
    lines,
    on_line,
    over_hdlc,
    over_tcp,
    over_udp,
    rows_of,
    table,
    udp,
    wrap,
)

from dissectors.link.stage import LinkStage, endpoint, link_words
from dissectors.record import Channel, Flag, Frame

COLUMNS = "no records layer kind direction source destination problems"


def frames(script: Script, stage: LinkStage | None = None) -> list[Frame]:
    found = stage or LinkStage(script.channels, PROFILES)
    return list(found.frames(script.records))


def told(script: Script, expected: str) -> None:
    assert table(rows_of(script, "frame"), COLUMNS) == lines(expected)


def conserved(script: Script, found: list[Frame]) -> None:
    """Every octet of every record in exactly one frame: counted, octet value by octet value."""
    there, here = bytearray(), bytearray()
    for record in script.records:
        there += record.octets
    for frame in found:
        here += frame.carrier + frame.octets
    assert sorted(there) == sorted(here)
    assert [f.no for f in found] == list(range(1, len(found) + 1))
    numbers = {r.no for r in script.records}
    assert all(set(f.records) <= numbers | {0} for f in found)


# -- serial lines ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told_direction", [False, True])
@pytest.mark.parametrize("link_type", [SERIAL, 162, TEXT, 250])
def test_a_line_with_one_wire(told_direction: bool, link_type: int) -> None:
    link = Link()
    script = on_line(*link.up(), *link.talk(*OPENING), told=told_direction, link_type=link_type)
    told(
        script,
        """
        1 1 hdlc SNRM client-to-server 16 1 -
        2 2 hdlc UA server-to-client 1 16 -
        3 3 hdlc I client-to-server 16 1 -
        4 4 hdlc I server-to-client 1 16 -
        """,
    )
    conserved(script, frames(script))


def test_addresses_know_better_than_a_swapped_tap() -> None:
    link = Link()
    script = on_line(*((1 - d, octets) for d, octets in [*link.up(), *link.talk(*OPENING)]), told=True)
    assert table(rows_of(script, "frame"), "kind direction") == [
        "SNRM client-to-server", "UA server-to-client", "I client-to-server", "I server-to-client",
    ]  # fmt: skip
    assert [row["association"] for row in rows_of(script)] == [1, 1]


def test_noise_and_frames_cut_over_records() -> None:
    snrm, ua = (octets for _, octets in Link().up())
    script = on_line((UP, b"\x00\x11"), (UP, snrm[:4]), (UP, snrm[4:]), (UP, b"\x33" + ua + b"\x44"))
    told(
        script,
        """
        1 1 noise noise unknown - - hdlc.noise
        2 2,3 hdlc SNRM client-to-server 16 1 -
        3 4 noise noise unknown - - hdlc.noise
        4 4 hdlc UA server-to-client 1 16 -
        5 4 noise noise unknown - - hdlc.noise
        """,
    )
    conserved(script, frames(script))


def test_what_the_tap_says_of_a_record() -> None:
    link = Link()
    snrm, ua = (octets for _, octets in link.up())
    script = Script(SERIAL)
    script.add(b"", flags=Flag.STATUS).add(snrm, flags=Flag.FRAMING_ERROR | Flag.PARITY_ERROR).add(ua, lost=3)
    script.add(link.frame("DISC"), flags=Flag.LOSS)
    found = rows_of(script, "frame")
    assert table(found, "layer kind problems") == [
        "line status -", "hdlc SNRM capture.line-error", "hdlc UA capture.loss", "hdlc DISC capture.loss",
    ]  # fmt: skip
    texts = [p["text"] for row in found for p in row["problems"]]
    assert texts[0] == "the tap reported framing error, parity error on this record"
    assert texts[1].startswith("the capture says that 3 octets") and "some octets" in texts[2]


def test_lost_octets_end_an_unfinished_frame() -> None:
    snrm, ua = (octets for _, octets in Link().up())
    script = Script(SERIAL)
    script.add(snrm).add(snrm[:5]).add(ua, lost=7)
    kinds = [(f.kind, len(f.octets)) for f in frames(script)]
    assert kinds[-1] == ("UA", len(ua)) and sum(size for _, size in kinds) == len(snrm) + 5 + len(ua)


def test_truncated_at_the_end_of_the_capture() -> None:
    snrm, ua = (octets for _, octets in Link().up())
    script = on_line((UP, snrm), (DOWN, ua[:-3]))
    found = frames(script)
    assert found[-1].records == (2,) and found[-1].payload == b"" and found[-1].problems
    conserved(script, found)


def test_unknown_link_type_is_kept_whole() -> None:
    told(Script(999).add(b"abc"), "1 1 other other unknown - - capture.link-type")
    assert rows_of(Script(189).add(b"abc"), "frame")[0]["problems"][0]["text"] == (
        "link type 189 (USB with Linux header) is not dissected"
    )
    assert link_words(5) == "not known"


def test_bare_apdus_of_a_log() -> None:
    script = as_text(AARQ, AARE, GET, b"\xe6\xe7\x00" + GOT)
    told(
        script,
        """
        1 1 apdu apdu client-to-server - - -
        2 2 apdu apdu server-to-client - - -
        3 3 apdu apdu client-to-server - - -
        4 4 apdu llc server-to-client - - -
        """,
    )
    assert frames(script)[3].payload == GOT


# -- packets ---------------------------------------------------------------------------------------------------


def test_udp() -> None:
    script = over_udp(*OPENING)
    script.add(udp(pdu(GET, 16, 2))).add(udp(pdu(GET, 16, 0x300)))
    told(
        script,
        """
        1 1 wrapper wrapper client-to-server 16 1 -
        2 2 wrapper wrapper server-to-client 1 16 -
        3 3 wrapper wrapper client-to-server 16 2 wrapper.reserved-wport
        4 4 wrapper wrapper client-to-server 16 768 wrapper.reserved-wport
        """,
    )
    texts = [row["problems"][0]["text"] for row in rows_of(script, "frame")[2:]]
    assert texts == [
        "wPort 2 of the server is reserved in profile tcp-udp-ip",
        "wPort 768 of the server is not in the SAP table in profile tcp-udp-ip",
    ]


def test_udp_that_is_nothing_of_ours() -> None:
    script = Script().add(udp(b"hello")).add(udp(b""))
    assert sorted(table(rows_of(script, "frame"), "records layer kind")) == ["1 udp other", "2 udp other"]
    conserved(script, frames(script))


def test_ports_alone_prove_nothing() -> None:
    """Other ports: the direction comes from the APDU."""
    script = over_udp((DOWN, xdlms.example("data-notification")), (UP, GET), hosts=(CLIENT, "10.0.1.7:9999"))
    assert [f.direction for f in frames(script)] == [DOWN, UP]


def test_port_4059_is_the_server_until_an_apdu_tells() -> None:
    script = Script().add(udp(wrap(DOWN, xdlms.example("data-notification")), True))  # a push of the meter to port 4059
    assert [f.direction for f in frames(script)] == [DOWN]


def test_tcp_stream() -> None:
    script, t = Script(), Tcp()
    for segment in t.handshake():
        script.add(segment)
    both = wrap(UP, AARQ) + wrap(UP, GET)
    script.add(t.segment(both[:5])).add(t.segment(both[5:40])).add(t.segment(both[40:]))
    script.add(t.segment(b"", False, ACK))
    script.add(t.segment(both[40:], at=t.next[0] - len(both[40:])))  # sent again
    script.add(t.segment(b"", True, FIN | ACK)).add(t.segment(b"", False, RST))
    told(
        script,
        """
        1 1 tcp tcp.syn client-to-server 10.0.0.1:5000 10.0.1.7:4059 -
        2 2 tcp tcp.syn server-to-client 10.0.1.7:4059 10.0.0.1:5000 -
        3 3 tcp tcp.ack client-to-server 10.0.0.1:5000 10.0.1.7:4059 -
        4 4,5 wrapper wrapper client-to-server 16 1 -
        5 5,6 wrapper wrapper client-to-server 16 1 -
        6 7 tcp tcp.ack server-to-client 10.0.1.7:4059 10.0.0.1:5000 -
        7 8 tcp tcp.retransmission client-to-server 10.0.0.1:5000 10.0.1.7:4059 tcp.retransmission
        8 9 tcp tcp.fin client-to-server 10.0.0.1:5000 10.0.1.7:4059 -
        9 10 tcp tcp.rst server-to-client 10.0.1.7:4059 10.0.0.1:5000 -
        """,
    )
    conserved(script, frames(script))


def test_data_with_fin_is_two_rows() -> None:
    script, t = Script(), Tcp()
    script.add(t.segment(b"", True, SYN)).add(t.segment(wrap(UP, AARQ), True, ACK | FIN))
    assert [f.kind for f in frames(script)] == ["tcp.syn", "wrapper", "tcp.fin"]
    conserved(script, frames(script))


def test_a_hole_in_the_stream() -> None:
    script, t = Script(), Tcp()
    for segment in t.handshake():
        script.add(segment)
    script.add(t.segment(wrap(UP, AARQ)))
    t.next[0] += 100
    script.add(t.segment(wrap(UP, GET)))
    script.add(t.segment(wrap(DOWN, GOT), False))
    kinds = table(rows_of(script, "frame"), "kind problems")[3:]
    assert "tcp.gap tcp.gap" in kinds and kinds.count("wrapper -") >= 2
    conserved(script, frames(script))


def test_reordered_segments() -> None:
    script, t = Script(), Tcp()
    for segment in t.handshake():
        script.add(segment)
    whole = wrap(UP, AARQ)
    first, second = t.segment(whole[:20]), t.segment(whole[20:])
    script.add(second).add(first)
    found = frames(script)
    assert [(f.kind, f.records) for f in found][3:] == [("wrapper", (5, 4))]
    assert [p.kind.code for p in found[3].problems] == ["tcp.reordered"]
    conserved(script, found)


def test_keep_alive() -> None:
    script, t = Script(), Tcp()
    for segment in t.handshake():
        script.add(segment)
    script.add(t.segment(wrap(UP, AARQ))).add(t.segment(b"", False, ACK))
    script.add(t.segment(b"\0", True, ACK, at=t.next[0] - 1), after=60_000 * MS)
    assert [f.kind for f in frames(script)][-1] == "tcp.keep-alive"


def test_hdlc_over_tcp() -> None:
    script, t = Script(), Tcp()
    for segment in t.handshake():
        script.add(segment)
    for direction, octets in [*Link().up()]:
        script.add(t.segment(octets, direction == UP))
    assert table(rows_of(script, "frame"), "layer kind profile direction")[3:] == [
        "hdlc SNRM hdlc client-to-server", "hdlc UA hdlc server-to-client",
    ]  # fmt: skip


def test_fragments_are_one_frame_and_unfinished_ones_are_kept() -> None:
    from scapy.layers.inet import IP, fragment
    from scapy.layers.inet import UDP as ScapyUdp
    from scapy.layers.l2 import Ether
    from scapy.packet import Raw

    whole = (
        Ether()
        / IP(src="10.0.0.1", dst="10.0.1.7")
        / ScapyUdp(sport=5000, dport=4059)
        / Raw(wrap(UP, AARQ + bytes(99)))
    )
    pieces = [bytes(Ether() / p) for p in fragment(whole[IP], fragsize=64)]
    script = Script()
    for piece in pieces:
        script.add(piece)
    found = frames(script)
    assert [f.kind for f in found] == ["wrapper"] and len(pieces) == 3
    conserved(script, found)
    script = Script().add(pieces[0])
    found = frames(script)
    assert [(f.layer, f.kind, [p.kind.code for p in f.problems]) for f in found] == [
        ("ip", "ip.fragment", ["ip.fragment-lost"])
    ]
    conserved(script, found)


def test_endpoints() -> None:
    assert (endpoint("10.0.0.1", 5), endpoint("2001:db8::1", 5), endpoint("", 5)) == (
        "10.0.0.1:5",
        "[2001:db8::1]:5",
        None,
    )


def test_many_conversations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from dissectors.link import stage

    monkeypatch.setattr(stage, "MAX_CONVERSATIONS", 3)
    script = Script()
    for port in range(5000, 5040):
        for direction, apdu in OPENING:
            script.add(udp(wrap(direction, apdu), direction == UP, f"10.0.0.1:{port}"))
    found = frames(script)
    assert [f.kind for f in found] == ["wrapper"] * 80
    conserved(script, found)


def test_channels_may_grow_while_reading() -> None:
    script = over_udp(*OPENING)
    channels = [script.channels[0]]
    stage = LinkStage(channels, PROFILES)

    def records() -> Any:
        yield script.records[0]
        channels.append(Channel(1, "eth1", ETHERNET))
        yield replace(script.records[1], channel=1)

    assert [f.channel for f in stage.frames(records())] == [0, 1]


# -- the fused path ----------------------------------------------------------------------------------------------


class Never(dict[Any, Any]):
    """Remembers nothing: every packet takes the layers one by one."""

    def __setitem__(self, key: Any, value: Any) -> None:
        return None


def slow(script: Script) -> list[Frame]:
    stage = LinkStage(script.channels, PROFILES)
    stage._quick_udp, stage._quick_tcp = Never(), Never()
    return frames(script, stage)


def same(one: list[Frame], two: list[Frame]) -> None:
    """The fused path leaves the wrapper's own value out: it is in the octets."""
    assert [replace(f, value=None) for f in one] == [replace(f, value=None) for f in two]


TAG_OCTET = 50  # of the APDU in a datagram: behind a wrong one the layers look for another header
STEPS = [*OPENING, (UP, GET), (DOWN, GOT), (UP, GET), (DOWN, GOT), (UP, GET), (DOWN, GOT)]


@pytest.mark.parametrize("carrier", [over_udp, over_tcp])
def test_fused_path_equals_the_layers(carrier: Any) -> None:
    script = carrier(*STEPS)
    stage = LinkStage(script.channels, PROFILES)
    found = frames(script, stage)
    assert stage._quick_udp or stage._quick_tcp, "nothing took the fused path"
    same(found, slow(script))


@settings(max_examples=150)
@given(
    st.sampled_from([over_udp, over_tcp]),
    st.lists(st.tuples(st.integers(4, 10), st.integers(0, 61), st.integers(0, 255)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(4, 10), st.integers(1, 60)), max_size=2),
    st.integers(0, 2),
)
def test_fused_path_equals_the_layers_on_mutated_packets(
    carrier: Any, changes: list[tuple[int, int, int]], cuts: list[tuple[int, int]], padding: int
) -> None:
    script = carrier(*STEPS)
    for record, at, value in changes:
        r = script.records[min(record, len(script.records) - 1)]
        octets = bytearray(r.octets)
        if at != TAG_OCTET or carrier is over_tcp:
            octets[at % len(octets)] = value
        script.records[r.no - 1] = replace(r, octets=bytes(octets) + bytes(padding))
    for record, cut in cuts:
        r = script.records[min(record, len(script.records) - 1)]
        script.records[r.no - 1] = replace(r, octets=r.octets[:-cut])
    found = frames(script)
    same(found, slow(script))
    conserved(script, found)


@settings(max_examples=80)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from([o for _, o in Link().up()] + [hdlc.frame("I", info=b"\xe6\xe6\x00" + GET)]),
        ),
        max_size=12,
    ),
    st.sampled_from([SERIAL, TEXT, 250]),
    st.lists(st.integers(0, 2), min_size=12, max_size=12),
)
def test_no_octet_of_a_line_is_lost(pieces: list[bytes], link_type: int, directions: list[int]) -> None:
    script = Script(link_type)
    for piece, direction in zip(pieces, directions, strict=False):
        script.add(piece, direction)
    conserved(script, frames(script))


# -- the capture's clock -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("carrier", [over_udp, over_tcp, over_hdlc])
def test_stamps_that_go_back(carrier: Any) -> None:
    """Once, by how much, and only where the stamps are surer than that."""
    script = carrier(*STEPS)
    plain = table(rows_of(script, "frame"), "kind direction problems")
    at = 4
    back = 500 * MS
    script.records[at:] = [
        replace(r, first_ns=(r.first_ns or 0) - back, last_ns=(r.last_ns or 0) - back) for r in script.records[at:]
    ]
    step = (script.records[at - 1].first_ns or 0) - (script.records[at].first_ns or 0)
    found = rows_of(script, "finding")
    assert [f["text"] for f in found if f["code"] == "capture.clock"] == [f"time stamps go back by {step} ns"]
    shown = table(rows_of(script, "frame"), "kind direction problems")
    assert [row.replace(" capture.clock", " -", 1) for row in shown] == plain
    script.records = [replace(r, uncertainty_ns=back) for r in script.records]
    assert not [f for f in rows_of(script, "finding") if f["code"] == "capture.clock"]


def test_two_channels_have_their_own_order() -> None:
    script = over_udp(*STEPS)
    script.channels.append(Channel(1, "eth1", ETHERNET))
    script.records[3:3] = [replace(script.records[0], channel=1)]
    assert not [f for f in rows_of(script, "finding") if f["code"] == "capture.clock"]


def test_octets_that_overlap_in_time_do_not_go_back() -> None:
    """A short record of the other direction within a long one."""
    snrm, ua = (octets for _, octets in Link().up())
    script = Script(SERIAL)
    script.add(snrm, UP).add(ua, DOWN)
    long, short = script.records
    script.records = [
        replace(long, last_ns=(long.first_ns or 0) + 90 * MS),
        replace(short, first_ns=(long.first_ns or 0) + 30 * MS, last_ns=(long.first_ns or 0) + 50 * MS),
        replace(short, no=3, first_ns=(long.first_ns or 0) + 20 * MS, last_ns=(long.first_ns or 0) + 60 * MS),
    ]
    assert not [f for f in rows_of(script, "finding") if f["code"] == "capture.clock"]


@pytest.mark.parametrize("carrier", [over_udp, over_tcp, over_hdlc])
def test_the_recorder_set_its_clock(carrier: Any) -> None:
    """A comment of any record, or of one without octets."""
    script = carrier(*STEPS)
    script.records[5] = replace(script.records[5], comment="clock step +3600.000000 s")
    if carrier is over_hdlc:
        script.add(b"", flags=Flag.STATUS, comment="clock step -0.250000 s")
    found = [f["text"] for f in rows_of(script, "finding") if f["code"] == "capture.clock-step"]
    words = "the recorder's clock was set by {} s: times before and after do not compare"
    texts = [words.format(step) for step in ("+3600.000000", "-0.250000")]
    assert found == texts[: len(found)] and len(found) == 1 + (carrier is over_hdlc)


def test_a_clock_step_on_a_record_that_waits_is_not_lost() -> None:
    """A fragment gives no frame yet: the next frame says it."""
    script = over_udp(*STEPS)
    script.channels.append(Channel(1, "wire", SERIAL))
    first = script.records[2]
    script.records[2:2] = [replace(first, channel=1, octets=b"\x7e", no=90, comment="clock step +1.0 s")]
    found = frames(script)
    assert [p.kind.code for p in found[2].problems] == ["capture.clock-step"] and found[2].layer == "wrapper"
