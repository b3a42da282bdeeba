"""replay: the octets of a recorded serial line on pseudo terminals, when the line had them.

    $ cosemscope replay session.pcapng --to pty
    /dev/pts/4  client, 9600 Bd
    /dev/pts/5  server, 9600 Bd

A wire is a channel of the capture, or one direction of a channel that tells directions. Within a record octets
follow each other by its own times or, where these say nothing, by the baud rate; between records by their stamps.
"""

import heapq
import re
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from captures import linktype
from captures.assume import Assume
from captures.serial.player import Done, Due, played
from captures.source import open_source
from dissectors.errors import CaptureError, UsageError
from dissectors.record import DIRECTION_NAMES, Channel, Direction, Record, Value

if TYPE_CHECKING:
    from captures.serial.replay_pty import Pty

BAUD = 9600  # where neither the capture nor a person tells it
NO_CLOCK_PAUSE_NS = 50_000_000  # between records that have no stamps
HOLD_NS = 10_000_000_000  # records of several wires may be that far out of order; more is a clock set back
LOOP_PAUSE_S = 1.0
OPENED_POLL_S = 0.02
SETTLE_S = 0.25  # a program that opens a port sets it up and empties it first
UNREAD_S = 10.0  # how long the last octets wait for a reader
EMPTY_POLLS = 10  # the kernel hands octets over in portions: empty once is not empty
KEPT = 1_000_000  # lateness of the last octets

Key = tuple[int, int]  # channel, direction (UNKNOWN: the channel's only wire)
MERGED: Key = (-1, int(Direction.UNKNOWN))
Say = Callable[[str], None]


class Options(Value, frozen=True):
    """What a person asks for. speed: 2.0 is twice as fast, None without waiting. first, count: record numbers."""

    spec: str
    to: str
    speed: float | None = 1.0
    loop: bool = False
    wait: bool = True
    merge: bool = False
    channel: int | None = None
    first: int = 1
    count: int | None = None


class Wire(Value, frozen=True):
    """One line to play. character_ns: a fraction, as bits × 10⁹ and bit/s."""

    name: str
    character_ns: tuple[int, int]


class Recording(Value, frozen=True):
    """What a first reading of the capture found."""

    wires: dict[Key, Wire]
    divided: frozenset[int]  # channels with a wire for each direction
    remarks: tuple[str, ...]


def speed(text: str) -> float | None:
    """The factor of "2x", "0.5x"; None for "max". UsageError for anything else."""
    if text == "max":
        return None
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?x?", text) or not float(text.removesuffix("x")):
        raise UsageError(f"--speed {text}: expected a factor such as 2x or 0.5x, or max")
    return float(text.removesuffix("x"))


def replay(options: Options, assume: Assume | None, tell: Say, say: Say, insist: Say) -> None:
    """Plays until the end, or with loop until interrupted. tell: the names to open; say, insist: remarks.

    UsageError: a target that is no pty, no such channel. CaptureError: no serial line in the capture."""
    if options.to != "pty":
        raise UsageError(
            f"--to {options.to}: expected pty; a replay never goes to a real port, where recorded requests would "
            "act on a real meter"
        )
    if options.spec == "-":
        raise UsageError("replay -: expected a file; it is read once for its wires and again to play it")
    try:
        from captures.serial.replay_pty import Pty
    except ImportError:
        raise CaptureError("this system has no pseudo terminals (Linux and macOS have); replay needs them") from None
    recording = survey(options, assume)
    for remark in recording.remarks:
        say(remark)
    lateness = Lateness()
    lines = {key: Pty(blocking=options.speed is None) for key in recording.wires}
    try:
        for key, line in lines.items():
            tell(f"{line.name}  {recording.wires[key].name}")
        if options.wait:
            names = " and ".join(line.name for line in lines.values())
            say(f"waiting until a program opens {names} (--no-wait: play at once)")
            unopened = list(lines.values())
            while unopened := [line for line in unopened if not line.opened()]:
                time.sleep(OPENED_POLL_S)
            time.sleep(SETTLE_S)
        fds = {key: line.fd for key, line in lines.items()}
        while True:
            lateness.count(played(schedule(options, assume, recording, fds)))
            if not options.loop:
                break
            time.sleep(LOOP_PAUSE_S)
        drain(list(lines.values()))
    finally:
        for line in lines.values():
            line.close()
        if lateness.octets:
            insist(lateness.words(paced=options.speed is not None))


def drain(lines: "Sequence[Pty]") -> None:
    """Waits until what was written is read: closing a terminal throws the rest away."""
    empty = 0
    until = time.monotonic() + UNREAD_S
    while empty < EMPTY_POLLS and time.monotonic() < until:
        empty = 0 if any(line.opened() and line.unread() for line in lines) else empty + 1
        time.sleep(OPENED_POLL_S)


def survey(options: Options, assume: Assume | None) -> Recording:
    """The wires of a capture, in the order of their channels."""
    remarks: list[str] = []
    found: dict[int, set[int]] = {}
    other: set[str] = set()
    stamped = True
    with closing(open_source(options.spec, assume=assume)) as source:
        for record in source:
            channel = source.channels[record.channel]
            if channel.link_type not in linktype.SERIAL:
                other.add(linktype.name(channel.link_type))
            elif record.octets and chosen(options, record):
                found.setdefault(record.channel, set()).add(int(record.direction))
                stamped = stamped and record.first_ns is not None
        channels = source.channels
        cut = source.cut
    if options.channel is not None and options.channel >= len(channels):
        raise UsageError(f"--channel {options.channel}: {options.spec} has the channels 0 to {len(channels) - 1}")
    if not found:
        why = f"holds {', '.join(sorted(other))}" if other else "has no octets of a line"
        raise CaptureError(f"{options.spec}: {why} where replay was asked to play; expected a serial line")
    if other:
        remarks.append(f"{options.spec}: {', '.join(sorted(other))} is passed over: only serial lines are played")
    if cut is not None:
        remarks.append(f"{options.spec}: cut short: {cut}; what is whole is played")
    divided = frozenset(
        number for number, ways in found.items() if len(ways) > 1 and Direction.UNKNOWN not in ways
    )  # one record that does not tell its direction could be on either wire
    wires: dict[Key, Wire] = {}
    for number in sorted(found):
        channel = channels[number]
        if not channel.baud:
            remarks.append(f"channel {channel.name}: no baud rate is known, {BAUD} is taken (--assume baud=…)")
        if options.merge:
            wires.setdefault(MERGED, _wire(channel, "all wires merged"))
            continue
        for way in sorted(found[number]) if number in divided else [int(Direction.UNKNOWN)]:
            told = f", {DIRECTION_NAMES[way]}" if number in divided else ""
            wires[number, way] = _wire(channel, f"{channel.name}{told}")
    if not stamped:
        rates = " and ".join(sorted({f"{wire.character_ns[1]} Bd" for wire in wires.values()}))
        remarks.append(
            f"{options.spec}: without time stamps: octets at {rates}, {NO_CLOCK_PAUSE_NS // 1_000_000} ms "
            "between records"
        )
    return Recording(wires, divided, tuple(remarks))


def _wire(channel: Channel, name: str) -> Wire:
    baud = channel.baud or BAUD
    return Wire(f"{name}, {baud} Bd", (channel.character_bits * 1_000_000_000, baud))


def chosen(options: Options, record: Record) -> bool:
    """Whether a person wants this record played."""
    last = None if options.count is None else options.first + options.count - 1
    in_range = options.first <= record.no and (last is None or record.no <= last)
    return in_range and options.channel in (None, record.channel)


def schedule(options: Options, assume: Assume | None, recording: Recording, fds: dict[Key, int]) -> Iterator[Due]:
    """Every octet with its time after the start of the first, in order of time; those of one wire in their own."""
    with closing(open_source(options.spec, assume=assume)) as source:
        records = (
            record
            for record in source
            if record.octets and source.channels[record.channel].link_type in linktype.SERIAL
        )
        due = in_order(runs(options, recording, fds, records))
        if options.speed is None:
            yield from ((0, fd, octet) for _, fd, octet in due)
        else:
            yield from ((int(at / options.speed), fd, octet) for at, fd, octet in due)


class Run(Value, frozen=True):
    """The octets of one record on one wire, start_ns after the first record, the last of them read span_ns later."""

    start_ns: int
    span_ns: int
    fd: int
    octets: bytes

    def due(self, k: int) -> int:
        return self.start_ns + (k + 1) * self.span_ns // len(self.octets)


def runs(
    options: Options, recording: Recording, fds: dict[Key, int], records: Iterable[Record]
) -> Iterator[tuple[int, Run]]:
    """Each run, with a time before which no later one begins."""
    zero: int | None = None
    newest = 0  # the latest start of a run
    free: dict[Key, int] = {}  # when a wire has delivered what it was given
    for record in records:
        if not chosen(options, record):
            continue
        way = int(record.direction) if record.channel in recording.divided else int(Direction.UNKNOWN)
        key = MERGED if options.merge else (record.channel, way)
        bits, baud = recording.wires[key].character_ns
        span = len(record.octets) * bits // baud
        if record.first_ns is None:
            start = max(free.values(), default=-NO_CLOCK_PAUSE_NS) + NO_CLOCK_PAUSE_NS
        else:
            if zero is None:
                zero = record.first_ns
            if record.first_ns - zero < newest - HOLD_NS:  # the clock was set back: go on from where the line was
                zero = record.first_ns - max(free.values())
            start = record.first_ns - zero
            if record.last_ns is not None and record.last_ns > record.first_ns:
                span = record.last_ns - record.first_ns
        start = max(start, free.get(key, 0))  # a wire carries one octet at a time
        free[key] = start + span
        newest = max(newest, start)
        yield newest - HOLD_NS, Run(start, span, fds[key], record.octets)


def in_order(found: Iterable[tuple[int, Run]]) -> Iterator[Due]:
    """The octets of all runs by their times; octets with equal times as they came."""
    waiting: list[tuple[int, int, int, Run]] = []  # each run once, by its next octet

    def before(settled: int | None) -> Iterator[Due]:
        while waiting and (settled is None or waiting[0][0] < settled):
            due, number, k, run = waiting[0]
            yield due, run.fd, run.octets[k : k + 1]
            if k + 1 < len(run.octets):
                heapq.heapreplace(waiting, (run.due(k + 1), number, k + 1, run))
            else:
                heapq.heappop(waiting)

    for number, (settled, run) in enumerate(found):
        heapq.heappush(waiting, (run.due(0), number, 0, run))
        yield from before(settled)
    yield from before(None)


class Lateness:
    """How late octets were written: what the replay's own timing is worth."""

    def __init__(self) -> None:
        self.octets = 0
        self.lost = 0
        self.largest_ns = 0
        self.late_ns = array("q")

    def count(self, done: Iterable[Done]) -> None:
        for due, written in done:
            self.octets += 1
            if written is None:
                self.lost += 1
                continue
            late = max(0, written - due)
            self.largest_ns = max(self.largest_ns, late)
            if len(self.late_ns) < KEPT:
                self.late_ns.append(late)
            else:
                self.late_ns[self.octets % KEPT] = late

    def words(self, paced: bool = True) -> str:
        """One line; percentiles by nearest rank, of the last KEPT octets. paced: they had a time to be written at."""
        lost = f"; {self.lost} of them lost, nobody read" if self.lost else ""
        if not paced:
            return f"{self.octets} octets written{lost}"
        ranks = sorted(self.late_ns) or [0]
        median, p99 = (ranks[max(0, -(-len(ranks) * percent // 100) - 1)] for percent in (50, 99))
        told = ", ".join(
            f"{name} {ns / 1e6:.3f} ms" for name, ns in (("median", median), ("p99", p99), ("max", self.largest_ns))
        )
        return f"{self.octets} octets written, late by {told}{lost}"
