"""The short way of an HDLC line: taken by a session by the book, and equal to the long way whatever comes."""

from collections.abc import Sequence

import pytest
from encode.hdlc import COMMAND, RESPONSE, frame, parameters
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import PROFILES, SERIAL

from dissectors.link.hdlc_quick import Line
from dissectors.link.stage import LinkStage
from dissectors.record import Channel, Direction, Flag, Frame, Record

MS = 1_000_000
CHANNELS = [Channel(0, "0", SERIAL), Channel(1, "1", SERIAL)]
UNKNOWN = int(Direction.UNKNOWN)
GETS = [COMMAND + bytes.fromhex(f"C001C1000301000108{n:02X}FF0200") for n in range(2)]
ANSWERS = [RESPONSE + bytes.fromhex("C401C1000600000001"), RESPONSE + bytes.fromhex("C401C100110C")]
AGREED = parameters(128, 128, 1, 1)


def session(turns: int, server: tuple[int, int, int] = (1, 17, 4)) -> list[bytes]:
    """SNRM, UA, requests and answers, every fourth answer in three segments; DISC, UA."""
    out = [frame("SNRM", True, AGREED, server=server), frame("UA", False, AGREED, server=server)]
    up = down = 0

    def say(from_client: bool, info: bytes, more: bool = False) -> None:
        nonlocal up, down
        ns, nr = (up, down) if from_client else (down, up)
        out.append(frame("I", from_client, info, ns, nr, segmented=more, server=server))
        up, down = (up + 1 & 7, down) if from_client else (up, down + 1 & 7)

    for turn in range(turns):
        say(True, GETS[turn & 1])
        if turn % 4 == 3:
            for n, part in enumerate((ANSWERS[0], b"\x01" * 9, b"\x02" * 9)):
                say(False, part, n < 2)
                if n < 2:
                    out.append(frame("RR", True, b"", 0, down, server=server))
        else:
            say(False, ANSWERS[turn & 1])
    return [*out, frame("DISC", True, server=server), frame("UA", False, server=server)]


def records(frames: Sequence[bytes], gap_ms: int = 200) -> list[Record]:
    times = [n * gap_ms * MS for n in range(len(frames))]
    return [Record(n, 0, UNKNOWN, at, at, 1000, octets) for n, (at, octets) in enumerate(zip(times, frames), 1)]


def both(found: list[Record], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Frame], list[Frame], int]:
    """Frames by the short way, by the long way, and how many took the short one."""
    taken = 0
    short = Line.frame

    def counted(self: Line, no: int, r: Record) -> Frame | None:
        nonlocal taken
        made = short(self, no, r)
        taken += made is not None
        return made

    with monkeypatch.context() as patch:
        patch.setattr(Line, "frame", counted)
        quick = list(LinkStage(CHANNELS, PROFILES).frames(found))
        patch.setattr(Line, "frame", lambda self, no, r: None)
        return quick, list(LinkStage(CHANNELS, PROFILES).frames(found)), taken


def test_a_session_by_the_book_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head is learned when it is seen first; equal ones come back after eight numbers."""
    found = records(session(40) + session(40))
    quick, slow, taken = both(found, monkeypatch)
    assert quick == slow
    assert not any(f.problems for f in quick)
    assert [f.kind for f in quick[:4]] == ["SNRM", "UA", "I", "I"]
    assert taken > 0.6 * len(found)


def test_meters_on_one_line_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    once = session(24, (1, 17, 4)) + session(24, (1, 18, 4)) + session(24, (1, 19, 2))
    quick, slow, taken = both(records(once + once), monkeypatch)
    assert quick == slow
    assert {f.physical for f in quick} == {17, 18, 19}
    assert taken > 100


HARM = (
    "lost",
    "twice",
    "again later",
    "octet",
    "cut",
    "stub",
    "joined",
    "bare",
    "fill",
    "swapped",
    "no time",
    "line error",
    "octets lost",
    "told",
    "other channel",
)


def harmed(found: list[Record], harms: list[tuple[int, str, int]]) -> list[Record]:
    """Records with one thing wrong at each of these places."""
    out = []
    todo = {at % len(found): (harm, much) for at, harm, much in harms}
    late = 0
    for at, r in enumerate(found):
        harm, much = todo.get(at, ("", 0))
        o, ns = r.octets, (r.first_ns or 0) + late
        now: int | None = ns
        no, channel, direction, flags, gone = r.no, 0, UNKNOWN, 0, 0
        if harm == "lost":
            continue
        if harm in ("twice", "again later"):
            out.append(Record(no, 0, UNKNOWN, ns, ns, 1000, o))
            late += 2 * MS if harm == "twice" else 900 * MS
            now = (r.first_ns or 0) + late
        elif harm == "octet":
            place = much % len(o)
            o = o[:place] + bytes([o[place] ^ (1 << much % 8)]) + o[place + 1 :]
        elif harm == "cut":
            out.append(Record(no, 0, UNKNOWN, ns, ns, 1000, o[: much % len(o)]))
            o = o[much % len(o) :]
        elif harm == "stub":  # the beginning of a frame that goes on with the right one
            out.append(Record(no, 0, UNKNOWN, ns, ns, 1000, o[: 1 + much % 4]))
        elif harm == "joined":
            o += found[(at + much) % len(found)].octets
        elif harm == "bare":
            o = o[1:-1]
        elif harm == "fill":
            o = b"\x7e" * (1 + much % 3) + o
        elif harm == "swapped":
            o = found[(at + 1) % len(found)].octets
        elif harm == "no time":
            now = None
        elif harm == "line error":
            flags = int(Flag.PARITY_ERROR)
        elif harm == "octets lost":
            gone = 3
        elif harm == "told":
            direction = much % 3
        elif harm == "other channel":
            channel = 1
        out.append(Record(no, channel, direction, now, now, 1000, o, flags, gone))
    return out


def test_octets_that_wait_keep_the_short_way_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    found = harmed(records(session(40)), [(70, "stub", 2)])
    quick, slow, taken = both(found, monkeypatch)
    assert quick == slow
    assert taken
    assert sum(len(f.octets) for f in quick) == sum(len(r.octets) for r in found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 999), st.sampled_from(HARM), st.integers(0, 999)), min_size=1, max_size=12),
    st.integers(0, 120),
)
def test_equal_to_the_long_way(harms: list[tuple[int, str, int]], start: int) -> None:
    """Frames lost, repeated, damaged, cut, joined, stamped wrongly: the same frames, problems and links."""
    found = harmed(records((session(40) + session(24))[start:]), harms)
    with pytest.MonkeyPatch.context() as patch:
        quick, slow, _ = both(found, patch)
    assert quick == slow
