"""Parameters of methods in words, without secrets, for any Data without an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as hs
from talk import NULL, arr, clock, enum, i8, os, st, u16, u32

from dissectors.cosem import classes, parameters
from dissectors.data_types import Data


@pytest.mark.parametrize(
    ("class_id", "method", "data", "words"),
    [
        (9, 1, u16(4), "execute script 4"),
        (8, 6, Data("long", -30), "shift by -30 s"),
        (8, 5, st(clock(1), clock(2), clock(3)), "to 2026-11-01 01:00:00.00 UTC+00:00, valid from "
         "2026-11-01 02:00:00.00 UTC+00:00 to 2026-11-01 03:00:00.00 UTC+00:00"),
        (18, 1, st(os(b"FW1"), u32(1500)), "image FW1, 1500 octets"),
        (18, 2, st(u32(3), os(bytes(64))), "image block 3, 64 octets"),
        (70, 1, i8(0), "open the relay"),
        (64, 1, enum(3), "security policy: all messages authenticated and encrypted"),
        (64, 2, arr(st(enum(0), os(bytes(24))), st(enum(2), os(bytes(24)))),
         "transfer global unicast encryption key (24 octets), global authentication key (24 octets)"),
        (64, 4, enum(1), "generate the key agreement key pair"),
        (15, 2, os(b"SECRETSECRET"), "new secret of 12 octets"),
        (10, 1, st(u16(1), u16(3), u16(0), u16(0)), "disable entries 1 to 3"),
        (6, 1, st(u16(3), os("1-0:1.8.0*255")), "Register 1-0:1.8.0*255 Active energy import: Time integral 1"),
        (3, 1, i8(0), None),
        (9, 1, NULL, None),
        (9, -1, u16(1), None),
    ],
)  # fmt: skip
def test_words(class_id: int, method: int, data: Data, words: str | None) -> None:
    assert parameters.text(class_id, method, data) == words


def test_every_method_is_in_the_catalogue() -> None:
    for class_id, method in parameters._METHODS:
        assert classes.method(class_id, method) is not None, (class_id, method)


@given(
    hs.sampled_from(sorted(parameters._METHODS)),
    hs.recursive(
        hs.sampled_from([NULL, u16(1), os(b"SECRET"), clock(1), Data("float64", 1.5), Data("boolean", True)]),
        lambda inner: hs.lists(inner, max_size=5).map(lambda parts: Data("structure", parts)),
        max_leaves=10,
    ),
)
def test_any_parameters(place: tuple[int, int], data: Data) -> None:
    found = parameters.text(*place, data)
    if place in {(12, 5), (12, 6), (12, 8), (15, 1), (15, 2)}:
        assert found is None or "SECRET" not in found
