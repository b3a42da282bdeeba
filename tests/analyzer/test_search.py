"""Search: the row found is the one that a look at every row finds, from any row, both ways, among any rows."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analyzer
from analyzer import lines, search, trees
from analyzer.analysis import Analysis
from analyzer.model import Message
from analyzer.search import Search, octets_of, windows
from dissectors.errors import UsageError
from dissectors.record import Frame
from dissectors.record import Path as Way

PATH = Way(0, "other")
DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
KEPT = analyzer.open(str(DEMO / "wrapper-tcp.pcapng"))
LINES = {level: lines.Lines(KEPT.run, level) for level in ("frame", "message", "exchange")}


def row_text(level: str) -> Callable[[int], str]:
    _, make = KEPT.kept(level)
    return lambda no: LINES[level](make(no)).decode()


def octets(level: str, no: int) -> bytes:
    if level == "frame":
        return KEPT.frame(no).carrier + KEPT.frame(no).octets
    messages = KEPT.links.messages_of_exchange(no) if level == "exchange" else (no,)
    return b"\0 between \0".join(KEPT.message(n).octets + (KEPT.message(n).joined or b"") for n in messages)


def tree(level: str, no: int) -> str:
    if level == "frame":
        return "\n".join(trees.render(trees.frame_tree(KEPT.frame(no), KEPT.run)))
    messages = KEPT.links.messages_of_exchange(no) if level == "exchange" else (no,)
    return "\n".join("\n".join(trees.render(trees.message_tree(KEPT.message(n), KEPT.run))) for n in messages)


def has(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


BLOCK = re.compile(rb"\xc4\x02[\x80-\xff]\x01")
CLOCKS = "class_id == 8 or tcp.window < 9"
CASES: list[tuple[str, str, str, Callable[[str, int], bool]]] = [
    ("text", "ACTIVE ENERGY", "row", lambda level, no: "active energy" in row_text(level)(no).lower()),
    ("text", "TCP.fin", "row", lambda level, no: "tcp.fin" in row_text(level)(no).lower()),
    ("regex", r"get.*clock", "row", lambda level, no: has(r"(?i)get.*clock", row_text(level)(no))),
    ("text", "Attribute ID: 3", "details", lambda level, no: "attribute id: 3 " in tree(level, no).lower()),
    ("regex", r"^instance.*1-0:2", "details", lambda level, no: has(r"(?im)^ *instance.*1-0:2", tree(level, no))),
    ("hex", "c4 01C1", "row", lambda level, no: b"\xc4\x01\xc1" in octets(level, no)),
    ("text", "csc", "octets", lambda level, no: b"csc" in octets(level, no).lower()),
    ("regex", r"\xc4\x02[\x80-\xff]\x01", "octets", lambda level, no: BLOCK.search(octets(level, no)) is not None),
    ("filter", CLOCKS, "row", lambda level, no: no in KEPT.select(level, CLOCKS)),
    ("text", "nowhere at all", "octets", lambda level, no: False),
]  # fmt: skip
HOLDS = {
    (level, kind, needle): [no for no in range(1, len(KEPT.kept(level)[0]) + 1) if holds(level, no)]
    for level in LINES
    for kind, needle, _, holds in CASES
    if not (kind == "filter" and level == "frame")
}


def test_every_case_finds_something() -> None:
    for kind, needle, _, _ in CASES[:-1]:
        assert any(found for (_, k, n), found in HOLDS.items() if (k, n) == (kind, needle)), needle


@pytest.mark.parametrize("case", range(len(CASES)))
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_the_next_row(case: int, data: st.DataObject) -> None:
    kind, needle, place, _ = CASES[case]
    level = data.draw(st.sampled_from([level for level, k, n in HOLDS if (k, n) == (kind, needle)]))
    count = len(KEPT.kept(level)[0])
    start, step = data.draw(st.integers(0, count)), data.draw(st.sampled_from([1, -1]))
    limit = data.draw(st.integers(start, count))
    among = data.draw(st.none() | st.sets(st.integers(1, count)))
    order = [*range(start + 1, limit + 1), *range(1, start + 1)]
    if step < 0:
        order = [*range(start - 1, 0, -1), *range(limit, max(start, 1) - 1, -1)]
    holding = set(HOLDS[level, kind, needle]) & (set(order) if among is None else among)
    expected = next((no for no in order if no in holding), 0)
    numbers = None if among is None else np.array(sorted(among), np.int64)
    steps = list(Search(kind, needle, place).find(KEPT, level, start, step, limit, row_text(level), numbers))
    assert [found for _, found in steps[-1:]] == ([expected] if limit else [])
    assert not any(found for _, found in steps[:-1])
    looked = [n for n, _ in steps]
    assert looked == sorted(looked) and (expected or not limit or looked[-1] == limit)


@given(st.integers(0, 30), st.sampled_from([1, -1]), st.integers(0, 25), st.integers(1, 9))
def test_windows_hold_every_row_once(start: int, step: int, count: int, size: int) -> None:
    parts = list(windows(start, step, count, size))
    assert all(0 <= low < high <= count and high - low <= size for low, high in parts)
    assert sorted(no for low, high in parts for no in range(low, high)) == list(range(count))


def test_a_step_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller hears of progress before the end, and may stop there."""
    monkeypatch.setitem(search.ROWS, "row", 10)
    asked: list[int] = []

    def text(no: int) -> str:
        asked.append(no)
        return ""

    steps = Search("text", "x", "row").find(KEPT, "frame", 0, 1, 100, text)
    assert [next(steps), next(steps)] == [(10, 0), (20, 0)]
    assert asked == list(range(1, 21))


FEW = st.lists(st.sampled_from([0, 1]), max_size=6).map(bytes)


@given(st.lists(st.tuples(FEW, FEW), max_size=9), FEW.filter(len), st.sets(st.integers(1, 9)), st.booleans())
def test_octets_of_frames(frames: list[tuple[bytes, bytes]], needle: bytes, among: set[int], all_: bool) -> None:
    """Never what two frames have together, though their octets stand together in the store."""
    kept = Analysis([], [])
    for no, (carrier, octets_) in enumerate(frames, 1):
        made = Frame(no, (no,), 0, PATH, "", 2, None, None, None, "other", "other", -1, -1, octets_, carrier)
        assert list(kept._keep.frames([made])) == [made]
    holding = [no for no, parts in enumerate(frames, 1) if needle in b"".join(parts) and (all_ or no in among)]
    numbers = None if all_ else np.array(sorted(n for n in among if n <= len(frames)), np.int64)
    find = Search("hex", needle.hex(), "octets").find
    for step, expected in ((1, holding[:1]), (-1, holding[-1:])):
        steps = list(find(kept, "frame", 0, step, len(frames), str, numbers))
        assert [found for _, found in steps if found] == expected


def test_octets_in_clear_and_joined() -> None:
    """What no single frame holds is found in its message."""
    whole = next(m for m in KEPT.rows("message") if isinstance(m, Message) and m.joined is not None)
    needle = (whole.joined or b"").hex()
    exchange = KEPT.links.exchange_of_message(whole.no)
    for level, no, holds in (
        ("message", whole.no, True),
        ("exchange", exchange, True),
        ("frame", whole.frames[-1], False),
    ):
        find = Search("hex", needle, "octets").find
        _, found = next(find(KEPT, level, no - 1, 1, no, str))
        assert found == (no if holds else 0)
    ciphered = analyzer.open(str(DEMO / "wrapper-tcp-ciphered.pcapng"))
    assert list(octets_of(ciphered, "message", 1)) == [ciphered.message(1).pdu.octets]


@pytest.mark.parametrize(
    ("kind", "needle", "words"),
    [
        ("text", "  ", "nothing to look for"),
        ("regex", "a(b", "not a regular expression"),
        ("regex", "h€", "no characters beyond"),
        ("hex", "C4 0", "are no octets"),
        ("hex", "xyz", "are no octets"),
        ("filter", "apdu ==", "expected a value"),
    ],
)
def test_needles_that_are_none(kind: str, needle: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Search(kind, needle, "octets")


def test_a_filter_of_another_level_is_told_at_once() -> None:
    with pytest.raises(UsageError, match="no field 'attempts' at level frame"):
        Search("filter", "attempts > 1", "row").find(KEPT, "frame", 0, 1, 9, str)
