"""States in words; unknown values keep their number."""

import pytest
from talk import enum, st, u8

from dissectors.cosem import classes, enumerations
from dissectors.data_types import Data


@pytest.mark.parametrize(
    ("class_id", "attribute", "data", "words"),
    [
        (70, 2, Data("boolean", True), "connected"),
        (70, 4, enum(0), "always connected"),
        (70, 4, enum(9), "9 (not defined)"),
        (111, 2, st(enum(2), enum(2)), "mode prepayment mode, status account active"),
        (111, 2, st(enum(2), enum(7)), "mode prepayment mode, status 7 (not defined)"),
        (111, 4, Data("bit-string", "1100000"), "in credit, low credit"),
        (111, 4, Data("bit-string", "0000000"), "none"),
        (112, 8, enum(3), "in use"),
        (113, 3, enum(0), "consumption based collection"),
        (115, 6, st(enum(3), Data("bit-string", "01")), "status token execution ok, data value 01"),
        (47, 3, u8(5), "registered, roaming"),
        (64, 2, enum(0x48), "encrypted request, encrypted response"),
        (64, 2, enum(0), "nothing"),
        (3, 2, enum(1), None),
        (70, 4, Data("null-data", None), None),
        (111, 2, st(enum(1)), None),
    ],
)
def test_words(class_id: int, attribute: int, data: Data, words: str | None) -> None:
    assert enumerations.text(class_id, attribute, data) == words


def test_a_policy_by_version() -> None:
    assert enumerations.policy(3, 0) == "all messages authenticated and encrypted"
    assert enumerations.policy(0x0C, 1) == "authenticated request, encrypted request"


def test_every_place_is_an_attribute_of_the_catalogue() -> None:
    for class_id, index in (*enumerations.VALUES, *enumerations.BITS, *enumerations.STRUCTURES):
        found = classes.attribute(class_id, index)
        assert found is not None and found.enum == "", (class_id, index)
