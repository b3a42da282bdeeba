"""Rows shown: all of a level, or those that pass a filter, found in parts by a thread."""

import time

import pytest
from screens import SERIAL, read

from dissectors.errors import UsageError
from tui.loader import Capture
from tui.shown import Shown


@pytest.fixture(scope="module")
def capture() -> Capture:
    return read(SERIAL)


def looked(shown: Shown) -> Shown:
    while shown.busy:
        time.sleep(0.002)
    return shown


def test_without_a_filter_every_row_that_was_published(capture: Capture) -> None:
    shown = Shown(capture, "frame")
    assert len(shown) == 0 and shown.number(0) == 0 and shown.place(5) == -1
    shown.publish(100)
    assert (len(shown), shown.number(0), shown.number(99), shown.number(100)) == (100, 1, 100, 0)
    assert (shown.place(1), shown.place(100), shown.place(500)) == (0, 99, 99)
    assert list(shown.numbers()[-2:]) == [99, 100]
    assert not shown.busy


def test_a_filter_finds_what_select_finds_as_rows_come(capture: Capture) -> None:
    total = capture.counts().frame
    expected = list(capture.analysis.select("frame", 'kind == "I"'))
    shown = Shown(capture, "frame", 'kind == "I"')
    for n in range(1, total + 1, 7):
        shown.publish(n)
        looked(shown)
        assert list(shown.numbers()) == [no for no in expected if no <= n]
    shown.publish(total)
    assert list(looked(shown).numbers()) == expected
    assert shown.looked == total
    assert [shown.number(shown.place(no)) for no in expected] == expected
    assert shown.has(expected[3]) and not shown.has(expected[0] - 1 or 2)
    between = next(no for no in range(expected[0], total) if no not in expected)
    assert shown.number(shown.place(between)) < between


def test_cancelled_it_keeps_what_it_has(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(capture, "frame", "kind")
    shown.cancel()
    shown.publish(50)
    assert len(shown) == 0 and not shown.busy


def test_a_wrong_filter_is_said_before_anything_is_done(capture: Capture) -> None:
    with pytest.raises(UsageError, match="at character 1"):
        Shown(capture, "frame", "nosuchfield == 1")


def test_a_fault_in_a_filter_is_words(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(capture, "frame", 'kind == "I"')
    monkeypatch.setattr(shown._chooser, "part", lambda first, last: 1 // 0)
    shown.publish(10)
    looked(shown)
    assert shown.error.startswith("filter: internal error: ZeroDivisionError")
