"""M-Bus telegram layer: what the vectors cannot say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.context import EMPTY
from dissectors.layer import walk
from dissectors.layers import LAYERS

GOOD = bytes.fromhex("68121268 53FF100167 0F00000001000201060000002A 0016".replace(" ", ""))


def telegram(body: bytes) -> bytes:
    """A telegram around C, A, CI and the rest, with its lengths and checksum."""
    return bytes((0x68, len(body), len(body), 0x68)) + body + bytes((sum(body) & 0xFF, 0x16))


PUSH = telegram(GOOD[4:-2])


def codes(octets: bytes) -> list[str]:
    return [p.kind.code for layer in walk(octets, "mbus", LAYERS, EMPTY) for p in layer.problems]


def test_segments_are_told_apart() -> None:
    first = walk(telegram(bytes.fromhex("53FF000167") + b"\x0f\x00"), "mbus", LAYERS, EMPTY)
    assert [layer.layer for layer in first] == ["mbus"]
    assert (first[0].value.segment, first[0].value.last) == (0, False)
    assert [layer.layer for layer in walk(PUSH, "mbus", LAYERS, EMPTY)] == ["mbus", "xdlms"]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"\x69" + PUSH[1:], "mbus.start"),
        (PUSH[:2] + b"\x11" + PUSH[3:], "mbus.length"),
        (PUSH[:-2] + bytes((PUSH[-2] ^ 1, 0x16)), "mbus.checksum"),
        (PUSH[:-1] + b"\x17", "mbus.stop"),
        (PUSH[:-3], "mbus.trunc"),
        (bytes.fromhex("68020268"), "mbus.length"),
    ],
)
def test_each_problem(octets: bytes, code: str) -> None:
    assert code in codes(octets)


@given(st.binary(max_size=300) | st.integers(0, len(PUSH)).map(lambda n: PUSH[:n]))
def test_any_octets(octets: bytes) -> None:
    plain = walk(octets, "mbus", LAYERS, EMPTY)
    traced = walk(octets, "mbus", LAYERS, EMPTY, trace=True)
    assert [(d.layer, d.value, d.problems) for d in plain] == [(d.layer, d.value, d.problems) for d in traced]
    assert all(0 <= node.start <= node.end <= len(octets) for d in traced for node in d.tree)
