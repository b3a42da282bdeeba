"""Service-specific block transfer: scripts for every service and side, losses, retries, aborts; joins exactly."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from encode import xdlms
from encode.blocks import acknowledged, carried, cut
from encode.read import codes
from hypothesis import given, settings
from hypothesis import strategies as st
from pdus import pdus

from dissectors import apdus, data
from dissectors import blocks as blocks_module
from dissectors.apdu import Apdu
from dissectors.block_content import list_items
from dissectors.block_step import Step
from dissectors.blocks import ServiceBlocks
from dissectors.context import EMPTY
from dissectors.cursor import Cursor

KINDS = (
    *("get-response", "set-request", "set-request-list", "action-request", "action-request-list"),
    *("action-response", "read-request", "read-response", "write-request"),
)
GET = xdlms.get_request_normal(0xC1, xdlms.attribute())
OTHER_GET = xdlms.get_request_normal(0xC2, xdlms.attribute())
RAW = bytes(range(10))


def dissect(octets: bytes) -> Apdu:
    return apdus.dissect(Cursor(octets), EMPTY)


def run(octets: Sequence[bytes], blocks: ServiceBlocks | None = None, asked: Apdu | None = None) -> list[Step | None]:
    """One step an APDU, as the association hands them over; frames are numbered from 1."""
    blocks = ServiceBlocks() if blocks is None else blocks
    steps: list[Step | None] = []
    for no, one in enumerate(octets, 1):
        apdu = dissect(one)
        if apdu.block is not None:
            steps.append(blocks.add(apdu, one, (no,), asked))
        else:
            steps.append(blocks.other(apdu, one, (no,)) if blocks.active else None)
    return steps


def transfer(kind: str, parts: Sequence[bytes]) -> list[bytes]:
    """A sound transfer: every block but the last is acknowledged."""
    out: list[bytes] = []
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        out.append(carried(kind, last, number, part))
        if not last:
            out.append(acknowledged(kind, number))
    return out


def get(number: int, part: bytes = b"\x11", last: bool = False, invoke: int = 0xC1) -> bytes:
    return carried("get-response", last, number, part, invoke)


def more(number: int, invoke: int = 0xC1) -> bytes:
    return acknowledged("get-response", number, invoke)


def written(number: int, part: bytes = b"\x11", last: bool = False) -> bytes:
    return carried("set-request", last, number, part)


def ack(number: int) -> bytes:
    return acknowledged("set-request", number)


def error(result: int, number: int = 2) -> bytes:
    """A GET data block with a data-access-result in place of raw data."""
    return xdlms.head(0xC4, 2, 0xC1) + b"\1" + number.to_bytes(4, "big") + bytes((1, result))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 3, 9, 10, 200])
def test_every_service_and_side(kind: str, size: int) -> None:
    octets = transfer(kind, cut(RAW, size))
    steps = run(octets)
    count = -(-len(RAW) // size)
    assert [step and codes(step.problems) for step in steps] == [[]] * len(octets)
    last = steps[-1]
    assert last is not None and last.joined == RAW and not last.aborted
    assert (last.blocks, last.octets, last.frames) == (count, len(RAW), tuple(range(1, 2 * count, 2)))
    assert last.progress == f"{count} block{'s' * (count > 1)}, 10 octets complete"
    service, _, rest = kind.partition("-")
    assert (last.service, last.role) == (service, rest.removesuffix("-list"))
    assert [step.acknowledges for step in steps if step] == [n % 2 == 1 for n in range(len(octets))]
    for step in steps[:-1]:
        assert step is not None and step.joined is None and len(step.frames) == 1


@pytest.mark.parametrize(
    ("kind", "asked", "content"),
    [
        ("get-response", None, "get-response"),
        ("get-response", "get-request-normal", "get-response-normal"),
        ("get-response", "get-request-with-list", "get-response-list"),
        ("set-request", None, "set-request-normal"),
        ("set-request-list", None, "set-request-list"),
        ("action-request", None, "action-request-normal"),
        ("action-request-list", None, "action-request-list"),
        ("action-response", "action-request-normal", "action-response-normal"),
        ("action-response", "action-request-with-list", "action-response-list"),
        ("read-response", "read-request", "read-response"),
        ("write-request", None, "write-request"),
    ],
)
def test_request_tells_the_content(kind: str, asked: str | None, content: str) -> None:
    request = dissect(xdlms.example(asked)) if asked else None
    step = run([*transfer(kind, cut(RAW, 4))], asked=request)[-1]
    assert step is not None and step.content == content
    if request is not None:
        assert step.request == request
    elif kind.startswith(("set", "action")) and "request" in kind:
        assert step.request is not None and (step.request.class_id == 7 or step.request.items is not None)


# Octets, then one word for each: problem codes joined by a blank, "=" + hex where it joins, "x" where it ends without.
SCRIPTS: dict[str, tuple[list[bytes], list[str]]] = {
    "retry of a block": ([get(1), more(1), get(2, b"\x22"), get(2, b"\x22"), more(2), get(3, b"\x33", True)],
                         ["", "", "", "repeat", "", "=112233"]),
    "asks again": ([get(1), more(1), get(2), more(1), get(2), more(2), get(3, last=True)],
                   ["", "", "", "repeat", "repeat", "", "=111111"]),
    "acknowledged twice": ([get(1), more(1), more(1), get(2, b"", True)], ["", "", "repeat", "=11"]),
    "last block again": ([get(1), more(1), get(2, last=True), get(2, last=True)], ["", "", "=1111", "repeat"]),
    "one block, read twice": ([get(1, last=True), get(1, last=True)], ["=11", "=11"]),
    "first block again": ([get(1), get(1), more(1), get(2, last=True)], ["", "repeat", "", "=1111"]),
    "other octets": ([get(1), more(1), get(2), get(2, b"\x12"), more(2), get(3, last=True)],
                     ["", "", "", "block", "", "=111111"]),
    "gap of the sender": ([get(1), more(1), get(3), more(3), get(4, last=True)], ["", "", "block", "", "missing x"]),
    "lost by the capture": ([get(1), more(1), more(2), get(3, last=True)], ["", "", "block", "missing missing x"]),
    "late block": ([get(1), more(1), get(3, b"\x33"), get(2, b"\x22"), get(4, b"\x44", True)],
                   ["", "", "block", "repeat", "=11223344"]),
    "begins in the middle": ([get(5), more(5), get(6, last=True)], ["missing", "", "missing x"]),
    "begins with an acknowledgement": ([more(5), get(6, last=True)], ["missing", "missing x"]),
    "numbers from 0": ([get(0), more(0), get(1, last=True)], ["block", "", "=1111"]),
    "block 0 in the middle": ([get(1), more(1), get(0), get(2, last=True)], ["", "", "block", "=1111"]),
    "wrong acknowledgement": ([get(1), more(7), get(2, last=True)], ["", "block", "=1111"]),
    "more after the last": ([get(1, last=True), more(1)], ["=11", "block"]),
    "restart": ([get(1), more(1), get(2), get(1), more(1), get(2, last=True)], ["", "", "", "block", "", "=1111"]),
    "restart with other octets": ([get(1), get(1, b"\x12"), more(1), get(2, last=True)], ["", "block", "", "=1211"]),
    "server aborts": ([get(1), more(1), error(15)], ["", "", "abort x"]),
    "server answers plainly": ([get(1), more(1), xdlms.get_response_normal(0xC1, 19)], ["", "", "abort x"]),
    "number refused at once": ([more(9), error(16)], ["missing", "abort x"]),
    "refused without a transfer": ([error(16)], ["abort x"]),
    "exception": ([get(1), more(1), bytes.fromhex("D80201")], ["", "", "abort x"]),
    "service error": ([get(1), more(1), bytes.fromhex("0E050300")], ["", "", "abort x"]),
    "new request": ([get(1), more(1), GET, get(1), more(1), get(2, last=True)], ["", "", "block x", "", "", "=1111"]),
    "other request between": ([get(1), more(1), OTHER_GET, get(2, last=True)], ["", "", "block", "=1111"]),
    "other service between": ([get(1), xdlms.example("set-request-normal"), more(1), get(2, last=True)],
                              ["", "block", "", "=1111"]),
    "push between": ([get(1), xdlms.example("data-notification"), more(1), get(2, last=True)], ["", "-", "", "=1111"]),
    "damaged block": ([get(1), more(1), get(2)[:6], more(1), get(2, last=True)], ["", "", "-", "repeat", "=1111"]),
    "damaged next": ([get(1), more(1)[:4], get(2, last=True)], ["", "-", "=1111"]),
    "two at once": ([get(1), get(1, b"\x99", invoke=0xC2), more(1), more(1, 0xC2), get(2, b"\x98", True, 0xC2),
                     get(2, last=True)], ["", "", "", "", "=9998", "=1111"]),
    "write with its answer": ([written(1), ack(1), written(2, last=True), bytes.fromhex("C503C10000000002")],
                              ["", "", "=1111", ""]),
    "write, wrong final number": ([written(1), ack(1), written(2, last=True), bytes.fromhex("C503C10000000001")],
                                  ["", "", "=1111", "block"]),
    "write, more expected": ([written(1), ack(1), written(2, last=True), ack(2)], ["", "", "=1111", "block"]),
    "write answered early": ([written(1), bytes.fromhex("C503C11100000001")], ["", "abort x"]),
    "write with a list's answer": ([carried("set-request-list", True, 1, b"\x02"),
                                    bytes.fromhex("C504C102000300000001")], ["=02", ""]),
    "write, end only": ([bytes.fromhex("C503C10000000002")], ["missing"]),
    "write restarts": ([written(1), ack(1), written(2), written(1, b"\x55"), ack(1), written(2, b"\x56", True)],
                       ["", "", "", "block", "", "=5556"]),
    "action both ways": ([carried("action-request", False, 1, b"\x01"), acknowledged("action-request", 1),
                          carried("action-request", True, 2, b"\x02"), carried("action-response", False, 1, b"\x03"),
                          acknowledged("action-response", 1), carried("action-response", True, 2, b"\x04")],
                         ["", "", "=0102", "", "", "=0304"]),
    "action answered at once": ([carried("action-request", True, 1, b"\x01"), bytes.fromhex("C701C10000"),
                                 bytes.fromhex("C704C100000001")], ["=01", "-", "missing"]),
    "damaged short name": ([carried("read-response", False, 1, b"\1"), b"\x05\x01\x05",
                            acknowledged("read-response", 1), carried("read-response", True, 2, b"\2")],
                           ["", "-", "", "=0102"]),
    "nothing but a request": ([GET, xdlms.get_response_normal(0xC1, 0)], ["-", "-"]),
}  # fmt: skip


def word(step: Step | None) -> str:
    if step is None:
        return "-"
    found = [code.removeprefix("apdu.block").lstrip("-") or "block" for code in codes(step.problems)]
    if step.joined is not None:
        found.append("=" + step.joined.hex())
    if step.aborted:
        found.append("x")
    return " ".join(found)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name: str) -> None:
    octets, expected = SCRIPTS[name]
    steps = run(octets)
    assert [word(step) for step in steps] == expected
    for one, step in zip(octets, steps, strict=True):
        for problem in () if step is None else step.problems:
            assert (problem.start, problem.end, problem.buffer) == (0, len(one), "apdu")
            assert "{" not in problem.text


def test_request_sent_again_before_anything_was_acknowledged() -> None:
    steps = run([get(1), GET, get(1), more(1), get(2, last=True)], asked=dissect(GET))
    assert [word(step) for step in steps] == ["", "repeat", "repeat", "", "=1111"]


def test_request_sent_again_after_an_acknowledgement_starts_anew() -> None:
    steps = run([get(1), more(1), GET, get(1, last=True)], asked=dissect(GET))
    assert [word(step) for step in steps] == ["", "", "block x", "=11"]


def test_words_of_problems() -> None:
    steps = run([get(1, b"abc"), more(1), get(3), get(7), get(9, last=True)])
    texts = [problem.text for step in steps if step for problem in step.problems]
    assert texts[0] == "block transfer: block 3 where 2 was expected: block 2 missing"
    gaps = "block 2, blocks 4 to 6, block 8 missing"
    assert texts[-1] == f"block transfer: not joined at the last block: 4 blocks with 6 octets seen, {gaps}"


def test_abandon() -> None:
    blocks = ServiceBlocks()
    assert blocks.abandon("nothing ran") is None
    run([get(1, b"abc"), more(1), get(3), written(1, b"xy")], blocks)
    assert blocks.active
    step = blocks.abandon("the association ended")
    assert step is not None and step.aborted == "the association ended"
    assert step.frames == (1, 3, 4)
    assert codes(step.problems) == ["apdu.block-missing"] * 2
    assert [problem.text for problem in step.problems] == [
        "block transfer: get response unfinished when the association ended: "
        "2 blocks with 4 octets seen, block 2 missing, no last block after 3",
        "block transfer: set request unfinished when the association ended: "
        "1 block with 2 octets seen, no last block after 1",
    ]
    assert not blocks.active and blocks.abandon("again") is None


def test_active_until_nothing_can_be_a_retry() -> None:
    blocks = ServiceBlocks()
    assert not blocks.active
    run([get(1, last=True)], blocks)
    assert blocks.active
    assert blocks.other(dissect(GET), GET, (9,)) is None
    assert not blocks.active
    run([written(1, last=True)], blocks)
    answer = bytes.fromhex("C503C10000000001")
    blocks.add(dissect(answer), answer, (2,))
    assert not blocks.active


def test_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "MAX_OCTETS", 1000)
    blocks = ServiceBlocks()
    steps = run([get(1, bytes(400)), more(1), get(2, bytes(400)), more(2), get(3, bytes(400))], blocks)
    assert [word(step) for step in steps] == ["", "", "", "", "stage.bound x"]
    assert not blocks.active
    again = run(
        [get(1, bytes(400)), more(1), get(2, bytes(400), last=True)], blocks
    )  # what was given up is not counted
    assert again[-1] is not None and again[-1].joined == bytes(800)


def test_no_block_at_all() -> None:
    step = ServiceBlocks().add(dissect(GET), GET, (4,))
    assert (step.service, step.frames, step.joined, step.problems) == ("get", (4,), None, ())


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=300), size=st.integers(1, 60), kind=st.sampled_from(KINDS))
def test_any_cut_joins_back(raw: bytes, size: int, kind: str) -> None:
    step = run(transfer(kind, cut(raw, size)))[-1]
    assert step is not None and step.joined == raw and not step.problems


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_transfers_join_exactly_or_say_why(draw: st.DataObject) -> None:
    """APDUs lost, doubled and swapped: no wrong value without a problem, nothing raises."""
    kind = draw.draw(st.sampled_from(KINDS))
    raw = bytes(range(draw.draw(st.integers(1, 40))))
    octets = transfer(kind, cut(raw, draw.draw(st.integers(1, 12))))
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, max(0, len(octets) - 1)))
        how = draw.draw(st.sampled_from(("lose", "double", "swap", "cut")))
        if how == "lose":
            del octets[at : at + 1]
        elif how == "double":
            octets[at:at] = octets[at : at + 1]
        elif how == "swap":
            octets[at : at + 2] = octets[at : at + 2][::-1]
        else:
            octets[at : at + 1] = [one[: len(one) // 2] for one in octets[at : at + 1]]
    blocks = ServiceBlocks()
    steps: list[Any] = [step for step in run([one for one in octets if one], blocks) if step]
    joined = [step.joined for step in steps if step.joined is not None]
    assert set(joined) <= {raw}
    problems = [problem for step in steps for problem in step.problems]
    ended = blocks.abandon("the capture ended")
    if not joined and steps:
        assert problems or (ended is not None and ended.problems)


def test_object_list_in_243_blocks(corpus: Path) -> None:
    """An association's object_list of a real meter: the joined value is the one that its log asserts."""
    wanted = {item["id"]: item for item in json.loads((corpus / "index.json").read_text())["items"]}["session-hdlc-020"]
    blocks, asked, joined = ServiceBlocks(), None, []
    for pdu in pdus(corpus / wanted["file"]):
        apdu = dissect(pdu.octets) if not pdu.event else None
        if apdu is None or apdu.block is None:
            asked = apdu or asked
            continue
        step = blocks.add(apdu, pdu.octets, pdu.frames, asked)
        assert not step.problems
        if step.joined is not None:
            joined.append(step)
    (step,) = joined
    assert step.joined is not None and (step.blocks, len(step.frames), step.octets) == (243, 243, 3758)
    (item,), problems = list_items(step.joined, step.content, step.request)
    assert not problems and (item.class_id, item.attribute, item.data) == (15, 2, (0, len(step.joined)))
    value = data.build(Cursor(step.joined))
    found = [
        [o.value[0].value, o.value[1].value, ".".join(map(str, bytes.fromhex(o.value[2].value)))] for o in value.value
    ]
    assert found == wanted["expected"]["asserted"]["object_list_class_version_obis"]
