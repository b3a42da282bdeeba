"""Rows: the keys of the contract and where their values come from."""

import re
from pathlib import Path

import pytest
from timing_script import DOWN, LINE, MS, UP, exchange, frame, profile, run

from analyzer.timing_rows import EACH_KEYS, ROW_KEYS

RULE = 'rule = "app.response"\nmin = "20 ms"\nmax = "500 ms"'


def test_keys_are_those_of_the_contract() -> None:
    told = Path(__file__).resolve().parents[3] / "shared" / "cli.md"
    if not told.is_file():
        pytest.skip(f"the contract is not here: {told}")
    text = re.sub(r"\([^)]*\)", "", " ".join(told.read_text(encoding="utf-8").split()))
    for keys, start in ((ROW_KEYS, "every rule of the profile has a row: "), (EACH_KEYS, "one row a measurement: ")):
        words = text[text.index(start) + len(start) :].split(",")
        assert tuple(word.partition(".")[0].strip() for word in words[: len(keys)]) == keys


@pytest.mark.parametrize(
    ("took", "margin", "worst"), [((30, 100), 10, 2), ((100, 480), 20, 4), ((10, 100), -10, 2), ((100, 600), -100, 4)]
)
def test_margin_and_worst_frame(took: tuple[int, int], margin: int, worst: int) -> None:
    got = run(
        profile("ip-udp", RULE), exchanges=[exchange(n, n * 1000, n * 1000 + t, 1) for n, t in enumerate(took, 1)]
    )
    assert min(row["margin_ns"] for row in got.each) == margin * MS
    assert got.rows[0]["worst_frame"] == worst


def test_events_and_confidence_of_each_row() -> None:
    got = run(profile("hdlc", 'rule = "link.response"'), [frame(1, "I", UP, 0, 10), frame(2, "I", DOWN, 30, 40)])
    (row,) = got.each
    assert row["start_event"].startswith("end of a frame that passes the turn")
    assert row["end_event"].startswith("start of any frame from the other side")
    assert (row["start_frame"], row["end_frame"], row["end_ns"] - row["start_ns"]) == (1, 2, 20 * MS)
    assert (row["confidence"], row["needs"], row["limit_from"], row["margin_ns"]) == ("A", None, None, None)
    assert (row["edition"], row["channel"]) == (None, "0")


def test_counts_are_written_as_numbers() -> None:
    rule = 'rule = "link.retries"\nkind = "count"\nsubject = "client"\nmax = "3 count"'
    same = [frame(n, "I", UP, n * 1000, n * 1000 + 5, octets=b"\x7eA\x7e") for n in (1, 2, 3)]
    got = run(profile("hdlc", rule), [*same, frame(4, "I", DOWN, 3100, 3110)], channels=[LINE])
    row = got.rows[0]
    assert (row["limit_max_ns"], row["max_ns"], row["verdict"]) == (3, 2, "pass")
