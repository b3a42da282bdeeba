"""General block transfer: pushes, streaming windows, lost, repeated and swapped blocks, aborts, bounds; real pushes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from encode import xdlms
from encode.blocks import cut, general, push
from encode.read import codes
from hypothesis import given, settings
from hypothesis import strategies as st
from pdus import pdus

from dissectors import apdus
from dissectors import general_blocks as general_module
from dissectors.apdu import Apdu
from dissectors.block_step import Step
from dissectors.context import EMPTY, Context
from dissectors.cursor import Cursor
from dissectors.general_blocks import GeneralBlocks
from dissectors.record import Direction

UP, DOWN, UNKNOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)
Sent = tuple[int, bytes]


def dissect(octets: bytes) -> Apdu:
    return apdus.dissect(Cursor(octets), EMPTY)


def run(sent: Sequence[Sent], blocks: GeneralBlocks | None = None, context: Context = EMPTY) -> list[Step]:
    """One step an APDU; frames are numbered from 1."""
    blocks = GeneralBlocks() if blocks is None else blocks
    return [blocks.add(dissect(one), one, direction, (no,), context) for no, (direction, one) in enumerate(sent, 1)]


def word(step: Step) -> str:
    found = [code.removeprefix("apdu.gbt-") for code in codes(step.problems)]
    if step.joined is not None:
        found.append("=" + step.joined.hex())
    if step.aborted:
        found.append("x")
    return " ".join(found)


def up(
    number: int, part: bytes = b"", last: bool = False, streaming: bool = False, ack: int = 0, window: int = 3
) -> Sent:
    return UP, general(number, part, last, streaming, window, ack)


def down(
    number: int, part: bytes = b"", last: bool = False, streaming: bool = False, ack: int = 0, window: int = 3
) -> Sent:
    return DOWN, general(number, part, last, streaming, window, ack)


def one_way(number: int, part: bytes = b"", last: bool = False, streaming: bool = False) -> Sent:
    """A block of an unconfirmed push."""
    return DOWN, general(number, part, last, streaming)


A, B, C, D, E = b"\xaa", b"\xbb", b"\xcc", b"\xdd", b"\xee"
ABORT = (UP, bytes.fromhex("E0800000000000"))
# APDUs, and a word for each: problem codes, "=" + hex where it joins, "x" where it ends without.
SCRIPTS: dict[str, tuple[list[Sent], list[str]]] = {
    "push by the book": ([one_way(1, A), one_way(2, B), one_way(3, C, True)], ["", "", "=aabbcc"]),
    "push of one block": ([one_way(1, A, True)], ["=aa"]),
    "streaming push": ([one_way(1, A, False, True), one_way(2, B, False, True), one_way(3, C, True, True)],
                       ["streaming-push", "", "=aabbcc"]),
    "two pushes": ([one_way(1, A), one_way(2, B, True), one_way(1, C), one_way(2, D, True)],
                   ["", "=aabb", "", "=ccdd"]),
    "same push twice": ([one_way(1, A), one_way(2, B, True), one_way(1, A), one_way(2, B, True)],
                        ["", "=aabb", "", "=aabb"]),
    "unfinished push": ([one_way(1, A), one_way(2, B), one_way(1, C), one_way(2, D, True)],
                        ["", "", "missing-last", "=ccdd"]),
    "push with a gap": ([one_way(1, A), one_way(3, C), one_way(4, D, True), one_way(1, A), one_way(2, B, True)],
                        ["", "gap", "gap", "", "=aabb"]),
    "gap filled late": ([one_way(1, A), one_way(3, C, True), one_way(2, B)], ["", "gap gap", "order =aabbcc"]),
    "swapped start": ([one_way(2, B), one_way(1, A), one_way(3, C, True)], ["gap", "order", "=aabbcc"]),
    "end of one, start of the next": ([one_way(3, C), one_way(4, D, True), one_way(1, A), one_way(2, B, True)],
                                      ["gap", "gap", "", "=aabb"]),
    "repeated block": ([one_way(1, A), one_way(2, B), one_way(2, B), one_way(3, C, True), one_way(3, C, True)],
                       ["", "", "repeat", "=aabbcc", "repeat"]),
    "repeated first": ([one_way(1, A), one_way(1, A), one_way(2, B, True)], ["", "repeat", "=aabb"]),
    "other octets": ([one_way(1, A), one_way(2, B), one_way(2, E), one_way(3, C, True)],
                     ["", "", "changed", "=aabbcc"]),
    "after the last": ([one_way(1, A), one_way(3, C, True), one_way(4, D)], ["", "gap gap", "gap"]),
    "after a whole one": ([one_way(1, A, True), one_way(5, D)], ["=aa", "gap"]),
    "last before the end": ([one_way(1, A), one_way(5, E), one_way(2, B, True), one_way(3, C)],
                            ["", "gap", "order gap", "order"]),
    "swapped too far": ([one_way(3, C), one_way(1, A), one_way(2, B), one_way(4, D, True)],
                        ["gap", "missing-last", "", "gap gap"]),
    "end of one from block 2 on": ([one_way(2, B), one_way(3, C, True), one_way(1, D), one_way(2, E, True)],
                                   ["gap", "gap", "", "=ddee"]),
    "new push that starts alike": ([one_way(1, A), one_way(2, B), one_way(1, A), one_way(2, C, True)],
                                   ["", "", "missing-last", "=aacc"]),
    "acknowledgement before the missing block": ([down(1, A), down(3, C, True), down(4), down(2, B)],
                                                 ["", "gap gap", "", "order =aabbcc"]),
    "block 0": ([one_way(1, A), one_way(0, B), one_way(2, C, True)], ["", "gap", "=aacc"]),
    "confirmed answer": ([down(1, A, False, True), down(2, B), up(1, ack=2), down(3, C, False, True, 1),
                          down(4, D, True, False, 1), up(2, ack=4)], ["", "", "", "", "=aabbccdd", ""]),
    "both ways": ([up(1, A), down(1, ack=1), up(2, B, True, ack=1), down(2, C, ack=2), up(3, ack=2),
                   down(3, D, True, ack=3)], ["", "", "=aabb", "", "", "=ccdd"]),
    "answer numbered from 1": ([up(1, A), down(1, ack=1), up(2, B, True, ack=1), down(1, C, ack=2), up(3, ack=1),
                                down(2, D, True, ack=3)], ["", "", "=aabb", "order", "", "=ccdd"]),
    "lost, sent again": ([down(1, A, False, True), down(2, B, False, True), down(3, C), up(1, ack=1),
                          down(2, B, False, True, 1), down(3, C, False, True, 1), down(4, D, True, False, 1)],
                         ["", "", "", "lost", "repeat", "repeat", "=aabbccdd"]),
    "lost for us, too": ([down(1, A, False, True), down(3, C), up(1, ack=1), down(2, B, False, True, 1),
                          down(3, C, True, False, 1)], ["", "gap", "lost", "order", "repeat"]),
    "first lost": ([down(1, A, False, True), down(2, B), up(1, ack=0), down(1, A, False, True), down(2, B),
                    up(2, ack=2), down(3, C, True, ack=2)], ["", "", "lost", "repeat", "repeat", "", "=aabbcc"]),
    "acknowledged beyond": ([down(1, A), up(1, ack=4), down(2, B, True, ack=1)], ["", "ack", "=aabb"]),
    "acknowledged less": ([down(1, A), up(1, ack=1), down(2, B, ack=1), up(2, ack=0), down(3, C, True, ack=2)],
                          ["", "", "", "ack", "=aabbcc"]),
    "window exceeded": ([up(1, A, True, window=2), down(1, B, False, True, 1), down(2, C, False, True, 1),
                         down(3, D, False, True, 1), down(4, E, True, ack=1)], ["=aa", "", "", "window", "=bbccddee"]),
    "last with streaming": ([down(1, A, False, True), down(2, B, True, True, 1)], ["", "streaming =aabb"]),
    "last without data": ([down(1, A), up(1, ack=1), down(2, b"", True, ack=1)], ["", "", "=aa"]),
    "abort": ([down(1, A), down(2, B), ABORT, down(1, C, True)], ["", "", "abort x", "=cc"]),
    "abort of nothing": ([ABORT], ["abort x"]),
    "new exchange": ([up(1, A), down(1, ack=1), up(1, B, True)], ["", "", "missing-last =bb"]),
    "push in an answer's pause": ([up(1, A), one_way(1, C, True), up(2, B, True, ack=1)], ["", "=cc", "=aabb"]),
    "unknown direction": ([(UNKNOWN, one) for one in push(b"\1\2\3", 2)], ["", "=010203"]),
    "cut off": ([one_way(1, A), (DOWN, b"\xe0\0\0"), one_way(2, B, True)], ["", "", "=aabb"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name: str) -> None:
    sent, expected = SCRIPTS[name]
    steps = run(sent)
    assert [word(step) for step in steps] == expected
    for (_, one), step in zip(sent, steps, strict=True):
        for problem in step.problems:
            assert (problem.start, problem.end, problem.buffer) == (0, len(one), "apdu")
            assert "{" not in problem.text


def test_step() -> None:
    first, second, third = run([one_way(1, A * 3), one_way(2, B), one_way(3, C, True)])
    assert (first.number, first.blocks, first.octets, first.frames) == (1, 1, 3, (1,))
    assert second.progress == "2 blocks, 4 octets so far"
    assert (third.frames, third.joined, third.content, third.service) == ((1, 2, 3), A * 3 + B + C, "apdu", "block")
    assert run([down(1, A), up(1, ack=1)])[1].acknowledges


def test_agreed() -> None:
    """Conformance and sizes of the association: bit 2, and what the receiver can take."""
    without = Context(DOWN, conformance=0x00FFFFFF & ~(1 << 21), client_max_pdu=9, server_max_pdu=8)
    sent = [one_way(1, A), one_way(2, B * 3, True), (UP, general(1, A * 2, True, window=1))]
    assert [word(step) for step in run(sent, None, without)] == [
        "not-negotiated",
        "size =aabbbbbb",
        "not-negotiated size =aaaa",
    ]
    agreed = Context(DOWN, conformance=1 << 21)
    assert [word(step) for step in run(sent[:2], None, agreed)] == ["", "=aabbbbbb"]


def test_abandon() -> None:
    blocks = GeneralBlocks()
    assert blocks.abandon("nothing ran") is None
    run([up(1, A), down(1, B, ack=1), down(3, D, ack=1)], blocks)
    assert blocks.active
    step = blocks.abandon("the capture ended")
    assert step is not None and (step.aborted, step.frames, step.blocks, step.octets) == (
        "the capture ended", (1, 2, 3), 3, 3,
    )  # fmt: skip
    assert codes(step.problems) == ["apdu.gbt-missing-last"] * 2
    assert step.problems[1].text.endswith("2 blocks with 2 octets seen, block 2 missing when the capture ended")
    assert not blocks.active and blocks.abandon("again") is None


def test_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(general_module, "MAX_OCTETS", 1000)
    blocks = GeneralBlocks()
    steps = run([one_way(n, bytes(400), n == 4) for n in (1, 2, 3, 4)], blocks)
    assert [word(step) for step in steps] == ["", "", "stage.bound x", ""]
    assert steps[2].frames == (1, 2, 3) and not blocks.active
    assert run([one_way(1, bytes(400)), one_way(2, bytes(400), True)], blocks)[-1].joined == bytes(800)


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(min_size=1, max_size=300), size=st.integers(1, 60), streaming=st.booleans())
def test_any_cut_joins_back(raw: bytes, size: int, streaming: bool) -> None:
    steps = run([(DOWN, one) for one in push(raw, size, streaming)])
    assert [step.joined for step in steps if step.joined is not None] == [raw]
    assert {code for step in steps for code in codes(step.problems)} <= {"apdu.gbt-streaming-push"}


def answer(raw: bytes, size: int, window: int, lost: set[int]) -> list[Sent]:
    """A streamed answer to a receiver with a window that misses what is in `lost` once, and asks again."""
    parts = cut(raw, size)
    sent: list[Sent] = [(UP, general(1, A, True, False, window))]
    acknowledged, own = 0, 1
    for _ in range(4 * len(parts) + 4):
        burst = range(acknowledged + 1, min(acknowledged + window, len(parts)) + 1)
        for n in burst:
            last = n == len(parts)
            sent.append((DOWN, general(n, parts[n - 1], last, n != burst[-1], 1, own)))
        got = next((n - 1 for n in burst if n in lost), burst[-1])
        lost -= set(burst)
        acknowledged = got
        own += 1
        sent.append((UP, general(own, b"", False, False, window, got)))
        if got == len(parts):
            break
    return sent


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=80), st.integers(1, 9), st.integers(1, 7), st.sets(st.integers(1, 30)))
def test_windows_and_losses_join_once(raw: bytes, size: int, window: int, lost: set[int]) -> None:
    steps = run(answer(raw, size, window, lost))
    assert [step.joined for step in steps if step.joined is not None] == [A, raw]
    assert {code for step in steps for code in codes(step.problems)} <= {"apdu.gbt-lost", "apdu.gbt-repeat"}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_exchanges_join_exactly_or_say_why(draw: st.DataObject) -> None:
    """APDUs lost, doubled, cut and swapped within a window: no wrong value without a problem, nothing raises."""
    raw = bytes(range(draw.draw(st.integers(1, 40))))
    size, window = draw.draw(st.integers(1, 12)), draw.draw(st.integers(1, 6))
    sent = draw.draw(st.sampled_from(([(DOWN, one) for one in push(raw, size)], answer(raw, size, window, set())[1:])))
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, max(0, len(sent) - 1)))
        to = at + draw.draw(st.integers(1, window))
        how = draw.draw(st.sampled_from(("lose", "double", "swap", "cut")))
        if how == "lose":
            del sent[at : at + 1]
        elif how == "double":
            sent[to:to] = sent[at : at + 1]
        elif how == "swap":
            sent[at : to + 1] = sent[at : to + 1][::-1]
        else:
            sent[at : at + 1] = [(d, one[: len(one) // 2]) for d, one in sent[at : at + 1]]
    blocks = GeneralBlocks()
    steps: list[Any] = run([one for one in sent if one[1]], blocks)
    joined = [step.joined for step in steps if step.joined is not None]
    assert set(joined) <= {raw}
    ended = blocks.abandon("the capture ended")
    if not joined and any(step.blocks for step in steps):
        assert ended is not None or any(step.problems for step in steps)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.binary(min_size=6, max_size=14)), max_size=20))
def test_garbage_never_raises(garbage: list[tuple[int, bytes]]) -> None:
    blocks = GeneralBlocks()
    for step in run([(direction, b"\xe0" + octets) for direction, octets in garbage], blocks):
        assert step.joined is None or step.frames
    blocks.abandon("the end")


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("han-push-034", [("data-notification", 425, 4)]),
        ("han-push-049", [("data-notification", 341, 3)]),
        ("han-push-111", [("data-notification", 412, 4)]),
        ("han-push-122", []),
        ("han-push-encrypted-013", [("general-glo-ciphering", 272, 3)]),
        ("han-push-encrypted-052", [("general-glo-ciphering", 272, 3)]),
        ("adversarial-real-030", [("data-notification", 412, 5)]),
    ],
)
def test_pushes_of_real_meters(corpus: Path, name: str, joined: list[tuple[str, int, int]]) -> None:
    """Landis+Gyr E450 and E570: name, octets and frames of what their blocks join to, sound to the last octet."""
    entry = {item["id"]: item for item in json.loads((corpus / "index.json").read_text())["items"]}[name]
    blocks = GeneralBlocks()
    found = []
    for pdu in pdus(corpus / entry["file"]):
        apdu = dissect(pdu.octets) if not pdu.event else None
        if apdu is not None and apdu.service == "block":
            step = blocks.add(apdu, pdu.octets, pdu.direction, pdu.frames)
            if step.joined is not None:
                c = Cursor(step.joined)
                inner = apdus.dissect(c, EMPTY)
                assert set(codes(c.problems)) <= {"apdu.undissected"}
                found.append((inner.name, len(step.joined), len(step.frames)))
    assert found == joined
    assert (blocks.abandon("the capture ended") is None) == bool(joined)


def test_inner_apdu() -> None:
    inner = xdlms.example("data-notification")
    (step,) = (step for step in run([(DOWN, one) for one in push(inner, 4)]) if step.joined is not None)
    assert dissect(step.joined or b"").name == "data-notification"
