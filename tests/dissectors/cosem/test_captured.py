"""Definitions of captured objects: what is one, what is none, and their names."""

import pytest
from talk import NULL, arr, captured, code, i8, os, st, u16, u32

from dissectors.cosem.captured import Captured, definition, definitions, name
from dissectors.data_types import Data

IMPORT = "1-0:1.8.0*255"


def test_newer_versions_have_more_components() -> None:
    more = Data("structure", [*captured(3, IMPORT).value, st(i8(0), NULL)])
    assert definition(more) == Captured(3, code(IMPORT), 2)


@pytest.mark.parametrize(
    "data",
    [
        NULL,
        u32(1),
        st(),
        st(u16(3), os(IMPORT), i8(2)),
        st(u16(3), os(b"short"), i8(2), u16(0)),
        st(NULL, NULL, NULL, NULL),
    ],
)
def test_what_is_none(data: Data) -> None:
    assert definition(data) is None
    assert definitions(arr(captured(3, IMPORT), data)) is None


def test_an_array() -> None:
    assert definitions(arr()) == () and definitions(NULL) is None
    assert definitions(arr(captured(3, IMPORT, 2, 1))) == (Captured(3, code(IMPORT), 2, 1),)


@pytest.mark.parametrize(
    ("attribute", "index", "words"),
    [
        (2, 0, "Active energy import: Time integral 1"),
        (3, 0, "Active energy import: Time integral 1, scaler_unit"),
        (2, 4, "Active energy import: Time integral 1, element 4"),
        (-2, 0, "Active energy import: Time integral 1, attribute -2"),
    ],
)
def test_names(attribute: int, index: int, words: str) -> None:
    assert name(Captured(3, code(IMPORT), attribute, index)) == words
