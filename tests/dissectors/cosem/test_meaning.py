from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cosem import meaning
from dissectors.cosem.meaning import Target
from dissectors.data_types import Data

ENERGY = bytes((1, 0, 1, 8, 0, 255))
CLOCK = bytes((0, 0, 1, 0, 0, 255))
ASSOCIATION = bytes((0, 0, 40, 0, 0, 255))
LN = "LN referencing, with ciphering"
ENERGY_TEXT = "1-0:1.8.0*255 Active energy import: Time integral 1"
NAME = bytes((0, 0, 42, 0, 0, 255))
DEVICE = bytes((0, 0, 96, 1, 0, 255))


def structure(*parts: tuple[str, Any]) -> Data:
    return Data("structure", [Data(*part) for part in parts])


PARTNERS = structure(("integer", 16), ("long-unsigned", 1))


@pytest.mark.parametrize(
    ("class_id", "code", "attribute", "data", "scaling", "text"),
    [
        (3, ENERGY, 2, Data("double-long-unsigned", 123456), (-3, 30), "123.456 Wh"),
        (3, ENERGY, 2, Data("double-long-unsigned", 123456), (3, 30), "123456 kWh"),
        (3, ENERGY, 2, Data("double-long-unsigned", 123456), None, "123456 unscaled"),
        (5, ENERGY, 3, Data("long", -4), (1, 27), "-40 W"),
        (4, ENERGY, 2, Data("float32", 1.5), (0, 35), "1.5 V"),
        (4, ENERGY, 2, Data("float64", "NaN"), (0, 35), "NaN"),
        (3, ENERGY, 3, structure(("integer", -3), ("enum", 30)), None, "scaler -3, unit Wh"),
        (3, ENERGY, 1, Data("octet-string", "0100010800FF"), None, ENERGY_TEXT),
        (8, CLOCK, 2, Data("octet-string", "07E60C1F06173B3B00FFC400"), None, "2022-12-31 Sat 23:59:59.00 UTC+01:00"),
        (8, CLOCK, 2, Data("date-time", "07E60C1F06173B3B00FFC400"), None, "2022-12-31 Sat 23:59:59.00 UTC+01:00"),
        (8, CLOCK, 4, Data("unsigned", 0x80), None, "daylight saving active"),
        (8, CLOCK, 4, Data("unsigned", 0), None, "none"),
        (8, CLOCK, 4, Data("unsigned", 0xFF), None, "not specified"),
        (8, CLOCK, 9, Data("enum", 1), None, "internal crystal"),
        (4, ENERGY, 5, Data("octet-string", "07E60C1FFFFFFFFFFF8000FF"), None, "2022-12-31 **:**:**"),
        (1, bytes((0, 0, 1, 1, 0, 255)), 2, Data("date", "07E60C1F06"), None, "2022-12-31 Sat"),
        (70, bytes((0, 0, 96, 3, 10, 255)), 3, Data("enum", 2), None, "ready for reconnection"),
        (70, bytes((0, 0, 96, 3, 10, 255)), 3, Data("enum", 9), None, None),
        (18, bytes((0, 0, 44, 0, 0, 255)), 6, Data("enum", 3), None, "verification successful"),
        (15, ASSOCIATION, 8, Data("enum", 2), None, "associated"),
        (15, ASSOCIATION, 3, PARTNERS, None, "client_SAP 16, server_SAP 1"),
        (15, ASSOCIATION, 6, Data("octet-string", "60857405080205"), None, "HLS GMAC"),
        (15, ASSOCIATION, 4, Data("octet-string", "60857405080103"), None, LN),
        (15, ASSOCIATION, 9, Data("octet-string", "00002B0000FF"), None, "0-0:43.0.0*255 Security setup"),
        (1, NAME, 2, Data("octet-string", b"LGZ1234567".hex()), None, "LGZ1234567"),
        (1, NAME, 2, Data("octet-string", "4C475A00FF"), None, None),
        (1, DEVICE, 2, Data("octet-string", b"12345678".hex()), None, "12345678"),
        (1, ENERGY, 2, Data("octet-string", b"12345678".hex()), None, None),
        (23, bytes((0, 0, 22, 0, 0, 255)), 2, Data("enum", 5), None, "9600"),
        (3, ENERGY, 2, Data("null-data", None), (0, 30), None),
        (-1, b"", None, Data("long", 1), None, None),
        (999, b"", 2, Data("long", 1), None, None),
        (9000, b"", -3, Data("octet-string", "00"), None, None),
    ],
)  # fmt: skip
def test_text(
    class_id: int, code: bytes, attribute: int | None, data: Data, scaling: tuple[int, int] | None, text: str | None
) -> None:
    assert meaning.text(Target(class_id, code, attribute), data, scaling) == text


def test_sap_assignment() -> None:
    row = structure(("long-unsigned", 1), ("octet-string", b"LGZ1".hex()))
    words = meaning.text(Target(17, bytes((0, 0, 41, 0, 0, 255)), 2), Data("array", [row]))
    assert words == "1 entries: SAP 1, logical_device_name LGZ1"
    words = meaning.text(Target(17, bytes((0, 0, 41, 0, 0, 255)), 2), Data("array", [row] * 10))
    assert words is not None and words.startswith("10 entries: ") and words.endswith("… 2 more")


def test_capture_objects_name_their_columns() -> None:
    column = structure(("long-unsigned", 3), ("octet-string", ENERGY.hex()), ("integer", 2), ("long-unsigned", 0))
    words = meaning.text(Target(7, bytes((1, 0, 99, 1, 0, 255)), 3), Data("array", [column]))
    assert words is not None and "logical_name 1-0:1.8.0*255 Active energy import" in words


def test_xdlms_context_info() -> None:
    data = structure(
        ("bit-string", "000000000111111000011111"),
        ("long-unsigned", 1200),
        ("long-unsigned", 500),
        ("unsigned", 6),
        ("integer", 0),
        ("octet-string", ""),
    )
    words = meaning.text(Target(15, ASSOCIATION, 5), data)
    assert words is not None and words.startswith("conformance {priority-mgmt-supported, ")


def test_parts_of_structures_in_words() -> None:
    account = Target(111, bytes((0, 0, 19, 0, 0, 255)), 15)
    currency = structure(("utf8-string", "EUR"), ("integer", -2), ("enum", 2))
    assert meaning.text(account, currency) == "currency_name EUR, currency_scale -2, currency_unit 2"
    push = Target(40, bytes((0, 0, 25, 9, 0, 255)), 4)
    window = structure(("date-time", "07E60C1FFFFFFFFFFF8000FF"), ("octet-string", "FF" * 200))
    words = meaning.text(push, Data("array", [window]))
    assert words is not None and words.startswith("1 entries: start_time 2022-12-31 **:**:**, end_time FFFF")
    assert len(words) < 250
    schedule = structure(("long-unsigned", 1), ("boolean", True), ("null-data", None), ("array", []))
    words = meaning.text(Target(10, bytes((0, 0, 12, 0, 0, 255)), 2), Data("array", [schedule]))
    assert words == "1 entries: index 1, enable true, script_logical_name null-data, script_selector array of 0"
    assert meaning.text(Target(10, b"", 2), Data("array", [])) == "no entries"
    assert meaning.text(Target(10, b"", 2), Data("long", 1)) is None
    assert meaning.text(Target(10, b"", 2), Data("array", [Data("long", 1)])) is None
    context = structure(("bit-string", "01"))
    assert meaning.text(Target(15, ASSOCIATION, 5), context) == "conformance 01"


def test_clock_in_a_data_object() -> None:
    local = Target(1, bytes((0, 0, 0, 9, 1, 255)), 2)
    assert meaning.text(local, Data("octet-string", "17000000")) == "23:00:00.00"
    assert meaning.text(local, Data("octet-string", "1700")) is None
    assert meaning.text(Target(15, ASSOCIATION, 6), Data("octet-string", "00")) is None
    assert meaning.text(Target(15, ASSOCIATION, 8), Data("boolean", True)) is None
    assert meaning.text(Target(3, ENERGY, 3), Data("structure", [])) is None
    assert meaning.text(Target(15, ASSOCIATION, 3), structure(*[("integer", 1)] * 3)) is None
    assert meaning.text(Target(8, CLOCK, 2), Data("octet-string", "00")) is None
    assert meaning.text(Target(8, CLOCK, 2), Data("octet-string", "zz")) is None


def test_scaler_unit() -> None:
    assert meaning.scaler_unit(structure(("integer", -1), ("enum", 35))) == (-1, 35)
    for bad in (
        Data("long", 1),
        structure(("integer", -1)),
        structure(("integer", None), ("enum", 35)),
        structure(("boolean", True), ("enum", 35)),
        structure(("long", 500), ("enum", 35)),
    ):
        assert meaning.scaler_unit(bad) is None


def test_label() -> None:
    assert meaning.label(Target(3, ENERGY, 2)) == "Register 1-0:1.8.0*255 Active energy import: Time integral 1, value"
    assert meaning.label(Target(8200, b"", None, 1)) == "manufacturer class 8200, method 1"


LEAVES = st.one_of(
    st.builds(Data, st.sampled_from(["integer", "enum", "unsigned", "long64"]), st.integers(-(1 << 63), 1 << 63)),
    st.builds(Data, st.just("octet-string"), st.binary(max_size=14).map(lambda o: o.hex().upper())),
    st.builds(Data, st.just("visible-string"), st.text(max_size=5)),
    st.builds(Data, st.just("bit-string"), st.text("01", max_size=30)),
    st.builds(Data, st.sampled_from(["null-data", "dont-care"]), st.none()),
    st.builds(Data, st.just("boolean"), st.booleans()),
    st.builds(Data, st.just("float32"), st.floats(allow_nan=False, allow_infinity=False) | st.just("NaN")),
)
DATA = st.recursive(
    LEAVES,
    lambda inner: st.builds(Data, st.sampled_from(["array", "structure"]), st.lists(inner, max_size=6)),
    max_leaves=8,
)


@given(
    st.sampled_from([1, 3, 4, 5, 7, 8, 9, 11, 12, 15, 17, 18, 20, 22, 40, 64, 70, 71, 9000]),
    st.integers(-2, 12),
    st.sampled_from([ENERGY, CLOCK, NAME, DEVICE, b""]),
    DATA,
    st.none() | st.tuples(st.integers(-128, 127), st.integers(0, 255)),
)
def test_never_raises(class_id: int, attribute: int, code: bytes, data: Data, scaling: tuple[int, int] | None) -> None:
    words = meaning.text(Target(class_id, code, attribute), data, scaling)
    assert words is None or isinstance(words, str)
