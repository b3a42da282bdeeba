"""Tables of whole messages: capture objects, catalogues, pushed lists, lists of results, and values that have none."""

from talk import Talk, arr, captured, clock, os, scaler, st, u16

from analyzer.meaning import Meaning
from analyzer.table import Table

VOLTAGE = "1-0:32.7.0*255"


def last(t: Talk) -> Table | None:
    meaning = Meaning({})
    messages = t.messages
    for m in messages:
        meaning.learn(m)
    return meaning.table(messages[-1])


def test_capture_objects() -> None:
    made = last(Talk().get(3, VOLTAGE, 3, scaler(-1, 35)).get(7, "1-0:99.1.0*255", 3, arr(captured(3, VOLTAGE))))
    assert made is not None
    assert made.rows == ((1, "Register", VOLTAGE, "Voltage L1: Instantaneous value", "value", 0, "V"),)


def test_a_pushed_list() -> None:
    made = last(Talk().push(st(clock(6), os(VOLTAGE), u16(2304), scaler(-1, 35), os("1-0:52.7.0*255"), u16(1))))
    assert made is not None
    assert made.rows[1][:6] == ("Voltage L1: Instantaneous value", VOLTAGE, None, None, 230.4, "V")
    assert made.rows[0][4] == "2026-11-01 06:00:00.00 UTC+00:00"


def test_sap_assignment_and_single_values() -> None:
    made = last(Talk().get(17, "0-0:41.0.0*255", 2, arr(st(u16(1), os(b"METER")))))
    assert made is not None and made.rows == ((1, "METER"),)
    assert last(Talk().get(3, VOLTAGE, 2, u16(1))) is None
    assert last(Talk().get(3, VOLTAGE, 2, 4)) is None
    assert last(Talk().get(15, "0-0:40.0.0*255", 7, os(b"secret"))) is None
