"""Reassembly: APDUs and events from frames, in order; attempts, polls and times; gaps; bounds."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from encode.hdlc import COMMAND, RESPONSE, frame
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dissectors import problem, reassembly
from dissectors.link.framing import Chunk, Unit
from dissectors.link.hdlc_framer import Framer
from dissectors.link.hdlc_link import Links
from dissectors.problem import Problem
from dissectors.reassembly import join
from dissectors.record import Direction, Frame, Path, Pdu

UP, DOWN, UNKNOWN = Direction.TO_SERVER, Direction.TO_CLIENT, Direction.UNKNOWN
MS = 1_000_000
LINE = Path(0, "serial")
GET = bytes.fromhex("C001C100030100010800FF0200")
ANSWER = bytes.fromhex("C401C1000600000001")


def to_frame(no: int, unit: Unit, links: Links, path: Path = LINE) -> Frame:
    """What the link stage makes of a unit."""
    followed = links.follow(unit, no)
    value = unit.value
    return Frame(
        *(no, unit.records, 0, path, "hdlc", followed.direction, unit.first_ns, unit.last_ns, unit.uncertainty_ns),
        *("noise" if unit.kind == "noise" else "hdlc", unit.kind),
        *((value.source.upper, value.destination.upper) if value is not None else (-1, -1)),
        *(unit.octets, b"", unit.payload, value, unit.problems + followed.problems, followed.physical, unit.gap_ns),
    )


def line(*octets: bytes, times_ms: Sequence[int] | None = None, path: Path = LINE) -> list[Frame]:
    """Frames of one line; each lasts one millisecond, one every second unless times are given."""
    framer, links = Framer(), Links()
    out: list[Frame] = []
    for number, one in enumerate(octets):
        at = (times_ms[number] if times_ms else 1000 * number) * MS
        for unit in framer.feed(Chunk(one, number + 1, at, at + MS, 7)):
            out.append(to_frame(len(out) + 1, unit, links, path))
    out += [to_frame(len(out) + 1, unit, links, path) for unit in framer.end()]
    return out


def i(up: bool, ns: int, nr: int, apdu: bytes = b"", llc: bool = True, **more: Any) -> bytes:
    head = (COMMAND if up else RESPONSE) if llc else b""
    return frame("I", up, head + (apdu or (GET if up else ANSWER)), ns, nr, **more)


def rr(up: bool, nr: int) -> bytes:
    return frame("RR", up, b"", 0, nr)


def brief(pdus: Sequence[Pdu]) -> list[tuple[Any, ...]]:
    return [(p.event or p.octets, p.frames) for p in pdus]


def codes(pdu: Pdu) -> list[str]:
    return [p.kind.code for p in pdu.problems]


OPEN = [frame("SNRM"), frame("UA", False)]


def test_session() -> None:
    frames = line(*OPEN, i(True, 0, 0), i(False, 0, 1), frame("DISC"), frame("UA", False))
    pdus = list(join(frames))
    assert brief(pdus) == [("link-up", (2,)), (GET, (3,)), (ANSWER, (4,)), ("link-down", (6,))]
    assert {(p.client, p.server, p.physical, p.profile, p.channel) for p in pdus} == {(16, 1, 17, "hdlc", 0)}
    request, response = pdus[1:3]
    assert (request.direction, response.direction) == (UP, DOWN)
    assert (request.first_ns, request.last_ns, request.uncertainty_ns) == (2000 * MS, 2001 * MS, 7)
    assert (request.attempts, request.first_attempt_ns, request.last_attempt_ns) == (1, 2001 * MS, 2001 * MS)
    assert (response.link_response_ns, response.polls, response.line_ns) == (999 * MS, 0, MS)
    assert request.link_response_ns is None and request.confirmed
    assert [p.link_response_ns for p in pdus if p.event] == [999 * MS, 999 * MS]


def test_segments_are_joined() -> None:
    parts = [RESPONSE + b"\xc4\x01", b"\xc1\x00", b"\x06end"]
    octets = [*OPEN, i(True, 0, 0)]
    for n, part in enumerate(parts):
        octets += [rr(True, n)] if n else []
        octets.append(frame("I", False, part, n, 1, segmented=n < 2))
    pdus = list(join(line(*octets)))
    assert brief(pdus)[2:] == [(b"\xc4\x01\xc1\x00\x06end", (4, 6, 8))]
    answer = pdus[-1]
    assert (answer.first_ns, answer.last_ns, answer.line_ns) == (3000 * MS, 7001 * MS, 3 * MS)
    assert (answer.link_response_ns, answer.polls) == (999 * MS, 0)


def test_a_way_learned_anew_has_other_parties() -> None:
    """The link stage found out that an address pair goes the other way round."""
    first, second = line(*OPEN, i(True, 0, 0), i(True, 1, 0))[2:]
    turned = msgspec.structs.replace(second, direction=DOWN, problems=(), first_ns=9000 * MS)
    pdus = list(join([first, turned]))
    assert [(p.direction, p.client, p.server) for p in pdus] == [(UP, 16, 1), (DOWN, 1, 16)]


def test_polls_until_the_answer() -> None:
    octets = [*OPEN, i(True, 0, 0), rr(False, 1), rr(True, 0), rr(False, 1), rr(True, 0), i(False, 0, 1), i(True, 1, 1)]
    pdus = list(join(line(*octets, times_ms=[0, 10, 100, 130, 200, 230, 300, 330, 400])))
    answer = pdus[2]
    assert (answer.octets, answer.polls, answer.link_response_ns) == (ANSWER, 2, 29 * MS)


def test_retransmitted_request() -> None:
    octets = [*OPEN, i(True, 0, 0), i(True, 0, 0), i(True, 0, 0), i(False, 0, 1)]
    pdus = list(join(line(*octets)))
    assert brief(pdus)[1:] == [(GET, (3,)), (ANSWER, (6,))]
    assert (pdus[1].attempts, pdus[1].first_attempt_ns, pdus[1].last_attempt_ns) == (3, 2001 * MS, 4001 * MS)
    assert pdus[1].line_ns == 3 * MS
    assert pdus[2].link_response_ns == 999 * MS


def test_retransmitted_answer_is_not_delivered_twice() -> None:
    octets = [*OPEN, i(True, 0, 0), i(False, 0, 1), rr(True, 0), i(False, 0, 1), i(True, 1, 1)]
    assert brief(list(join(line(*octets))))[1:] == [(GET, (3,)), (ANSWER, (4,)), (GET, (7,))]


def test_retransmitted_segment() -> None:
    octets = [*OPEN, i(True, 0, 0), i(False, 0, 1, b"one", segmented=True), rr(True, 0)]
    octets += [i(False, 0, 1, b"one", segmented=True), rr(True, 1), i(False, 1, 1, b"two", llc=False)]
    assert brief(list(join(line(*octets))))[2:] == [(b"onetwo", (4, 8))]


def test_echo_is_not_delivered() -> None:
    octets = [*OPEN, i(True, 0, 0), i(True, 0, 0), i(False, 0, 1)]
    pdus = list(join(line(*octets, times_ms=[0, 100, 200, 202, 300])))
    assert brief(pdus)[1:] == [(GET, (3,)), (ANSWER, (5,))]
    assert pdus[1].attempts == 1


def test_missing_segment_is_a_gap() -> None:
    octets = [*OPEN, i(True, 0, 0), i(False, 0, 1, b"one", segmented=True)]
    octets += [rr(True, 1), i(False, 2, 1, b"three", llc=False), i(True, 1, 3), i(False, 3, 2)]
    pdus = list(join(line(*octets)))
    assert brief(pdus)[2:] == [("gap", (4,)), ("gap", (6,)), (GET, (7,)), (ANSWER, (8,))]
    assert codes(pdus[2]) == ["hdlc.seg-orphan"]


def test_unfinished_before_the_next() -> None:
    octets = [*OPEN, i(True, 0, 0), i(False, 0, 1, b"one", segmented=True), i(True, 1, 1), i(False, 1, 2)]
    pdus = list(join(line(*octets)))
    assert brief(pdus)[2:] == [(GET, (5,)), ("gap", (4,)), (ANSWER, (6,))]
    assert codes(pdus[3]) == ["hdlc.seg-orphan"]


def test_unfinished_at_the_end_of_a_link_and_of_the_capture() -> None:
    begun = [*OPEN, i(True, 0, 0), i(False, 0, 1, b"one", segmented=True)]
    pdus = list(join(line(*begun, frame("DISC"), frame("UA", False))))
    assert brief(pdus)[2:] == [("link-down", (6,))] and codes(pdus[2]) == ["hdlc.seg-orphan"]
    pdus = list(join(line(*begun)))
    assert brief(pdus)[2:] == [("gap", (4,))] and codes(pdus[2]) == ["stage.unfinished"]


def test_capture_from_the_middle() -> None:
    octets = [i(False, 3, 1, b"two", llc=False, segmented=True), rr(True, 4), i(False, 4, 1, b"three", llc=False)]
    pdus = list(join(line(*octets, i(True, 1, 5), i(False, 5, 2))))
    assert brief(pdus) == [("gap", (3,)), (GET, (4,)), (ANSWER, (5,))]
    assert codes(pdus[0]) == []


@pytest.mark.parametrize(
    ("octets", "event"),
    [
        ([frame("SNRM"), frame("DM", False)], "link-down"),
        ([frame("DISC"), frame("DM", False)], "link-down"),
        ([*OPEN, frame("FRMR", False, b"\x10\x00\x01")], "link-down"),
        ([frame("UA", False, b"\x81\x80\x03\x05\x01\x80")], "link-up"),
    ],
)
def test_link_events(octets: list[bytes], event: str) -> None:
    last = list(join(line(*octets)))[-1]
    assert (last.event, last.octets, last.client, last.server) == (event, b"", 16, 1)


def test_unconfirmed() -> None:
    (pdu,) = join(line(frame("UI", False, RESPONSE + b"\x0f\x00")))
    assert (pdu.octets, pdu.confirmed, pdu.direction) == (b"\x0f\x00", False, DOWN)


def test_segmented_push_with_a_damaged_segment() -> None:
    def ui(info: bytes, segmented: bool) -> bytes:
        return frame("UI", False, info, segmented=segmented, poll=not segmented)

    whole = [ui(RESPONSE + b"\x0fa", True), ui(b"b", True), ui(b"c", False)]
    assert brief(list(join(line(*whole)))) == [(b"\x0fabc", (1, 2, 3))]
    bad = bytearray(whole[1])
    bad[-3] ^= 1
    pdus = list(join(line(whole[0], bytes(bad), whole[2], *whole)))
    assert brief(pdus)[-1] == (b"\x0fabc", (4, 5, 6))
    assert [p.event for p in pdus[:-1]] == ["gap", "gap"] and codes(pdus[0]) == ["hdlc.seg-orphan"]


def test_block_transfer_goes_on_without_llc() -> None:
    octets = [frame("UI", False, RESPONSE + b"\xe0\x40\x00\x01"), frame("UI", False, b"\xe0\xc0\x00\x02")]
    assert brief(list(join(line(*octets)))) == [(b"\xe0\x40\x00\x01", (1,)), (b"\xe0\xc0\x00\x02", (2,))]


def packet(no: int, layer: str, kind: str, direction: int, payload: bytes = b"", path: int = 1) -> Frame:
    there = Path(path, "tcp", "a:1", "b:2")
    ends = (16, 1) if direction == UP else (1, 16)
    return Frame(no, (no,), 0, there, "tcp-udp-ip", direction, no, no, 0, layer, kind, *ends, payload, b"", payload)


def test_wrapper_and_exported_apdus_pass() -> None:
    frames = [packet(1, "wrapper", "wrapper", UP, b"q"), packet(2, "apdu", "apdu", DOWN, b"r")]
    frames += [packet(3, "wrapper", "wrapper", DOWN), packet(4, "tcp", "tcp.ack", UP)]
    pdus = list(join(frames))
    assert brief(pdus) == [(b"q", (1,)), (b"r", (2,))]
    assert [(p.client, p.server, p.confirmed, p.attempts, p.asked_ns) for p in pdus] == [
        (16, 1, True, 1, 1),
        (16, 1, True, 1, 2),
    ]


def test_tcp_events() -> None:
    frames = [packet(1, "tcp", "tcp.gap", UP), packet(2, "tcp", "tcp.fin", UP), packet(3, "tcp", "tcp.rst", DOWN)]
    assert [p.event for p in join(frames)] == ["gap", "link-down", "link-down"]


def test_gap_of_the_stream_ends_segments() -> None:
    path = Path(4, "tcp", "a:1", "b:2")
    frames = line(*OPEN, i(True, 0, 0), i(False, 0, 1, b"one", segmented=True), path=path)
    pdus = list(join([*frames, packet(9, "tcp", "tcp.gap", DOWN, path=4)]))
    assert pdus[-1].event == "gap" and codes(pdus[-1]) == ["hdlc.seg-orphan"]


def test_order_of_completion_is_kept_and_waiting_is_bounded() -> None:
    """A request that waits for its retransmissions holds later Pdus back, but not without end."""
    frames = line(*OPEN, i(True, 0, 0))
    later = [packet(10 + n, "wrapper", "wrapper", UP, b"q") for n in range(3 * reassembly.MAX_WAITING)]
    seen = 0

    def source() -> Any:
        nonlocal seen
        for one in [*frames, *later]:
            seen += 1
            yield one

    given: list[int] = []
    for pdu in join(source()):
        given.append(pdu.frames[0])
        assert seen - len(given) <= reassembly.MAX_WAITING + 4
    assert given == sorted(given) and len(given) == len(later) + 2


def test_apdu_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassembly, "MAX_APDU", 100)
    octets = [*OPEN, i(True, 0, 0)]
    octets += [i(False, n & 7, 1, bytes(60), llc=not n, segmented=n < 3) for n in range(4)]
    octets += [i(True, 1, 4), i(False, 4, 2)]
    pdus = list(join(line(*octets)))
    assert [p.event or p.octets for p in pdus][2:] == ["gap", "gap", GET, ANSWER]
    assert codes(pdus[2]) == ["stage.bound"]


def test_damaged_frame_is_not_joined() -> None:
    bad = bytearray(i(False, 0, 1))
    bad[-3] ^= 1
    assert [p.octets for p in join(line(*OPEN, i(True, 0, 0), bytes(bad)))] == [b"", GET]


ANY = st.builds(
    frame,
    st.sampled_from(["I", "I", "I", "RR", "SNRM", "DISC", "UA", "DM", "FRMR", "UI"]),
    st.booleans(),
    st.sampled_from([COMMAND + GET, RESPONSE + ANSWER, b"\xe0\x01", b"abc", b""]),
    st.integers(0, 2),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY, max_size=25))
def test_every_octet_at_most_once_and_never_raises(octets: list[bytes]) -> None:
    frames = line(*octets)
    pdus = list(join(frames))
    payload = {f.no: f.payload for f in frames}
    used = [no for p in pdus if not p.event for no in p.frames]
    assert len(used) == len(set(used))
    for p in pdus:
        if not p.event:
            assert len(p.octets) <= sum(len(payload[no]) for no in p.frames)
            assert p.octets in b"".join(payload[no] for no in p.frames) or len(p.frames) > 1
        for q in p.problems:
            assert isinstance(q, Problem) and q.text and q.kind in problem.KINDS.values()


def test_segments_are_not_joined_across_a_loss() -> None:
    """Also where the number after the loss is the one that was to come, and where a row of its own says it."""
    octets = [*OPEN, i(True, 0, 0), i(False, 0, 1, b"one", segmented=True), rr(True, 1)]
    octets.append(i(False, 1, 1, b"two", llc=False))
    loss = (Problem(problem.CAPTURE_LOSS, 0, 0, (9,)),)
    whole = line(*octets)
    assert brief(list(join(whole)))[-1] == (b"onetwo", (4, 6))
    said = [*whole[:5], replace(whole[5], problems=loss)]
    assert [each for each in brief(list(join(said))) if each[0] == b"onetwo"] == []
    row = replace(whole[4], layer="line", kind="status", octets=b"", payload=b"", value=None, problems=loss)
    found = brief(list(join([*whole[:5], row, whole[5]])))
    assert ("gap", (5,)) in found and (b"onetwo", (4, 6)) not in found


def test_a_collision_damages_what_has_no_numbers() -> None:
    told = (Problem(problem.LINE_COLLISION, 0, 0, (1, "")),)
    whole = line(*OPEN, i(True, 0, 0))
    run = replace(whole[2], layer="line", kind="collision", value=None, payload=b"", problems=told)
    assert brief(list(join([*whole, run])))[-1] == (GET, (3,))
