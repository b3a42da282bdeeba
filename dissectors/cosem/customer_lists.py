"""Lists that meters push to customers without saying all: what stands where, and with which scaler.

Sources: the HAN documents of the Norwegian utilities for Kaifa, Kamstrup and Aidon; public readers for
the Swiss VSE lists and for Iskraemeco in Slovenia. A list is known by its identifier, by the push
set-up object at its head, or by device name and types of its elements together; else it has no entry.
"""

from collections.abc import Mapping, Sequence

from dissectors.cosem import obis
from dissectors.record import Value

ScalerUnit = tuple[int, int]

WATT, VAR, WATT_HOUR, VAR_HOUR, AMPERE, VOLT, COUNT = 27, 29, 30, 32, 33, 35, 255


class Place(Value, frozen=True, gc=False):
    """What stands at one place of a list. scaling: (scaler, unit), None where it is no number."""

    obis: bytes
    scaling: ScalerUnit | None = None


class CustomerList(Value, frozen=True):
    """name: shown as the source of names and scalers."""

    name: str
    places: tuple[Place, ...]


def _places(*specs: tuple[str, ScalerUnit | None]) -> tuple[Place, ...]:
    return tuple(Place(obis.parse(code) or b"", scaling) for code, scaling in specs)


_ID = _places(("1-1:0.2.129*255", None), ("0-0:96.1.0*255", None), ("0-0:96.1.7*255", None))
_POWER = _places(
    ("1-0:1.7.0*255", (0, WATT)), ("1-0:2.7.0*255", (0, WATT)), ("1-0:3.7.0*255", (0, VAR)), ("1-0:4.7.0*255", (0, VAR))
)  # fmt: skip
_ENERGY = _places(
    ("1-0:1.8.0*255", (0, WATT_HOUR)), ("1-0:2.8.0*255", (0, WATT_HOUR)),
    ("1-0:3.8.0*255", (0, VAR_HOUR)), ("1-0:4.8.0*255", (0, VAR_HOUR)),
)  # fmt: skip
_CLOCK = _places(("0-0:1.0.0*255", None))


def _phases(quantity: int, scaling: ScalerUnit, count: int = 3) -> tuple[Place, ...]:
    """The same quantity of L1, L2 and L3."""
    return _places(*((f"1-0:{quantity + 20 * phase}.7.0*255", scaling) for phase in range(1, count + 1)))


_KAIFA_ONE = (*_ID, *_POWER, *_phases(11, (-3, AMPERE), 1), *_phases(12, (-1, VOLT), 1))
_KAIFA_THREE = (*_ID, *_POWER, *_phases(11, (-3, AMPERE)), *_phases(12, (-1, VOLT)))
KAIFA: Mapping[int, CustomerList] = {
    len(places): CustomerList("Kaifa KFM_001", places)
    for places in (
        _KAIFA_ONE,
        _KAIFA_THREE,
        (*_KAIFA_ONE, *_CLOCK, *_ENERGY),
        (*_KAIFA_THREE, *_CLOCK, *_ENERGY),
    )
}
KAIFA_POWER = CustomerList("Kaifa list 1", _POWER[:1])  # one number alone, without an identifier

_ISKRA_ID = _places(("0-0:42.0.0*255", None), ("0-0:96.1.0*255", None))
_ISKRA_VOLTAGE, _ISKRA_CURRENT = _phases(12, (-1, VOLT)), _phases(11, (-2, AMPERE))
# Types of the elements, as in _types below → the list.
ISKRA: Mapping[str, CustomerList] = {
    types: CustomerList(name, places)
    for types, name, places in (
        (
            "ssllllwwwwwwllllll",
            "Iskraemeco, 5 s list",
            (*_ISKRA_ID, *_POWER, *_ISKRA_VOLTAGE, *_ISKRA_CURRENT, *_phases(1, (0, WATT)), *_phases(2, (0, WATT))),
        ),
        ("sswwwwwwllll", "Iskraemeco, list of 12", (*_ISKRA_ID, *_ISKRA_VOLTAGE, *_ISKRA_CURRENT, *_POWER)),
        (
            "sllllllll",
            "Iskraemeco, 1 s list",
            (
                *_ISKRA_ID[:1],
                *_POWER[:2],
                *_places(*((f"1-0:{c}.8.{e}*255", (0, WATT_HOUR)) for c in (1, 2) for e in (0, 1, 2))),
            ),
        ),
    )
}
_LETTERS = {"octet-string": "s", "visible-string": "s", "double-long-unsigned": "l", "long-unsigned": "w"}


def positional(types: Sequence[str], first: str, kaifa: bool = False) -> CustomerList | None:
    """The list by the types of its elements and the text of its first one; kaifa: the APDU has the data tag
    in front of its date-time, as Kaifa's have."""
    if first.startswith("KFM_"):
        return KAIFA.get(len(types))
    if first.startswith("ISK"):
        return ISKRA.get("".join(_LETTERS.get(type, "?") for type in types))
    if kaifa and list(types) == ["double-long-unsigned"]:
        return KAIFA_POWER
    return None


# Kind of quantity → its scaler in a list whose elements carry OBIS codes but no scalers.
_SCALERS: Mapping[str, Mapping[str, int]] = {
    "Kamstrup": {"energy": 1, "power": 0, "current": -2, "voltage": 0, "factor": -2},
    "VSE 0-6:25.9.0": {"energy": 0, "power": 0, "current": -2, "voltage": -1},
    "VSE 0-8:25.9.0": {"energy": 0, "power": 0, "current": -2, "voltage": 0, "factor": -3},
}
_HEADS = {bytes((0, b, 25, 9, 0, 255)): f"VSE 0-{b}:25.9.0" for b in (6, 8)}


def by_identifier(identifier: str) -> str:
    """The key of scaling for a list identifier ("Kamstrup_V0001"), "" where its scalers are not known."""
    return "Kamstrup" if identifier.startswith("Kamstrup_") else ""


def by_head(push_setup: bytes) -> str:
    """The same for the push set-up object at the head of a list."""
    return _HEADS.get(push_setup, "")


def _quantity(code: bytes) -> tuple[str, int] | None:
    """Kind and unit of an electricity code: energy, power, current, voltage or power factor."""
    a, _, c, d, *_ = code
    if a != 1 or not 1 <= c < 80 or d not in (7, 8):
        return None
    base = c % 20
    if 1 <= base <= 8:
        active = base <= 2
        return ("energy", WATT_HOUR if active else VAR_HOUR) if d == 8 else ("power", WATT if active else VAR)
    if d == 7:
        return {11: ("current", AMPERE), 12: ("voltage", VOLT), 13: ("factor", COUNT)}.get(base)
    return None


def scaling(key: str, code: bytes) -> ScalerUnit | None:
    """(scaler, unit) of a code in the lists of this key, None where they do not say."""
    found = _quantity(code) if key and len(code) == 6 else None
    if found is None:
        return None
    scaler = _SCALERS[key].get(found[0])
    return None if scaler is None else (scaler, found[1])
