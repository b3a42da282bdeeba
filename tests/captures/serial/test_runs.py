"""Readings become runs: back to back octets of one wire, in order, none lost, bounds that hold."""

from hypothesis import given
from hypothesis import strategies as st

from captures.serial.octet_times import FLOOR_NS, Reading
from captures.serial.runs import IDLE_NS, JOINED_NS, RUN_NS, RUN_OCTETS, Line, Run
from dissectors.record import Flag

CHARACTER = 1_041_667
MS = 1_000_000


def each(line: Line, ends: list[int], octets: bytes, wire: int = 0, late: int = 40_000) -> list[Run]:
    """Octets read one by one, each `late` after its end."""
    out: list[Run] = []
    for end, octet in zip(ends, octets):
        out += line.feed(Reading(wire, end - 10_000, end + late, bytes((octet,))), bytes((octet,)))
    return out


def test_octets_back_to_back_are_one_run() -> None:
    line = Line([0], CHARACTER)
    ends = [10 * MS + k * CHARACTER for k in range(9)]
    assert each(line, ends, b"123456789") == []
    assert line.tick(ends[-1] + IDLE_NS // 2) == []
    (run,) = line.tick(ends[-1] + 2 * IDLE_NS)
    assert run.octets == b"123456789"
    assert run.first_ns == ends[0] + 40_000 - CHARACTER
    assert run.last_ns == ends[-1] + 40_000
    assert 50_000 <= run.uncertainty_ns <= 50_000 + 2 * FLOOR_NS


def test_a_pause_ends_a_run() -> None:
    line = Line([0], CHARACTER)
    ends = [10 * MS, 10 * MS + CHARACTER, 10 * MS + 2 * CHARACTER + 5 * MS]
    (run,) = each(line, ends, b"abc")
    assert run.octets == b"ab"
    (rest,) = line.end()
    assert rest.octets == b"c"
    assert rest.first_ns - run.last_ns == 5 * MS


def test_a_pause_too_short_to_split_is_stated() -> None:
    line = Line([0], CHARACTER)
    pause = CHARACTER // 2 - 1000
    assert pause > JOINED_NS
    each(line, [10 * MS, 10 * MS + CHARACTER + pause], b"ab")
    (run,) = line.end()
    assert run.octets == b"ab"
    assert run.uncertainty_ns >= pause


def test_the_other_wire_ends_a_run() -> None:
    line = Line([0, 1], CHARACTER, hold_ns=2 * MS)
    out = each(line, [10 * MS + k * CHARACTER for k in range(3)], b"abc", 0)
    out += each(line, [20 * MS + k * CHARACTER for k in range(3)], b"xyz", 1)
    out += line.end()
    assert [(run.wire, run.octets) for run in out] == [(0, b"abc"), (1, b"xyz")]


def test_wires_whose_drivers_deliver_at_different_times_are_put_in_order() -> None:
    """The request is delivered 16 ms late, after its answer began."""
    line = Line([0, 1], CHARACTER, hold_ns=20 * MS)
    out = line.feed(Reading(1, 29 * MS, 30 * MS, b"a"), b"a")
    out += line.feed(Reading(0, 14 * MS, 31 * MS, b"rrrrrrrr"), b"rrrrrrrr")
    out += line.end()
    assert [(run.wire, run.octets) for run in out] == [(0, b"rrrrrrrr"), (1, b"a")]


def test_an_error_is_of_its_octet_alone() -> None:
    line = Line([0], CHARACTER)
    out = line.feed(Reading(0, 9 * MS, 20 * MS, b""), b"abXcd", ((2, Flag.FRAMING_ERROR),)) + line.end()
    assert [(run.octets, run.flags) for run in out] == [(b"ab", 0), (b"X", Flag.FRAMING_ERROR), (b"cd", 0)]
    assert [run.last_ns for run in out] == [20 * MS - 3 * CHARACTER, 20 * MS - 2 * CHARACTER, 20 * MS]


def test_long_runs_are_given_in_parts() -> None:
    line = Line([0], 86_806)
    ends = [10 * MS + k * 86_806 for k in range(5000)]
    out = each(line, ends, bytes(5000)) + line.end()
    assert sum(len(run.octets) for run in out) == 5000
    assert max(len(run.octets) for run in out) <= RUN_OCTETS
    slow = Line([0], 33 * MS)
    out = each(slow, [40 * MS + k * 33 * MS for k in range(20)], bytes(20)) + slow.end()
    assert max(run.last_ns - run.first_ns for run in out) <= RUN_NS


def test_floor_is_before_whatever_comes() -> None:
    line = Line([0, 1], CHARACTER, hold_ns=5 * MS)
    assert line.floor_ns(100 * MS) == 95 * MS - CHARACTER
    line.feed(Reading(0, 99 * MS, 100 * MS, b"a"), b"a")
    line.tick(106 * MS)
    assert line.floor_ns(106 * MS) == 100 * MS - CHARACTER


def test_octets_of_a_wire_never_overtake_each_other() -> None:
    """A late look: the flag seemed to end just now, and eight octets that came after it are there a moment later."""
    line = Line([0, 1], CHARACTER, hold_ns=2 * MS)
    out = line.feed(Reading(0, 0, 100 * MS, b"~"), b"~") + line.feed(
        Reading(0, 90 * MS, 100 * MS + 5, b""), b"abcdefgh"
    )
    out += line.end()
    assert b"".join(run.octets for run in out) == b"~abcdefgh"


@given(st.data())
def test_no_octet_is_lost_and_times_rise(data: st.DataObject) -> None:
    line = Line([0, 1], CHARACTER, hold_ns=data.draw(st.sampled_from([2 * MS, 20 * MS])))
    now, sent, out = 10 * MS, [bytearray(), bytearray()], []
    for _ in range(data.draw(st.integers(1, 30))):
        wire, octets = data.draw(st.integers(0, 1)), data.draw(st.binary(min_size=1, max_size=20))
        now += data.draw(st.sampled_from([5_000, len(octets) * CHARACTER, 4 * MS, 300 * MS]))
        bad = tuple((k, Flag.FRAMING_ERROR) for k in range(len(octets)) if octets[k] == 0)
        sent[wire] += octets
        out += line.feed(Reading(wire, now - 50_000, now, octets), octets, bad)
        if data.draw(st.booleans()):
            out += line.tick(now + data.draw(st.sampled_from([0, 8 * MS])))
    out += line.end()
    for wire in (0, 1):
        assert b"".join(run.octets for run in out if run.wire == wire) == bytes(sent[wire])
    assert all(run.first_ns < run.last_ns and run.uncertainty_ns > 0 for run in out)
