"""The rules about objects that need the capture: access, object lists, versions, scalers, short names."""

from talk import NULL, Talk, arr, enum, i8, os, scaler, st, u8, u16, u32

from analyzer.meaning import Meaning
from dissectors.data_types import Data
from dissectors.record import Direction

VOLTAGE, LABEL, OWN = "1-0:32.7.0*255", "0-0:96.1.0*255", "0-0:40.0.0*255"


def entry(class_id: int, version: int, name: str, attributes: dict[int, int], methods: dict[int, int]) -> Data:
    return st(
        u16(class_id), u8(version), os(name),
        st(
            arr(*[st(i8(i), enum(mode), NULL) for i, mode in attributes.items()]),
            arr(*[st(i8(i), enum(mode)) for i, mode in methods.items()]),
        ),
    )  # fmt: skip


def object_list(version: int, *entries: Data) -> Data:
    return arr(entry(15, version, OWN, {1: 1, 2: 1}, {1: 1}), *entries)


def problems(t: Talk, keep: str = "") -> list[str]:
    meaning = Meaning({})
    messages = t.messages
    for m in messages:
        meaning.learn(m)
    found = [f"{m.no} {p.kind.code}: {p.text}" for m in messages for p in meaning.problems(m)]
    assert found == [f"{m.no} {p.kind.code}: {p.text}" for m in messages for p in meaning.problems(m)]  # kept answers
    return [line for line in found if keep in line]


def test_access_outside_the_rights() -> None:
    listed = object_list(1, entry(1, 0, LABEL, {1: 1, 2: 1}, {}), entry(70, 0, "0-0:96.3.10*255", {2: 1}, {1: 0, 2: 1}))
    t = Talk().get(15, OWN, 2, listed).get(1, LABEL, 2, u16(1)).set(1, LABEL, 2, u16(2), 3)
    t.action(70, "0-0:96.3.10*255", 1, i8(0), 3).action(70, "0-0:96.3.10*255", 2, i8(0))
    assert problems(t) == [
        "5 cosem.access: write of 0-0:96.1.0*255 value: the object list allows read only",
        "7 cosem.access: invoke of 0-0:96.3.10*255 remote_disconnect: the object list allows no access",
    ]


def test_access_modes_of_version_3_are_bits() -> None:
    listed = object_list(3, entry(1, 0, LABEL, {1: 1, 2: 5}, {}))
    t = Talk().get(15, OWN, 2, listed).get(1, LABEL, 2, u16(1)).set(1, LABEL, 2, u16(2), 3)
    assert problems(t) == [
        "5 cosem.access: write of 0-0:96.1.0*255 value: the object list allows read, authenticated request"
    ]


def test_an_object_that_is_not_listed_and_an_attribute_that_its_version_lacks() -> None:
    t = Talk().get(15, OWN, 2, object_list(0)).get(1, LABEL, 2, u16(1)).get(15, OWN, 9, os("0-0:43.0.0*255"))
    assert problems(t) == [
        "3 cosem.object: 0-0:96.1.0*255 of class 1 is not in the object list of this association",
        "5 cosem.attr: class 15 version 0 has no attribute 9",
    ]


def test_a_list_that_was_asked_for_in_part_forbids_nothing() -> None:
    part = Talk().get(15, OWN, 2, object_list(1), (2, arr(u16(15)))).get(1, LABEL, 2, u16(1))
    assert problems(part) == []
    after = Talk().get(15, OWN, 2, object_list(1)).get(15, OWN, 2, object_list(1), (2, arr(u16(15))))
    assert problems(after.get(1, LABEL, 2, u16(1)), "cosem.object") != []


def test_a_register_without_scaler_is_noted_once() -> None:
    t = Talk().get(3, VOLTAGE, 2, u16(1)).get(3, VOLTAGE, 2, u16(2)).get(3, "1-0:52.7.0*255", 2, u16(2))
    assert [line.split(":")[0] for line in problems(t)] == ["2 cosem.scale", "6 cosem.scale"]
    assert problems(t.get(3, VOLTAGE, 3, scaler(-1, 35)), VOLTAGE) == []


def test_the_rules_of_the_catalogue() -> None:
    t = Talk().get(3, VOLTAGE, 3, scaler(0, 58)).get(3, VOLTAGE, 9, u16(1)).get(8, "0-0:1.0.0*255", 2, os(bytes(12)))
    t.get(15, "0-0:1.0.0*255", 8, u32(1)).action(8, "0-0:1.0.0*255", 9, None, 3)
    assert [line.split(":")[0] for line in problems(t)] == [
        "2 cosem.unit", "3 cosem.attr", "6 apdu.datetime", "7 cosem.obis-class", "8 cosem.type", "9 cosem.method",
    ]  # fmt: skip


def test_a_short_name_outside_the_list() -> None:
    element = st(Data("long", 0x2000), u16(3), u8(0), os(VOLTAGE))
    other = st(Data("long", 0x3000), u16(1), u8(0), os(LABEL))
    t = Talk().get(12, OWN, 2, arr(element, other, st(Data("long", -0x600), u16(12), u8(0), os(OWN))))
    for name in ("2008", "4000", "FA00"):
        t.add(bytes.fromhex(f"050102{name}"), Direction.TO_SERVER)
    assert problems(t) == ["4 cosem.sn: short name 0x4000 lies outside the objects of the object list"]
