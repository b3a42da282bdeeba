"""Conversations: against a look at every message of the demo captures, and of transfers in blocks."""

from pathlib import Path

import pytest
from encode import blocks, xdlms
from scripts import DOWN, GET, GOT, OPENING, PROFILES, UP, Script, get, got, opened, over_udp, wrap

import analyzer
from analyzer import conversation
from analyzer.analysis import Analysis
from analyzer.conversation import Conversation, Entries, Entry
from captures.linktype import ETHERNET

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
RAW = b"\x09\x08" + bytes(range(8))
FIRST = bytes.fromhex("C102C2") + xdlms.attribute() + b"\0" + xdlms.block(False, 1, RAW[:5])
SECOND = bytes.fromhex("C103C2") + xdlms.block(True, 2, RAW[5:])
STEPS = (
    *opened(),  # 1 2
    (UP, GET),  # 3
    (DOWN, xdlms.get_response_with_datablock(0xC1, False, 1, RAW[:4])),  # 4
    (UP, bytes.fromhex("C002C100000001")),
    (DOWN, xdlms.get_response_with_datablock(0xC1, False, 2, RAW[4:8])),
    (UP, bytes.fromhex("C002C100000002")),
    (DOWN, xdlms.get_response_with_datablock(0xC1, True, 3, RAW[8:])),  # 8
    (UP, FIRST),  # 9
    (DOWN, bytes.fromhex("C502C200000001")),
    (UP, SECOND),  # 11
    (DOWN, bytes.fromhex("C503C20000000002")),  # 12
    (UP, get(3)),
    (UP, get(3)),  # sent again
    (DOWN, got(invoke=3)),
)


def load(script: Script) -> Analysis:
    made = Analysis(script.channels, PROFILES)
    for _ in made.load(script.records):
        pass
    return made


def whole(a: Analysis, association: int, like: int = 0) -> Entries:
    made = Conversation(a, association, like)
    while made.take():
        pass
    return made.entries()


def entries(made: Entries) -> list[Entry]:
    return [made[n] for n in range(len(made))]


@pytest.mark.parametrize("name", ["hdlc-serial", "hdlc-tcp", "wrapper-tcp", "wrapper-tcp-ciphered"])
@pytest.mark.parametrize("step", [1, 7, 65536])
def test_every_message_of_an_association(name: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "STEP", step)
    a = analyzer.open(str(DEMO / f"{name}.pcapng"))
    numbers: dict[int, list[int]] = {}
    for no in range(1, len(a.messages) + 1):
        numbers.setdefault(a.message(no).association, []).append(no)
    for association in range(1, len(a.run.associations.table) + 1):
        made = whole(a, association)
        covered = [no for entry in entries(made) for no in range(entry.first, entry.message + 1)]
        assert set(covered) >= set(numbers[association])
        assert [entry.message for entry in entries(made)] == sorted({entry.message for entry in entries(made)})
        assert all(made[made.place(entry.message)] == entry for entry in entries(made))


def test_block_transfers_are_one_entry() -> None:
    made = whole(load(over_udp(*STEPS)), 1)
    assert entries(made) == [
        Entry(1, 1, 1), Entry(2, 2, 1), Entry(3, 3, 1), Entry(8, 4, 3), Entry(11, 9, 2), Entry(12, 12, 1),
        Entry(13, 13, 1), Entry(14, 14, 1), Entry(15, 15, 1),
    ]  # fmt: skip
    assert made[made.place(6)] == Entry(8, 4, 3)


def test_short_name_reads_in_blocks() -> None:
    parts = blocks.cut(b"\x01" + RAW, 4)
    steps = [(UP, b"\x05\x01\x02\x00\x08")]
    for n, part in enumerate(parts, 1):
        steps.append((DOWN, blocks.carried("read-response", n == len(parts), n, part)))
        if n < len(parts):
            steps.append((UP, blocks.acknowledged("read-response", n)))
    made = whole(load(over_udp(*opened(), *steps)), 1)
    assert entries(made)[2:] == [Entry(3, 3, 1), Entry(2 + len(steps), 4, len(parts))]


def test_a_transfer_that_has_not_ended() -> None:
    script = over_udp(*STEPS)
    script.records = script.records[:6]
    made = Conversation(load(script), 1)
    assert not made.take() and made.looked == 6
    assert made.entries()[-1] == Entry(6, 4, 2)


def test_general_blocks_are_one_entry() -> None:
    parts = blocks.cut(GOT, 3)
    told = [(DOWN, blocks.general(n, part, n == len(parts), 1)) for n, part in enumerate(parts, 1)]
    a = load(over_udp(*OPENING, (UP, GET), *told, (UP, get(2)), (DOWN, got(invoke=2))))
    made = whole(a, 1)
    names = [a.message(entry.message).apdu.name for entry in entries(made)]
    assert names == [
        "aarq",
        "aare",
        "get-request-normal",
        "get-response-normal",
        "get-request-normal",
        "get-response-normal",
    ]
    assert entries(made)[3] == Entry(3 + len(parts), 4, len(parts))


def test_without_an_association_the_same_two_sides() -> None:
    script = Script(ETHERNET)
    push = bytes.fromhex("0F0000000100020209060100010800FF0600012345")
    for n in range(6):
        one = over_udp((DOWN, push), server=1 + n % 2).records[0]
        script.add(one.octets)
    a = load(script)
    assert {a.message(no).association for no in range(1, 7)} == {0}
    assert [entry.message for entry in entries(whole(a, 0, 1))] == [1, 3, 5]
    assert [entry.message for entry in entries(whole(a, 0, 2))] == [2, 4, 6]


def test_nothing_to_show() -> None:
    a = load(over_udp((UP, wrap(UP, b""))))
    made = whole(a, 7)
    assert len(made) == 0 and made.place(3) == -1
