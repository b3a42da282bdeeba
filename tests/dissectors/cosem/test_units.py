from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cosem import units


@pytest.mark.parametrize(
    ("raw", "scaler", "unit", "text"),
    [
        (123456, -3, 30, "123.456 Wh"),
        (123456, 0, 30, "123456 Wh"),
        (123456, 3, 30, "123456 kWh"),
        (12, 3, 13, "12000 m³"),
        (2301, -1, 35, "230.1 V"),
        (-5, -2, 33, "-0.05 A"),
        (7, 0, 255, "7"),
        (7, 0, 58, "7 unit-58"),
        (1.5, 0, 27, "1.5 W"),
        (1, 100, 27, "1e+100 W"),
        (1, -100, 27, "1e-100 W"),
    ],
)
def test_scaled(raw: int | float, scaler: int, unit: int, text: str) -> None:
    assert units.scaled(raw, scaler, unit) == text


@given(st.integers(-(1 << 63), 1 << 64), st.integers(-128, 127), st.integers(0, 255))
def test_scaled_is_exact(raw: int, scaler: int, unit: int) -> None:
    number = units.scaled(raw, scaler, unit).split(" ")[0]
    kilo = 3 if scaler == 3 and unit in units.KILO else 0
    assert Decimal(number) == Decimal(raw).scaleb(scaler - kilo)


def test_table() -> None:
    assert units.symbol(30) == "Wh" and units.symbol(255) == "" and units.name(6) == "minute"
    reserved = {code for code in range(256) if units.reserved(code)}
    assert reserved == {58, 59, 68, 69, *range(73, 128), *range(175, 253)} | ({0} & reserved)
    assert units.name(58) == "unit-58"
