"""HDLC links: scripts of frames in, problem codes out; every rule of the link level, habits, directions."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from encode import hdlc as encode
from encode.hdlc import COMMAND, RESPONSE, frame, parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.link.framing import Chunk
from dissectors.link.hdlc import Limit, Parameters
from dissectors.link.hdlc_framer import Framer
from dissectors.link.hdlc_link import Links
from dissectors.link.hdlc_state import TRANSITIONS, Followed, State
from dissectors.problem import SEVERITY_NAMES
from dissectors.record import Direction

UP, DOWN, UNKNOWN = Direction.TO_SERVER, Direction.TO_CLIENT, Direction.UNKNOWN
GET = COMMAND + bytes.fromhex("C001C100030100010800FF0200")
ANSWER = RESPONSE + bytes.fromhex("C401C1000600000001")
SNRM, UA = frame("SNRM"), frame("UA", False)
DISC = frame("DISC")


def i(up: bool, ns: int, nr: int, info: bytes = b"", **more: Any) -> bytes:
    return frame("I", up, info or (GET if up else ANSWER), ns, nr, **more)


def rr(up: bool, nr: int, **more: Any) -> bytes:
    return frame("RR", up, b"", 0, nr, **more)


def follow(
    frames: Sequence[bytes],
    links: Links | None = None,
    step_ns: int | None = None,
    heard: Sequence[int] | None = None,
) -> list[Followed]:
    links = links or Links()
    framer = Framer()
    out = []
    for number, octets in enumerate(frames, 1):
        at = None if step_ns is None else number * step_ns
        told = heard[number - 1] if heard else UNKNOWN
        out += [links.follow(unit, number, told) for unit in framer.feed(Chunk(octets, number, at, at, 0))]
    return out


def codes(*frames: bytes, **more: Any) -> list[str]:
    """Problems as "number code", with the severity where it is not the kind's own."""
    out = []
    for number, followed in enumerate(follow(frames, **more), 1):
        for p in followed.problems:
            own = p.severity == p.kind.severity
            out.append(f"{number} {p.kind.code}" + ("" if own else " " + SEVERITY_NAMES[p.severity]))
    return out


def test_a_session_by_the_book() -> None:
    frames = [SNRM, UA, i(True, 0, 0), i(False, 0, 1), i(True, 1, 1), rr(False, 2), rr(True, 1), i(False, 1, 2)]
    for _ in range(3):  # numbers wrap
        for n in range(8):
            k = (n + 2) & 7
            frames += [i(True, k, k), i(False, k, (k + 1) & 7)]
    frames += [frame("DISC"), frame("UA", False)]
    assert codes(*frames) == []
    found = follow(frames)
    assert [f.direction for f in found] == [UP, DOWN] * (len(frames) // 2)
    assert {(f.client, f.server, f.physical) for f in found} == {(16, 1, 17)}


def test_segments_by_the_book() -> None:
    """The worked pattern of window 1, three segments."""
    frames = [SNRM, UA, i(True, 0, 0), i(False, 0, 1), i(True, 1, 1), i(False, 1, 2, ANSWER, segmented=True)]
    frames += [rr(True, 2), i(False, 2, 2, b"\xe0more", segmented=True), rr(True, 3), i(False, 3, 2, b"last")]
    frames += [i(True, 2, 4), i(False, 4, 3)]
    assert codes(*frames) == []


def test_fast_path_equals_slow_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same result when no frame may take the fast path."""
    frames = [SNRM, UA]
    for n in range(12):
        k = n & 7
        frames += [i(True, k, k), i(False, k, (k + 1) & 7)]
    frames += [i(True, 4, 4), i(False, 4, 5, segmented=True), rr(True, 5), i(False, 5, 5, b"x"), i(True, 7, 6)]
    fast = follow(frames)
    monkeypatch.setattr(Links, "_expected", staticmethod(lambda way, value, payload: False))
    assert follow(frames) == fast
    assert [p.kind.code for p in fast[-1].problems] == ["hdlc.ns-gap"]


OPEN = [SNRM, UA]
DM, FRMR = frame("DM", False), frame("FRMR", False, b"\x10\x00\x01")
ALL = (1, 0x3FFF, 4)
RULES: list[tuple[str, list[bytes], list[str]]] = [
    ("open twice", [*OPEN, SNRM], ["3 hdlc.snrm-nrm"]),
    ("refused", [SNRM, DM], ["2 hdlc.dm"]),
    ("was closed", [DISC, DM], ["2 hdlc.dm note"]),
    ("data after DM", [SNRM, DM, i(True, 0, 0), DM], ["2 hdlc.dm", "3 hdlc.ndm-data", "4 hdlc.dm"]),
    ("data after DISC", [DISC, UA, rr(True, 0)], ["3 hdlc.ndm-data"]),
    ("rejected", [*OPEN, i(True, 0, 0), FRMR], ["4 hdlc.frmr"]),
    ("after reject", [*OPEN, i(True, 0, 0), FRMR, i(True, 1, 0)], ["4 hdlc.frmr", "5 hdlc.after-frmr"]),
    ("new SNRM after reject", [*OPEN, i(True, 0, 0), FRMR, *OPEN, i(True, 0, 0)], ["4 hdlc.frmr"]),
    ("N(S) skips", [*OPEN, i(True, 1, 0)], ["3 hdlc.ns-gap"]),
    ("N(S) skips, refused, right", [*OPEN, i(True, 2, 0), rr(False, 0), i(True, 0, 0)], ["3 hdlc.ns-gap"]),
    ("server skips", [*OPEN, i(True, 0, 0), i(False, 2, 1)], ["4 hdlc.ns-gap"]),
    ("N(R) of nothing", [*OPEN, rr(True, 3)], ["3 hdlc.nr"]),
    ("N(R) of the server", [*OPEN, i(True, 0, 0), i(False, 0, 4)], ["4 hdlc.nr"]),
    ("retransmission", [*OPEN, i(True, 0, 0), i(True, 0, 0)], ["4 hdlc.no-resp", "4 hdlc.retx"]),
    ("server repeats its answer", [*OPEN, i(True, 0, 0), i(False, 0, 1), rr(True, 0), i(False, 0, 1)], ["6 hdlc.retx"]),
    (
        "too many",
        [*OPEN, *[i(True, 0, 0)] * 6],
        [f"{n} {c}" for n in range(4, 9) for c in ("hdlc.no-resp", "hdlc.retx" + " warning" * (n > 6))],
    ),
    ("window", [*OPEN, i(True, 0, 0, poll=False), i(True, 1, 0)], ["4 hdlc.window"]),
    ("too long", [*OPEN, i(True, 0, 0, COMMAND + bytes(126))], ["3 hdlc.info-len"]),
    ("just fits", [*OPEN, i(True, 0, 0, COMMAND + bytes(125))], []),
    ("no answer to SNRM", [SNRM, SNRM, UA], ["2 hdlc.no-resp"]),
    ("no turn", [*OPEN, i(True, 0, 0), i(False, 0, 1), rr(False, 1)], ["5 hdlc.turn"]),
    ("client segments", [*OPEN, i(True, 0, 0, segmented=True), rr(False, 1), i(True, 1, 0, b"x")], ["3 hdlc.seg-up"]),
    (
        "unfinished",
        [*OPEN, i(True, 0, 0), i(False, 0, 1, segmented=True), i(True, 1, 1)],
        ["5 hdlc.seg-orphan"],
    ),
    (
        "new header inside",
        [*OPEN, i(True, 0, 0), i(False, 0, 1, segmented=True), rr(True, 1), i(False, 1, 1)],
        ["6 hdlc.seg-orphan"],
    ),
    ("orphan", [*OPEN, i(True, 0, 0), i(False, 0, 1, b"abc", segmented=True)], ["4 hdlc.seg-orphan"]),
    ("no LLC", [*OPEN, i(True, 0, 0, b"\xc0\x01\xc1")], ["3 hdlc.llc"]),
    ("wrong LLC", [*OPEN, i(True, 0, 0, ANSWER)], ["3 hdlc.llc"]),
    ("quality", [*OPEN, i(True, 0, 0, b"\xe6\xe6\x01\xc0")], ["3 hdlc.llc-q"]),
    ("S in RR", [*OPEN, rr(True, 0, segmented=True)], ["3 hdlc.seg-ui"]),
    (
        "UI in segments",
        [*OPEN, frame("UI"), frame("UI", False, ANSWER, segmented=True)],
        ["4 hdlc.seg-ui", "4 hdlc.push-long"],
    ),
    ("answer to UI", [*OPEN, frame("UI", info=GET), frame("UI", False, ANSWER)], ["4 hdlc.ui-resp"]),
    ("event after UI", [*OPEN, frame("UI"), frame("UI", False, RESPONSE + b"\xc2\x00")], []),
    ("range", [frame("SNRM", info=parameters(16, 3000, 0, 9))], ["1 hdlc.neg-range"] * 4),
    (
        "raised",
        [frame("SNRM", info=parameters()), frame("UA", False, parameters(129, 128, 2, 1))],
        ["2 hdlc.neg-up"] * 2,
    ),
    ("raised over default", [SNRM, frame("UA", False, parameters(239, 128))], ["2 hdlc.neg-up warning"]),
    ("command of a server", [SNRM, frame("SNRM", False)], ["2 hdlc.dir"]),
    ("response of a client", [*OPEN, frame("UA", True)], ["3 hdlc.dir"]),
    ("broadcast I", [i(True, 0, 0, server=ALL, poll=False)], ["1 hdlc.bcast-i"]),
    ("broadcast P", [frame("UI", info=GET, server=ALL)], ["1 hdlc.bcast-p"]),
    ("broadcast", [frame("UI", info=GET, server=ALL, poll=False)], []),
    ("no station P", [frame("SNRM", server=(0, 17, 4))], ["1 hdlc.bcast-p"]),
    ("source no station", [frame("SNRM", client=0)], ["1 hdlc.addr-src"]),
    (
        "source all stations",
        [frame("SNRM", server=ALL, poll=True), frame("UA", False, server=ALL)],
        ["1 hdlc.bcast-p", "2 hdlc.addr-src"],
    ),
    (
        "lengths",
        [*OPEN, frame("SNRM", server=(1, 17, 2)), frame("UA", False, server=(1, 17, 2))],
        ["3 hdlc.addr-mix", "3 hdlc.snrm-nrm"],
    ),
    ("two devices", [*OPEN, frame("SNRM", server=(1, 18, 2))], []),
]


@pytest.mark.parametrize(("frames", "expected"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_rule(frames: list[bytes], expected: list[str]) -> None:
    assert codes(*frames) == expected


def test_client_address_of_two_octets() -> None:
    octets = b"\x7e" + encode.body(bytes.fromhex("00020401"), b"\x00\x21", 0x93) + b"\x7e"
    assert codes(octets) == ["1 hdlc.addr-len"]


def test_negotiated_limits() -> None:
    """The smaller of what one side sends and the other takes, for each direction."""
    setup = [frame("SNRM", info=parameters(200, 300, 3, 4)), frame("UA", False, parameters(250, 150, 2, 2))]
    assert codes(*setup, i(True, 0, 0, COMMAND + bytes(147))) == []
    assert codes(*setup, i(True, 0, 0, COMMAND + bytes(148))) == ["3 hdlc.info-len"]
    down = [*setup, i(True, 0, 0)]
    assert codes(*down, i(False, 0, 1, RESPONSE + bytes(247))) == []
    assert codes(*down, i(False, 0, 1, RESPONSE + bytes(248))) == ["4 hdlc.info-len"]
    burst = [i(True, n, 0, poll=False) for n in range(3)]
    assert codes(*setup, *burst) == ["5 hdlc.window"]


def test_ua_without_information_means_defaults() -> None:
    setup = [frame("SNRM", info=parameters(200, 300)), UA]
    assert codes(*setup, i(True, 0, 0, COMMAND + bytes(126))) == ["3 hdlc.info-len"]


def test_parameters_of_the_profile_decide() -> None:
    wide = Parameters(max_info_tx=Limit(512, 32, 4000), max_info_rx=Limit(512, 32, 4000))
    frames = [*OPEN, i(True, 0, 0, COMMAND + bytes(300))]
    assert codes(*frames) == ["3 hdlc.info-len"]
    assert codes(*frames, links=Links(wide)) == []
    asked = frame("SNRM", info=parameters(3000, 2030))
    assert codes(asked) == ["1 hdlc.neg-range"]
    assert codes(asked, links=Links(wide)) == []
    again = [*OPEN, i(True, 0, 0), i(True, 0, 0)]
    assert "4 hdlc.retx warning" in codes(*again, links=Links(Parameters(max_retries=0)))


def test_names_of_the_profile_decide() -> None:
    def names(role: str, value: int) -> str | None:
        return "reserved" if (role, value) in (("server", 2), ("physical", 1)) else None

    frames = [frame("SNRM", server=(2, 1, 4)), frame("UA", False, server=(2, 1, 4))]
    assert codes(*frames) == []
    links = Links(names=names, profile="mine")
    found = follow(frames, links)
    assert [p.text for p in found[0].problems] == [
        "server upper address 2 is reserved in profile mine",
        "server lower address 1 is reserved in profile mine",
    ]
    assert found[1].problems == ()


def test_capture_from_the_middle_gives_no_complaint() -> None:
    for start in range(1, 12):
        frames = [SNRM, UA]
        for n in range(9):
            k = n & 7
            frames += [i(True, k, k), i(False, k, (k + 1) & 7)]
        assert codes(*frames[start:]) in ([], ["1 hdlc.habit"])
    middle = [
        i(False, 3, 4, b"data", segmented=True),
        rr(True, 4),
        i(False, 4, 4, b"end"),
        i(True, 4, 5),
        i(False, 5, 5),
    ]
    assert "error" not in " ".join(codes(*middle)) and "hdlc.ns-gap" not in " ".join(codes(*middle))


def test_damaged_frames_do_not_reach_the_state() -> None:
    bad = bytearray(i(True, 3, 3))
    bad[-3] ^= 1
    frames = [*OPEN, i(True, 0, 0), bytes(bad), i(False, 0, 1), i(True, 1, 1)]
    assert codes(*frames) == []


def test_loss_makes_everything_unknown() -> None:
    links = Links()
    assert codes(*OPEN, i(True, 0, 0), i(False, 0, 1), links=links) == []
    links.lose()
    assert codes(i(True, 5, 3), i(False, 3, 6), i(True, 6, 4), links=links) == []


def test_answers_that_the_capture_missed() -> None:
    assert codes(*OPEN, i(True, 0, 0), i(True, 1, 1), i(True, 2, 2)) == ["4 hdlc.missed", "5 hdlc.missed"]
    assert codes(SNRM, i(True, 0, 0)) == ["2 hdlc.missed"]


def test_inactivity_closes_a_link() -> None:
    frames = [*OPEN, SNRM]
    assert codes(*frames, step_ns=1_000_000_000) == ["3 hdlc.snrm-nrm"]
    assert codes(*frames, step_ns=121_000_000_000) == []


def test_server_counts_rr_frames() -> None:
    """The quirk of a library's server: its N(R) grows by one for each RR of the client."""
    frames = [*OPEN, i(True, 0, 0), i(False, 0, 1, segmented=True), rr(True, 1), i(False, 1, 2, b"b", segmented=True)]
    frames += [rr(True, 2), i(False, 2, 3, b"c"), i(True, 1, 3), i(False, 3, 4)]
    assert codes(*frames) == ["6 hdlc.nr-quirk", "8 hdlc.nr-quirk", "10 hdlc.nr-quirk"]


def test_echo() -> None:
    frames = [SNRM, SNRM, UA, i(True, 0, 0), i(True, 0, 0), i(False, 0, 1)]
    assert codes(*frames, step_ns=20_000_000) == ["2 hdlc.echo", "5 hdlc.echo"]
    assert codes(*frames, step_ns=200_000_000) == ["2 hdlc.no-resp", "5 hdlc.no-resp", "5 hdlc.retx"]
    assert "hdlc.echo" not in " ".join(codes(*frames, step_ns=20_000_000, links=Links(line=False)))
    heard = [UP, DOWN, DOWN, UP, DOWN, DOWN]
    assert codes(*frames, heard=heard) == ["2 hdlc.echo", "5 hdlc.echo"]


def test_two_clients_interleave() -> None:
    def of(client: int) -> list[bytes]:
        return [frame("SNRM", client=client), frame("UA", False, client=client)]

    one, two = of(16), of(1)
    frames = [*one, *two, i(True, 0, 0), i(False, 0, 1), i(True, 0, 0, client=1), i(False, 0, 1, client=1)]
    assert codes(*frames) == ["5 hdlc.two-clients"]
    closed = [DISC, UA]
    assert codes(*one, *closed, *two, i(True, 0, 0, client=1)) == []


def test_multidrop_lines_keep_links_apart() -> None:
    a: dict[str, Any] = {"server": (1, 17, 4)}
    b: dict[str, Any] = {"server": (1, 18, 4)}
    frames = [frame("SNRM", **a), frame("UA", False, **a), frame("SNRM", **b), frame("UA", False, **b)]
    frames += [i(True, 0, 0, **a), i(False, 0, 1, **a), i(True, 0, 0, **b), i(False, 0, 1, **b), i(True, 1, 1, **a)]
    assert codes(*frames) == []
    assert codes(*frames, frame("SNRM", **b)) == ["10 hdlc.no-resp", "10 hdlc.snrm-nrm"]


ONE: dict[str, Any] = {"server": (1, 0, 1)}


def test_direction_of_one_octet_addresses_is_learned() -> None:
    frames = [
        rr(True, 0, **ONE),
        frame("SNRM", **ONE),
        frame("UA", False, **ONE),
        rr(True, 0, **ONE),
        rr(False, 0, **ONE),
    ]
    assert [f.direction for f in follow(frames)] == [UNKNOWN, UP, DOWN, UP, DOWN]
    assert [f.client for f in follow(frames)] == [-1, 16, 16, 16, 16]
    frames = [i(False, 0, 1, **ONE), rr(True, 1, **ONE)]
    assert [f.direction for f in follow(frames)] == [DOWN, UP]
    frames = [rr(True, 0, **ONE), rr(False, 0, **ONE)]
    assert [f.direction for f in follow(frames, heard=[UP, UNKNOWN])] == [UP, DOWN]


def test_wrong_learning_heals() -> None:
    frames = [rr(False, 0, **ONE), frame("SNRM", **ONE), frame("UA", False, **ONE)]
    assert [f.direction for f in follow(frames, heard=[UP, UNKNOWN, UNKNOWN])] == [UP, UP, DOWN]
    frames = [frame("SNRM", **ONE), frame("UA", False, **ONE), frame("UA", True, **ONE)]
    found = follow(frames)
    assert [p.kind.code for p in found[2].problems] == ["hdlc.dir"] and found[2].direction == UP


def push(destination: str, source: str, octet: int, info: bytes, segmented: bool = False) -> bytes:
    return b"\x7e" + encode.body(bytes.fromhex(destination), bytes.fromhex(source), octet, info, segmented) + b"\x7e"


NOTICE = RESPONSE + b"\x0f\x40\x00\x00\x00\x09\x0c"


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([push("2B", "21", 0x13, NOTICE + bytes(200))] * 2, []),
        ([push("41", "0883", 0x13, NOTICE)] * 2, []),
        ([push("01", "0201", 0x10, NOTICE)] * 3, [f"{n} hdlc.habit" for n in (1, 1, 2, 2, 3, 3)]),
        ([push("01", "0001", 0x10, NOTICE)], ["1 hdlc.addr-src note", "1 hdlc.habit", "1 hdlc.habit"]),
        (
            [
                push("CEFF", "03", 0x13, RESPONSE + b"\xe0\x40\x00\x01\x00\x00\x01A"),
                push("CEFF", "03", 0x13, b"\xe0\x40\x00\x02\x00\x00\x01B"),
                push("CEFF", "03", 0x13, b"\xe0\xc0\x00\x03\x00\x00\x01C"),
            ],
            ["1 hdlc.habit", "2 hdlc.habit", "2 hdlc.habit", "3 hdlc.habit", "3 hdlc.habit"],
        ),
        (
            [
                push("CF", "0223", 0x03, NOTICE, True),
                push("CF", "0223", 0x03, b"\x01\x02", True),
                push("CF", "0223", 0x13, b"\x03"),
            ],
            ["1 hdlc.seg-ui note", "2 hdlc.seg-ui note"],
        ),
        ([push("CF", "03", 0x13, COMMAND + NOTICE[3:])], []),
        ([push("CF", "0223", 0x13, COMMAND + NOTICE[3:])], ["1 hdlc.habit"]),
    ],
)
def test_habits_of_push_ports(frames: list[bytes], expected: list[str]) -> None:
    assert codes(*frames, step_ns=10_000_000_000) == expected


def test_transitions_cover_every_state() -> None:
    for state in State:
        assert TRANSITIONS[state, "SNRM"] == State.WAIT_UA and TRANSITIONS[state, "DISC"] == State.WAIT_DISC
        assert TRANSITIONS[state, "DM"] == State.NDM


ANY = st.builds(
    frame,
    st.sampled_from(["I", "RR", "RNR", "SNRM", "DISC", "UA", "DM", "FRMR", "UI"]),
    st.booleans(),
    st.sampled_from([b"", GET, ANSWER, b"\xe0\x01", b"x" * 200, b"\x10\x00\x01", parameters(), b"\x81\x80"]),
    st.integers(0, 7),
    st.integers(0, 7),
    st.booleans(),
    st.booleans(),
    st.sampled_from([16, 1, 0, 127]),
    st.sampled_from([(1, 17, 4), (1, 17, 2), (1, 0, 1), (16, 0, 1), (127, 0, 1), (0, 0, 2)]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY, max_size=25), st.sampled_from([None, 1_000_000, 1_000_000_000]))
def test_never_raises_and_places_problems_inside(frames: list[bytes], step_ns: int | None) -> None:
    found = follow(frames, step_ns=step_ns)
    assert len(found) == len(frames)
    for octets, followed in zip(frames, found, strict=True):
        for p in followed.problems:
            assert 0 <= p.start <= p.end <= len(octets)
            assert "{" not in p.text


def test_corpus_sessions(corpus: Path) -> None:
    """Directions as the log's TX and RX say; no error in the sessions that are by the book."""
    clean = 0
    for path in sorted(corpus.glob("session-hdlc/*.json")):
        chunks = json.loads(path.read_text())["chunks"]
        found = follow([bytes.fromhex(chunk["hex"]) for chunk in chunks])
        assert len(found) == len(chunks), path.name
        marks = [{"TX": UP, "RX": DOWN}[chunk["dir"]] for chunk in chunks]
        assert [f.direction for f in found] == marks, path.name
        clean += not any(p.severity == 2 for f in found for p in f.problems)
    assert clean >= 8


def test_equal_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from dissectors.link import hdlc_link

    monkeypatch.setattr(hdlc_link, "MAX_LINKS", 4)
    links = Links()
    follow([frame("SNRM", client=n, server=(n, 0, 1)) for n in range(16, 40)], links)
    assert len(links.links) <= 4 and not links.next
