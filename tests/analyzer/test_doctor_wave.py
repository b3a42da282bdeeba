"""What comes out of a tap that listens wrongly: held against a UART that samples edges (tests/encode/uart.py)."""

import pytest
from encode import uart
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import doctor_wave
from analyzer.doctor_wave import E7, E8, N8, O8, PAUSE, UNIT, Form, Hearing, Receiver

RATIOS = (0.13, 0.27, 0.45, 0.503, 0.68, 0.94, 1.0, 1.06, 1.47, 1.97, 3.9)


def by_uart(bursts: list[bytes], ratio: float, form: Form, tap: Form, inverted: bool, eager: bool) -> bytes:
    """The same bursts over a line with edges; a break of the line at rest before the first burst is left out."""
    line = uart.Line(9600 * ratio, str(form), inverted).rest(20)
    for burst in bursts:
        line.send(burst)
        line.ns += PAUSE * line.bit_ns
    heard = line.receive(9600, str(tap), eager)
    return bytes(h.octet for h in heard if h.ns > 0)


def by_receiver(bursts: list[bytes], hearing: Hearing) -> bytes:
    receiver = Receiver(hearing)
    out, state = b"", receiver.start
    for burst in bursts:
        for value in burst:
            more, _, state = receiver.feed(state, receiver.levels(value))
            out += more
        more, _, state = receiver.pause(state, PAUSE)
        out += more
    return out


@given(
    st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=4),
    st.sampled_from(RATIOS),
    st.sampled_from([(N8, N8), (E8, N8), (O8, N8), (N8, E8), (N8, E7)]),
    st.booleans(),
    st.booleans(),
)
@settings(deadline=None, max_examples=150)
def test_equals_a_uart(
    bursts: list[bytes], ratio: float, forms: tuple[Form, Form], inverted: bool, eager: bool
) -> None:
    line, tap = forms
    hearing = Hearing(round(UNIT * ratio), line, tap, inverted, eager)
    exact = hearing.ratio  # what is left of the ratio in whole UNITs
    assert by_receiver(bursts, hearing) == by_uart(bursts, exact, line, tap, inverted, eager)


@pytest.mark.parametrize("form", [N8, E8, O8])
def test_heard_rightly_it_is_what_was_sent(form: Form) -> None:
    octets = bytes(range(256))
    assert by_receiver([octets], Hearing(UNIT, form, form)) == octets
    assert by_uart([octets], 1.0, form, form, False, False) == octets


def test_a_table_holds_what_feeding_gives() -> None:
    receiver = Receiver(Hearing(UNIT // 2), ())
    table = receiver.table(receiver.start)
    assert table is not None
    assert sum(len(ways) for ways in table.ways.values()) == 256
    for out, ways in table.ways.items():
        for value, _, after in ways:
            assert (out, after) == receiver.feed(receiver.start, receiver.levels(value))[::2]


def test_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that would need more gives up; what it knows stays."""
    monkeypatch.setattr(doctor_wave, "MAX_STATES", 1)
    receiver = Receiver(Hearing(round(UNIT * 1.47)))
    first = receiver.table(receiver.start)
    assert first is not None
    busy = next(after for ways in first.ways.values() for _, _, after in ways if after != receiver.start)
    assert receiver.table(busy) is None and receiver.table(receiver.start) is first


def test_few_octets_come_out_of_a_tap_that_is_too_fast() -> None:
    assert len(Receiver(Hearing(UNIT // 2)).values()) <= 32
    assert set(Receiver(Hearing(UNIT // 8)).values()) == {0x00, 0x80}
    assert len(Receiver(Hearing(UNIT)).values()) > 200
