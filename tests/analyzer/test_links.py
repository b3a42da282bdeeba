"""Links: against a search over all rows of the demo captures, of blocks, repeats and segments; and as they grow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from encode import xdlms
from scripts import CLOCK_OBIS, DOWN, GET, GOT, OPENING, PROFILES, UP, Script, Tcp, get, got, over_hdlc, over_udp, wrap

import analyzer
from analyzer.analysis import Analysis
from analyzer.links import DELTAS, Links
from analyzer.model import Exchange, Finding, Message

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
RAW = b"\x09\x08" + bytes(range(8))
BLOCKS = over_udp(
    *OPENING,
    (UP, GET),  # 5, asked for in two blocks
    (DOWN, xdlms.get_response_with_datablock(0xC1, False, 1, RAW[:5])),
    (UP, bytes.fromhex("C002C100000001")),
    (DOWN, xdlms.get_response_with_datablock(0xC1, True, 2, RAW[5:])),
    (UP, get(2, CLOCK_OBIS, 8)),
    (UP, get(2, CLOCK_OBIS, 8)),
    (UP, get(2, CLOCK_OBIS, 8)),  # the attempt that is answered
    (DOWN, got(invoke=2)),
    (UP, get(3)),
    (UP, get(3)),  # never answered
)


def stream() -> Script:
    """APDUs over several segments, and several in one."""
    script, t = Script(), Tcp()
    for segment in t.handshake():
        script.add(segment)
    whole = b"".join(wrap(UP, apdu) for apdu in (OPENING[0][1], get(1), get(2, CLOCK_OBIS, 8)))
    for at in range(0, len(whole), 23):
        script.add(t.segment(whole[at : at + 23]))
    return script.add(t.segment(wrap(DOWN, got(invoke=2)) + wrap(DOWN, GOT), False))


def load(script: Script) -> Analysis:
    made = Analysis(script.channels, PROFILES)
    for _ in made.load(script.records):
        pass
    return made


def captures() -> Iterator[tuple[str, Analysis]]:
    for name in ("hdlc-serial", "hdlc-tcp", "wrapper-tcp", "wrapper-tcp-ciphered"):
        yield name, analyzer.open(str(DEMO / f"{name}.pcapng"))
    yield "blocks", load(BLOCKS)
    yield "stream", load(stream())
    yield "hdlc", load(over_hdlc(*OPENING, (UP, GET), (DOWN, GOT)))
    yield "nothing", load(Script())


MADE = dict(captures())
every = pytest.mark.parametrize("name", MADE)


class Slow:
    """The same answers by looking at every row."""

    def __init__(self, a: Analysis) -> None:
        self.a = a
        self.frames = list(a.rows("frame"))
        self.messages = [row for row in a.rows("message") if isinstance(row, Message)]
        self.exchanges = [row for row in a.rows("exchange") if isinstance(row, Exchange)]

    def carried(self, frame: int) -> tuple[int, ...]:
        return tuple(m.no for m in self.messages if frame in m.pdu.frames)

    def exchange(self, message: int) -> int:
        held = (e.no for e in self.exchanges if message in (e.request, *e.responses, *e.others))
        return next(held, 0)

    def along(self, level: str, no: int, step: int, what: str) -> int:
        rows = self.messages if level == "message" else self.exchanges
        own = getattr(rows[no - 1], what)
        same = [row.no for row in rows if own and getattr(row, what) == own and (row.no - no) * step > 0]
        return (min(same) if step > 0 else max(same)) if same else 0


@every
def test_what_belongs_together(name: str) -> None:
    slow = Slow(MADE[name])
    links = Links(MADE[name])
    for frame in range(len(slow.frames) + 2):
        assert links.messages_of_frame(frame) == slow.carried(frame)
    for m in slow.messages:
        assert links.frames_of_message(m.no) == m.pdu.frames
        assert links.exchange_of_message(m.no) == slow.exchange(m.no)
    for e in slow.exchanges:
        together = tuple(n for n in (e.request, *e.responses) if n)
        assert links.messages_of_exchange(e.no) == together
        held = {f for n in (*together, *e.others) for f in slow.messages[n - 1].pdu.frames}
        assert links.frames_of_exchange(e.no) == tuple(sorted(held))


@every
def test_no_message_of_an_answered_exchange_is_left_out(name: str) -> None:
    slow = Slow(MADE[name])
    for m in slow.messages:
        if m.apdu.role in ("request", "response", "unsolicited"):
            assert slow.exchange(m.no), (m.no, m.apdu.name)


@every
def test_conversion(name: str) -> None:
    slow = Slow(MADE[name])
    links = Links(MADE[name])
    for frame in range(1, len(slow.frames) + 1):
        own = slow.carried(frame)
        carriers = [f for f in range(1, frame) if slow.carried(f)]
        message = own[0] if own else slow.carried(carriers[-1])[-1] if carriers else 0
        assert links.convert("frame", frame, "message") == message
        exact = next((e for m in own if (e := slow.exchange(m))), 0)
        begun = [(e.frames[0] or e.frames[1], e.no) for e in slow.exchanges]
        here = [no for first, no in begun if first == frame]
        earlier = max((pair for pair in begun if pair[0] < frame), default=(0, 0))[1]
        assert links.convert("frame", frame, "exchange") == (exact or (here[0] if here else earlier))
    for m in slow.messages:
        assert links.convert("message", m.no, "frame") == m.pdu.frames[0]
        assert links.convert("message", m.no, "message") == m.no
        if slow.exchange(m.no):
            assert links.convert("message", m.no, "exchange") == slow.exchange(m.no)
    for e in slow.exchanges:
        first = e.request or e.responses[0]
        assert links.convert("exchange", e.no, "message") == first
        assert links.convert("exchange", e.no, "frame") == slow.messages[first - 1].pdu.frames[0]


@every
@pytest.mark.parametrize("level", ["message", "exchange"])
@pytest.mark.parametrize("step", [1, -1])
def test_along_an_association_and_an_object(name: str, level: str, step: int) -> None:
    slow = Slow(MADE[name])
    links = Links(MADE[name])
    for no in range(1, len(slow.messages if level == "message" else slow.exchanges) + 1):
        assert links.same_association(level, no, step) == slow.along(level, no, step, "association")
        assert links.same_object(level, no, step) == slow.along(level, no, step, "target")


@every
@pytest.mark.parametrize("step", [1, -1])
def test_frames_along_an_association(name: str, step: int) -> None:
    slow = Slow(MADE[name])
    links = Links(MADE[name])
    for frame in range(1, len(slow.frames) + 1):
        own = slow.carried(frame)
        numbers = {slow.messages[m - 1].association for m in own} - {0}
        if len(numbers) == 1:
            held = {f for m in slow.messages if m.association in numbers for f in m.pdu.frames}
            beyond = [f for f in held if (f - frame) * step > 0]
            expected = (min(beyond) if step > 0 else max(beyond)) if beyond else 0
            assert links.same_association("frame", frame, step) == expected


@every
def test_counterparts_and_requests(name: str) -> None:
    slow = Slow(MADE[name])
    links = Links(MADE[name])
    for m in slow.messages:
        if m.apdu.role == "response":
            assert links.counterpart("message", m.no) == m.request
        elif e := slow.exchange(m.no):
            after = [r for r in slow.exchanges[e - 1].responses if r > m.no]
            assert links.counterpart("message", m.no) == (after[0] if after else 0)
        assert links.previous_of("message", m.no, "request") == m.request
    for e_ in slow.exchanges:
        assert links.counterpart("exchange", e_.no) == links.previous_of("exchange", e_.no, "request") == 0


@every
def test_the_row_before_on_the_same_way(name: str) -> None:
    slow = Slow(MADE[name])
    links = Links(MADE[name])
    ways = {"frame": [(f.path, f.direction) for f in slow.frames],
            "message": [(m.pdu.path, m.pdu.direction) for m in slow.messages]}  # fmt: skip
    for level, way in ways.items():
        for no in range(1, len(way) + 1):
            before = [n for n in range(1, no) if way[n - 1] == way[no - 1]]
            assert links.previous_of(level, no, "direction") == (before[-1] if before else 0)
            assert links.previous_of(level, no, "previous") == no - 1


def test_blocks_and_repeats() -> None:
    """Messages of BLOCKS: 1 2 opening; 3 4 5 6 blocks; 7 8 9 10 repeated; 11 12 unanswered."""
    links = MADE["blocks"].links
    assert [links.exchange_of_message(n) for n in range(1, 13)] == [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4]
    assert links.messages_of_exchange(2) == (3, 4, 6) and links.frames_of_exchange(2) == (3, 4, 5, 6)
    assert links.messages_of_exchange(3) == (7, 10) and links.frames_of_exchange(3) == (7, 8, 9, 10)
    assert [links.counterpart("message", n) for n in (3, 5, 7, 8, 10, 11, 12)] == [4, 6, 10, 10, 9, 0, 0]
    assert [links.counterpart("frame", n) for n in (7, 10, 11)] == [10, 9, 0]
    assert links.previous_of("exchange", 3, "direction") == 2 and links.previous_of("exchange", 1, "direction") == 0
    assert links.previous_of("frame", 10, "request") == 9 and links.previous_of("frame", 9, "request") == 0


def test_findings() -> None:
    made = MADE["blocks"]
    about = [(10, 10, 0), (4, 0, 0), (0, 0, 0), (4, 4, 0), (11, 0, 4)]
    found = [Finding(n, "a", 1, "", "", frame, message, exchange) for n, (frame, message, exchange) in enumerate(about)]
    links = Links(made)

    def rows(level: str, step: int) -> list[int]:
        no, out = (0 if step > 0 else 99), []
        while no := links.next_finding(found, level, no, step):
            out.append(no)
        return out

    assert rows("frame", 1) == rows("message", 1) == [4, 10, 11] and rows("exchange", 1) == [2, 3, 4]
    assert rows("frame", -1) == [11, 10, 4] and rows("exchange", -1) == [4, 3, 2]
    found.append(Finding(9, "b", 1, "", "", 12))
    assert rows("frame", 1) == [4, 10, 11, 12]
    assert links.next_finding([], "frame", 3, 1) == 0


@pytest.mark.parametrize(("name", "script"), [("blocks", BLOCKS), ("stream", stream())])
def test_links_grow_as_the_tables_do(name: str, script: Script) -> None:
    """Asked after every record, the links say what those made at the end say."""
    whole = MADE[name]
    growing = Analysis(script.channels, PROFILES)

    def asked() -> Iterator[object]:
        for record in script.records:
            for level in ("frame", "message", "exchange"):
                growing.links.same_association(level, 1, 1)
                growing.links.convert("frame", 1, level)
                for kind in DELTAS:
                    growing.links.previous_of(level, 1, kind)
            yield record

    for _ in growing.load(asked()):  # type: ignore[arg-type]
        pass
    numbers = range(1, len(whole.frames) + 1)
    fresh = Links(whole)
    for question in (
        lambda links: [links.messages_of_frame(n) for n in numbers],
        lambda links: [links.exchange_of_message(n) for n in numbers],
        lambda links: [links.same_association(level, n, 1) for level in ("frame", "message") for n in numbers],
        lambda links: [links.convert("frame", n, "exchange") for n in numbers],
        lambda links: [links.previous_of("frame", n, kind) for n in numbers for kind in DELTAS],
    ):
        assert question(growing.links) == question(fresh)


def test_numbers_out_of_range() -> None:
    links = MADE["nothing"].links
    for level in ("frame", "message", "exchange"):
        assert (
            links.counterpart(level, 1) == links.same_object(level, 1, 1) == links.previous_of(level, 0, "request") == 0
        )
        assert [links.convert(level, 1, to) for to in ("frame", "message", "exchange") if to != level] == [0, 0]
    assert links.messages_of_exchange(1) == links.frames_of_message(7) == links.frames_of_exchange(0) == ()
