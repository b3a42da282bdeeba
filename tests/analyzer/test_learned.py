"""What a device learns: by class and attribute, replaced by later values, bounded, from sound values only."""

import pytest
from talk import NULL, arr, captured, code, os, scaler, st, u16, u32

from analyzer.known_objects import KnownObjects, parse
from analyzer.learned import Device, class_of, compact_rows
from dissectors.data_types import Data

NAME = code("1-0:1.8.0*255")


@pytest.fixture
def device() -> Device:
    return Device(("x", 1, -1), KnownObjects())


@pytest.mark.parametrize(
    ("class_id", "value", "at"), [(3, 2, 3), (4, 2, 3), (5, 2, 4), (5, 3, 4), (61, 2, 4), (67, 7, 8)]
)
def test_the_scaler_of_each_class(device: Device, class_id: int, value: int, at: int) -> None:
    assert device.scaling(class_id, NAME, value) is None
    assert device.learn(class_id, NAME, at, scaler(-1, 35), 16)
    assert device.scaling(class_id, NAME, value) == (-1, 35)
    assert device.learn(class_id, NAME, at, scaler(2, 30), 16) and device.scaling(class_id, NAME, value) == (2, 30)
    assert device.scaling(class_id, NAME, 99) is None and device.scaling(class_id, NAME, None) is None


@pytest.mark.parametrize(
    ("class_id", "attribute"), [(3, 3), (7, 3), (7, 4), (62, 5), (40, 2), (15, 2), (17, 2), (18, 2), (3, 2), (1, 2)]
)
@pytest.mark.parametrize("data", [NULL, os(b""), st(NULL), arr(NULL), Data("float32", 1.0)])
def test_nonsense_teaches_nothing(device: Device, class_id: int, attribute: int, data: Data) -> None:
    assert not device.learn(class_id, NAME, attribute, data, 16)


def test_a_class_that_a_list_names() -> None:
    known = Device(("x", 1, -1), parse('[[object]]\nobis = "1.8.0"\nscaler = 1\nunit = "Wh"'))
    assert class_of(known, NAME) == -1 and known.scaling(-1, NAME, None) == (1, 30)
    known.learn(7, code("1-0:99.1.0*255"), 3, arr(captured(3, "1-0:1.8.0*255")), 16)
    assert class_of(known, NAME) == 3


def test_compact_rows(device: Device) -> None:
    assert compact_rows(device, NAME, b"\1\0\1") is None
    device.learn(62, NAME, 5, os(bytes.fromhex("020212" + "11")), 16)
    assert compact_rows(device, NAME, bytes.fromhex("01" + "000102" + "000304")) == [
        st(u16(1), Data("unsigned", 2)), st(u16(3), Data("unsigned", 4)),
    ]  # fmt: skip
    assert compact_rows(device, NAME, bytes.fromhex("01" + "0001")) is None
    device.learn(62, NAME, 5, os(b"\6"), 16)
    assert compact_rows(device, NAME, bytes.fromhex("01" + "00000005")) == [st(u32(5))]
    device.learn(62, NAME, 5, os(b"\0"), 16)
    assert compact_rows(device, NAME, b"\1\0") is None  # a template of no octets
