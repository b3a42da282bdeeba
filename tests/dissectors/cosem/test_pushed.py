"""Pushed lists by shape: nothing is lost, and names stand where the list says or implies them."""

import pytest
from hypothesis import given
from hypothesis import strategies as hs
from talk import NULL, arr, captured, clock, code, enum, os, scaler, st, u16, u32

from dissectors.cosem import pushed
from dissectors.cosem.captured import Captured
from dissectors.cosem.pushed import Element, elements
from dissectors.data_types import Data

IMPORT, VOLTAGE, CURRENT, CLOCK = "1-0:1.8.0*255", "1-0:32.7.0*255", "1-0:31.7.0*255", "0-0:1.0.0*255"
Shown = tuple[str, object, tuple[int, int] | None, str]


def shown(data: Data, **more: bool) -> list[Shown]:
    return [(one.obis.hex(), one.data.value, one.scaling, one.source) for one in elements(data, (), **more)]


def h(name: str) -> str:
    return code(name).hex()


def test_pairs_as_structures() -> None:
    body = arr(st(os(CLOCK), clock(6)), st(os(VOLTAGE), u16(2304), scaler(-1, 35)))
    assert shown(body) == [(h(CLOCK), clock(6).value, None, ""), (h(VOLTAGE), 2304, (-1, 35), "")]


def test_class_and_attribute_in_the_structure() -> None:
    body = arr(st(u16(70), os("0-0:96.3.10*255"), Data("integer", 3), enum(1)))
    assert [(one.class_id, one.attribute) for one in elements(body)] == [(70, 3)]


def test_pairs_in_one_row_with_what_stands_alone() -> None:
    body = st(clock(6), os(IMPORT), u32(5), scaler(0, 30), os(VOLTAGE), u16(2304), scaler(-1, 35), os(b"178210128502"))
    assert shown(body) == [
        ("", clock(6).value, None, ""), (h(IMPORT), 5, (0, 30), ""), (h(VOLTAGE), 2304, (-1, 35), ""),
        ("", b"178210128502".hex(), None, ""),
    ]  # fmt: skip


def test_scalers_that_an_identifier_implies() -> None:
    identified = Data("visible-string", "Kamstrup_V0001")
    body = st(
        identified, os("1-1:1.8.0*255"), u32(5), os("1-1:31.7.0*255"), u32(177), NULL, os("1-1:0.0.5*255"), u32(9)
    )
    assert [s for _, _, s, _ in shown(body)] == [None, (1, 30), (-2, 33), None, None]
    assert shown(body)[1][3] == "Kamstrup"


def test_the_list_that_leads() -> None:
    own = "0-6:25.9.0*255"
    body = st(arr(captured(40, own), captured(3, VOLTAGE), captured(3, CURRENT, 2, 1)), u16(2357), u16(6))
    found = elements(body)
    assert [(one.obis.hex(), one.class_id, one.scaling) for one in found[1:]] == [
        (h(VOLTAGE), 3, (-1, 35)), (h(CURRENT), 3, (-2, 33)),
    ]  # fmt: skip
    assert found[2].index == 1 and len(pushed.head(body)) == 3


def test_a_list_seen_before_names_one_without_names() -> None:
    body = st(clock(6), u16(2304))
    setup = (Captured(8, code(CLOCK), 2), Captured(3, code(VOLTAGE), 2))
    assert [one.obis for one in elements(body, [setup])] == [code(CLOCK), code(VOLTAGE)]
    other = (Captured(8, code(CLOCK), 2), Captured(3, code(CURRENT), 2))
    assert [one.obis for one in elements(body, [setup, other])] == [b"", b""]  # two fit: nothing is guessed


@pytest.mark.parametrize("count", [9, 13, 14, 18])
def test_kaifa_lists_by_position(count: int) -> None:
    clock_at = {14: 9, 18: 13}.get(count)
    parts = [os(b"KFM_001"), os(b"6970631401753985"), os(b"MA304H3E")]
    parts += [clock(6) if i == clock_at else u32(1000) for i in range(3, count)]
    found = elements(Data("structure", parts))
    assert all(one.obis and one.source == "Kaifa KFM_001" for one in found)
    assert next(one.obis for one in found if one.scaling == (-1, 35)) == code(VOLTAGE)
    if clock_at is not None:
        assert found[clock_at].obis == code(CLOCK)


def test_kaifas_list_of_one_number_wants_its_mark() -> None:
    assert elements(st(u32(1320)), (), True)[0].obis == code("1-0:1.7.0*255")
    assert elements(st(u32(1320)))[0].obis == b""


def test_what_has_no_names_stays_in_order() -> None:
    body = st(os(b"ISK1030792283067"), enum(1), u32(471547))
    assert [(one.place, one.obis) for one in elements(body)] == [(1, b""), (2, b""), (3, b"")]
    assert elements(u32(7)) == (Element(1, u32(7)),)


def leaves(data: Data) -> list[Data]:
    return [x for part in data.value for x in leaves(part)] if isinstance(data.value, list) else [data]


@given(
    hs.recursive(
        hs.sampled_from(
            [NULL, u32(4), os(IMPORT), os(VOLTAGE), clock(6), scaler(-1, 35), captured(3, IMPORT), os(b"KFM_001")]
        ),
        lambda inner: hs.tuples(hs.sampled_from(["array", "structure"]), hs.lists(inner, max_size=6)).map(
            lambda x: Data(*x)
        ),
        max_leaves=25,
    )
)
def test_no_value_is_lost(body: Data) -> None:
    """Every leaf that is no logical name, class, attribute or scaler of a pair is in some element."""
    found = elements(body)
    kept = [id(leaf) for one in found for leaf in leaves(one.data)]
    numbers = [leaf for leaf in leaves(body) if leaf.type == "double-long-unsigned"]
    assert all(id(leaf) in kept for leaf in numbers)
    assert [one.place for one in found] == sorted(one.place for one in found)
