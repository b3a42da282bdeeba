"""Units of scal_unit_type: code to symbol and name; a value with scaler and unit in words (IEC 62056-6-2, 4.3.2)."""

from decimal import Decimal
from functools import cache

import msgspec

from dissectors.cosem.tables import load

NO_UNIT = 255
# Units that are read with the prefix k where the meter itself counts in thousands (scaler 3).
KILO = frozenset((23, 25, 27, 28, 29, 30, 31, 32, 33, 35, 44, 57))
LONGEST = 15  # digits before a number is written with an exponent


class Unit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    code: int
    symbol: str
    name: str
    quantity: str


@cache
def units() -> dict[int, Unit]:
    """All assigned codes."""
    return {unit.code: unit for unit in load("units", list[Unit])}


def symbol(code: int) -> str:
    """ "Wh", "" for a plain count, "unit-58" for a reserved code."""
    unit = units().get(code)
    return unit.symbol if unit is not None else f"unit-{code}"


def name(code: int) -> str:
    """ "watt-hour", "unit-58" for a reserved code."""
    unit = units().get(code)
    return unit.name if unit is not None else f"unit-{code}"


def reserved(code: int) -> bool:
    return code not in units()


def scaled(raw: int | float, scaler: int, unit: int) -> str:
    """raw × 10^scaler with its unit: exact for integers. With scaler 3 the unit takes the prefix k: "12 kWh"."""
    sign = symbol(unit)
    if scaler == 3 and unit in KILO:
        scaler, sign = 0, "k" + sign
    if isinstance(raw, float):
        number = format(raw * 10.0**scaler, ".9g") if scaler else format(raw, ".9g")
    else:
        value = Decimal(raw).scaleb(scaler)
        number = format(value, "f") if -LONGEST <= scaler <= LONGEST else f"{raw}e{scaler:+d}"
    return f"{number} {sign}" if sign else number
