"""Short names: attributes by eights, methods where their class begins them, names that need no list."""

import pytest
from talk import code

from analyzer.short_names import ShortNames

VOLTAGE, RELAY = code("1-0:32.7.0*255"), code("0-0:96.3.10*255")


@pytest.fixture
def names() -> ShortNames:
    made = ShortNames()
    made.add(0x2000, 3, VOLTAGE)
    made.add(0x2100, 70, RELAY)
    made.add(0x3000, 9999, VOLTAGE)
    return made


@pytest.mark.parametrize(
    ("variable", "found"),
    [
        (0x2000, (3, 1, None)),
        (0x2008, (3, 2, None)),
        (0x2010, (3, 3, None)),
        (0x2028, (3, None, 1)),  # reset of a Register begins at 0x28
        (0x2018, None),
        (0x2009, None),
        (0x2120, (70, None, 1)),
        (0x2128, (70, None, 2)),
        (0x2130, None),
        (0x3008, (9999, 2, None)),
        (0x1FF8, None),
        (0xFA08, (12, 2, None)),
        (0xFD08, (1, 2, None)),
    ],
)
def test_find(names: ShortNames, variable: int, found: tuple[int, int | None, int | None] | None) -> None:
    target = names.find(variable)
    assert (None if target is None else (target.class_id, target.attribute, target.method)) == found


def test_a_new_object_is_found_after_a_look_in_vain(names: ShortNames) -> None:
    assert names.find(0x4008) is None and names.listed and not ShortNames().listed
    names.add(0x4000, 1, VOLTAGE)
    assert names.find(0x4008) is not None
