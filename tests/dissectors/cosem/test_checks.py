from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cosem import checks
from dissectors.cosem.classes import Attribute, Extra, InterfaceClass, Pattern
from dissectors.cosem.meaning import Target
from dissectors.data_types import Data

ENERGY = bytes((1, 0, 1, 8, 0, 255))
CLOCK = bytes((0, 0, 1, 0, 0, 255))


def codes(target: Target, data: Data | None = None, extra: Extra = checks.EMPTY) -> list[str]:
    return [problem.kind.code for problem in checks.problems(target, data, extra)]


@pytest.mark.parametrize(
    ("target", "data", "found"),
    [
        (Target(3, ENERGY, 2), Data("long", 1), []),
        (Target(999, ENERGY, 2), None, ["cosem.class"]),
        (Target(9000, ENERGY, 2), None, []),
        (Target(40000, ENERGY, 77), None, []),
        (Target(3, ENERGY, 4), None, ["cosem.attr"]),
        (Target(3, ENERGY, 0), None, []),
        (Target(3, ENERGY, -4), None, []),
        (Target(70, bytes((0, 0, 96, 3, 10, 255)), None, 1), None, []),
        (Target(70, bytes((0, 0, 96, 3, 10, 255)), None, 9), None, ["cosem.method"]),
        (Target(170, b"", 5), None, []),
        (Target(8, CLOCK, 2), Data("octet-string", "07E60C1F06173B3B00FFC400"), []),
        (Target(8, CLOCK, 2), Data("date-time", "07E60C1F06173B3B00FFC400"), []),
        (Target(8, CLOCK, 2), Data("null-data", None), []),
        (Target(8, CLOCK, 2), Data("octet-string", "07E60D1F06173B3B00FFC400"), ["apdu.datetime"]),
        (Target(8, CLOCK, 2), Data("long", 1), ["cosem.type"]),
        (Target(8, CLOCK, 3), Data("long", 60), []),
        (Target(64, b"", 4), Data("octet-string", "4D4D4D0000BC614E"), []),
        (Target(8, CLOCK, 2), Data("octet-string", "no hex"), []),
        (Target(7, bytes((1, 0, 99, 1, 0, 255)), 2), Data("compact-array", []), []),
        (Target(3, CLOCK, 2), None, ["cosem.obis-class"]),
        (Target(5, bytes((0, 0, 96, 1, 0, 255)), 2), None, []),
        (Target(8, bytes((2, 0, 1, 0, 0, 255)), 2), None, ["cosem.obis-res"]),
        (Target(3, ENERGY, 3), Data("structure", [Data("integer", 0), Data("enum", 58)]), ["cosem.unit"]),
        (Target(3, ENERGY, 3), Data("structure", [Data("integer", 0), Data("enum", 30)]), []),
        (Target(3, ENERGY, 3), Data("structure", [Data("integer", 0)]), []),
        (Target(-1, b""), Data("long", 1), []),
    ],
)
def test_problems(target: Target, data: Data | None, found: list[str]) -> None:
    assert codes(target, data) == found


def test_words_and_place() -> None:
    (found,) = checks.problems(Target(8, CLOCK, 2), Data("long", 1), where=(4, 7))
    assert (found.start, found.end) == (4, 7)
    assert found.text == "attribute 2 (time) of class 8 is long, expected octet-string"


def test_a_profile_wins() -> None:
    extra = Extra(
        (InterfaceClass(999, "Ours", 0, True, (Attribute(1, "logical_name"), Attribute(2, "state", "enum"))),),
        (Pattern("2.0.1.0.0.255", "Ours", (999,)),),
    )
    target = Target(999, bytes((2, 0, 1, 0, 0, 255)), 2)
    assert codes(target) == ["cosem.class", "cosem.obis-res"]
    assert codes(target, Data("enum", 1), extra) == []
    assert codes(target, Data("long", 1), extra) == ["cosem.type"]


def test_answers_are_kept() -> None:
    checks.remarks.cache_clear()
    for _ in range(3):
        codes(Target(3, ENERGY, 2))
    info = checks.remarks.cache_info()
    assert (info.misses, info.hits) == (1, 2) and info.maxsize is not None


VALUES: st.SearchStrategy[Any] = (
    st.none()
    | st.integers()
    | st.text(max_size=24)
    | st.lists(st.builds(Data, st.just("enum"), st.integers(-5, 300) | st.none()), max_size=3)
)


@given(
    st.integers(-1, 70000), st.binary(max_size=8), st.integers(-5, 20), st.sampled_from(["enum", "structure"]), VALUES
)
def test_never_raises(class_id: int, code: bytes, attribute: int, type: str, value: Any) -> None:
    checks.problems(Target(class_id, code, attribute), Data(type, value))
