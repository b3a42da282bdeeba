"""walk: layers one by one, each caught on its own."""

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.context import EMPTY, Context
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.layer import MAX_LAYERS, Layer, walk
from dissectors.layers import LAYERS
from dissectors.problem import APDU_TAG, ETH_TRUNC

N, REST = Field("t.n", "Number"), Field("t.rest", "Rest")


def shell(c: Cursor, ctx: Context) -> tuple[int, tuple[int, int]]:
    return c.u8(N), c.payload(REST, c.left())


def broken(c: Cursor, ctx: Context) -> None:
    c.u8(N)
    raise KeyError("ours")


def unhappy(c: Cursor, ctx: Context) -> Any:
    c.note(APDU_TAG, 0, 1, "first")
    c.u8(N)
    c.stop(APDU_TAG, 2, "second")


TABLE = {
    "shell": Layer("shell", "", shell, ETH_TRUNC, inner=lambda v: ("shell" if v[0] else "last", v[1])),
    "last": Layer("last", "", lambda c, ctx: None, ETH_TRUNC, inner=lambda v: ("shell", (0, 1))),
    "broken": Layer("broken", "", broken, ETH_TRUNC),
    "unhappy": Layer("unhappy", "", unhappy, ETH_TRUNC, called=lambda octets: f"called-{octets.hex()}"),
}


def test_layers_nest_in_one_buffer() -> None:
    found = walk(b"\x01\x00\x07", "shell", TABLE, EMPTY, trace=True)
    assert [(d.layer, d.start, d.end, d.problems) for d in found] == [
        ("shell", 0, 3, ()), ("shell", 1, 3, ()), ("last", 2, 3, ()),
    ]  # fmt: skip
    assert [(n.field.code, n.start, n.end) for n in found[1].tree] == [("t.n", 1, 2), ("t.rest", 2, 3)]
    assert walk(b"\x01", "shell", TABLE, EMPTY)[0].tree == ()


def test_depth_is_bounded() -> None:
    assert len(walk(b"\x01" * 99, "shell", TABLE, EMPTY)) == MAX_LAYERS


def test_unknown_layer_ends() -> None:
    assert walk(b"\x01", "nothing", TABLE, EMPTY) == ()


def test_a_stop_ends_its_own_layer() -> None:
    (found,) = walk(b"\xab\xcd", "unhappy", TABLE, EMPTY, trace=True, buffer="apdu")
    assert found.value is None and found.layer == "called-ab"
    assert [(p.args, p.buffer) for p in found.problems] == [((1, "first"), "apdu"), ((2, "second"), "apdu")]
    assert [n.field.code for n in found.tree] == ["t.n"]
    (found,) = walk(b"", "shell", TABLE, EMPTY)
    assert found.problems[0].kind is ETH_TRUNC


def test_our_own_error_becomes_a_problem_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        (found,) = walk(b"\x01\x02", "broken", TABLE, EMPTY)
    assert [p.kind.code for p in found.problems] == ["internal.error"]
    assert found.problems[0].text == "our own error in layer broken (KeyError): please report it with the capture"
    assert "layer broken" in caplog.text


def test_a_part_of_a_buffer() -> None:
    found = walk(b"\xff\x00\x07\xff", "shell", TABLE, EMPTY, start=1, end=3)
    assert [(d.layer, d.start, d.end) for d in found] == [("shell", 1, 3), ("last", 2, 3)]


@settings(max_examples=150)
@given(st.sampled_from(sorted(LAYERS)), st.binary(max_size=80))
def test_no_octets_raise_in_any_layer(name: str, octets: bytes) -> None:
    """And both readers agree."""
    plain, traced = walk(octets, name, LAYERS, EMPTY), walk(octets, name, LAYERS, EMPTY, trace=True)
    assert [(d.layer, d.value, d.problems) for d in plain] == [(d.layer, d.value, d.problems) for d in traced]
    assert not [p for d in plain for p in d.problems if p.kind.code == "internal.error"]
