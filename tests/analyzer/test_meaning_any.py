"""Any value of any attribute, right or wrong, has words, tables and problems without an error."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as hs
from talk import NULL, Talk, captured, clock, enum, i8, os, scaler, u8, u16, u32

from analyzer.meaning import Meaning
from analyzer.objects import Objects
from dissectors.cosem import classes
from dissectors.data_types import Data

PLACES = [
    (c.class_id, a.index) for c in classes._tables().classes for a in c.attributes if a.index > 0
]  # every attribute of the catalogue
LEAVES: list[Data] = [
    NULL, u8(2), u16(7), u32(4), i8(2), enum(30), os("1-0:1.8.0*255"), os(b"FW"), clock(6), scaler(-1, 35),
    captured(3, "1.8.0"), Data("boolean", True), Data("bit-string", "101"), Data("float32", 1.5),
    Data("visible-string", "text"), Data("delta-integer", -3), os(bytes.fromhex("02020612")),
]  # fmt: skip
VALUES = hs.recursive(
    hs.sampled_from(LEAVES),
    lambda inner: hs.tuples(hs.sampled_from(["array", "structure"]), hs.lists(inner, max_size=5)).map(
        lambda x: Data(*x)
    ),
    max_leaves=15,
)
STEPS = hs.lists(
    hs.tuples(hs.sampled_from(["get", "set", "action", "push"]), hs.sampled_from(PLACES), VALUES), max_size=6
)


def dialogue(steps: list[tuple[str, tuple[int, int], Data]]) -> Talk:
    t = Talk()
    for kind, (class_id, index), value in steps:
        if kind == "push":
            t.push(value)
        else:
            getattr(t, kind)(class_id, "0-0:96.1.0*255", index, value)
    return t


def everything(meaning: Meaning, messages: list[Any]) -> list[object]:
    return [(meaning.text(m), meaning.table(m), meaning.problems(m), meaning.request_text(m)) for m in messages]


@settings(max_examples=60)
@given(STEPS)
def test_any_dialogue(steps: list[tuple[str, tuple[int, int], Data]]) -> None:
    messages = dialogue(steps).messages
    meaning = Meaning({})
    for m in messages:
        meaning.learn(m)
    first = everything(meaning, messages)
    assert everything(meaning, messages) == first
    objects = Objects({})
    assert list(objects.messages(messages)) == messages
    rows = list(objects.rows())
    counted = sum(row.reads + row.writes + row.errors for row in rows)
    assert counted == sum(m.apdu.role == "response" and m.target is not None for m in messages)
