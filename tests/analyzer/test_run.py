"""Run: the stages in order, taps that see everything, frames given out with the messages they carry."""

from collections.abc import Iterable, Iterator
from typing import Any

from scripts import (
    DOWN,
    GET,
    GOT,
    OPENING,
    UP,
    Link,
    Script,
    get,
    got,
    on_line,
    over_hdlc,
    over_tcp,
    over_udp,
    run_of,
    udp,
)

from analyzer import run as module
from dissectors.data_types import Data


class Counting:
    """A tap that counts what passes."""

    def __init__(self) -> None:
        self.seen: dict[str, list[int]] = {"frames": [], "messages": [], "exchanges": []}

    def _count(self, name: str, rows: Iterable[Any]) -> Iterator[Any]:
        for row in rows:
            self.seen[name].append(row.no)
            yield row

    def frames(self, frames: Iterable[Any]) -> Iterator[Any]:
        return self._count("frames", frames)

    def messages(self, messages: Iterable[Any]) -> Iterator[Any]:
        return self._count("messages", messages)

    def exchanges(self, exchanges: Iterable[Any]) -> Iterator[Any]:
        return self._count("exchanges", exchanges)


STEPS = (*OPENING, (UP, GET), (DOWN, GOT))


def test_taps_see_every_row_once() -> None:
    taps = Counting(), Counting()
    for _ in run_of(over_tcp(*STEPS), taps=taps).exchanges():
        pass
    for tap in taps:
        assert tap.seen == {"frames": list(range(1, 8)), "messages": [1, 2, 3, 4], "exchanges": [1, 2]}


def test_it_streams() -> None:
    read: list[int] = []
    script = over_udp(*STEPS)
    run = run_of(script)

    def records() -> Iterator[Any]:
        for record in script.records:
            read.append(record.no)
            yield record

    run.records = records()
    messages = iter(run.messages())
    assert next(messages).no == 1 and len(read) <= 2


def carried(script: Script, hold: int = 4096) -> list[tuple[int, list[int]]]:
    run = run_of(script)
    return [(frame.no, list(run.messages_of(frame.no))) for frame in run.frames_with_messages(hold)]


def segmented() -> Script:
    """A response in three HDLC segments, polled in between."""
    link = Link()
    opening = [*link.up(), *link.talk(*OPENING, (UP, GET))]
    apdu = b"\xe6\xe7\x00" + got(Data("octet-string", "00" * 60))
    parts = [
        (DOWN, link.frame("I", False, info=apdu[:30], ns=1, nr=2, segmented=True)), (UP, link.frame("RR", nr=2)),
        (DOWN, link.frame("I", False, info=apdu[30:50], ns=2, nr=2, segmented=True)), (UP, link.frame("RR", nr=3)),
        (DOWN, link.frame("I", False, info=apdu[50:], ns=3, nr=2)),
    ]  # fmt: skip
    return on_line(*opening, *parts)


def test_segments_know_the_message_that_they_end_in() -> None:
    assert carried(segmented()) == [
        (1, []), (2, []), (3, [1]), (4, [2]), (5, [3]), (6, [4]), (7, []), (8, [4]), (9, []), (10, [4]),
    ]  # fmt: skip


def test_a_bounded_number_of_frames_waits() -> None:
    """With little room a frame goes out before its message is known; none is lost, order stays."""
    found = carried(segmented(), hold=2)
    assert [no for no, _ in found] == list(range(1, 11))
    assert found[2] == (3, [1])


def test_every_frame_comes_once_and_in_order() -> None:
    for script in (over_udp(*STEPS), over_tcp(*STEPS), over_hdlc(*STEPS), Script().add(udp(b"x"))):
        frames = carried(script)
        assert [no for no, _ in frames] == list(range(1, len(frames) + 1))


def test_recent_frames(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "RECENT", 3)
    run = run_of(over_udp(*[(UP, get(n)) for n in range(9)]))
    assert run.recent_frame(1) is None
    run.remember_frames()
    for message in run.messages():
        frame = run.recent_frame(message.pdu.frames[0])
        assert frame is not None and frame.no == message.pdu.frames[0]
    assert run.recent_frame(1) is None and run.recent_frame(9) is not None


def test_names() -> None:
    run = run_of(over_udp())
    assert run.client_name("tcp-udp-ip", 16) == "public client" and run.server_name("tcp-udp-ip", 1) is not None
    assert run.client_name("none", 16) is None and run.client_name("tcp-udp-ip", -1) is None
    run.carry(7, [1, 2])
    assert run.messages_of(7) == [1, 2] and run.messages_of(8) == []
