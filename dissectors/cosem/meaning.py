"""The meaning of an attribute's value in words: scaled values, clock times, enumerations, names of objects.

Only what the octets and the capture tell: a register's value is scaled when its scaler and unit were
seen, and called unscaled otherwise.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from dissectors.acse_fields import CONTEXT_ARC, CONTEXTS, MECHANISM_ARC, MECHANISMS, OID_PREFIX
from dissectors.cosem import classes, datetime, obis, units
from dissectors.cosem.classes import EMPTY, Extra
from dissectors.data_types import Data
from dissectors.record import Value
from dissectors.xdlms.initiate import CONFORMANCE

ScalerUnit = tuple[int, int]
LISTED = 8  # elements of an array that are put in words; the tree has them all
MAX_TEXT = 120  # characters of one text or value that are shown in words


class Target(Value, frozen=True, gc=False):
    """What a value belongs to. An Apdu or an Item of a list serves as well: the same four names."""

    class_id: int
    obis: bytes
    attribute: int | None = None
    method: int | None = None


class _Target(Protocol):
    @property
    def class_id(self) -> int: ...
    @property
    def obis(self) -> bytes: ...
    @property
    def attribute(self) -> int | None: ...
    @property
    def method(self) -> int | None: ...


TIMES = frozenset(("date-time", "date", "time"))
INTEGERS = frozenset(
    (
        "double-long",
        "double-long-unsigned",
        "integer",
        "long",
        "unsigned",
        "long-unsigned",
        "long64",
        "long64-unsigned",
        "enum",
    )
)
NUMBERS = INTEGERS | {"float32", "float64"}

_TIME_NAME = re.compile(r"(^|_)(time|date|start|begin|end)(_|$)")
_LN_NAME = re.compile(r"logical_name|reference|_LN$")
# Objects whose octet-string is text for people: identifiers, firmware names, the logical device name.
_TEXT_NAME = re.compile(r"\bIDs?\b|device name|identifier|firmware|version|serial|message|program", re.IGNORECASE)
_CLOCK_NAME = re.compile(r"^(Local (time|date)|Time stamp|(Time|Date) of last|Date of)", re.IGNORECASE)


# --- octet-strings --------------------------------------------------------------------------------


def octets_of(value: Any) -> bytes | None:
    """The octets of a hex text as Data holds it, None for anything else."""
    try:
        return bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        return None


def clock_text(octets: bytes) -> str | None:
    """A date-time, date or time in words; None for octets of another length."""
    return datetime.text(octets)


def plain_text(octets: bytes) -> str | None:
    """Octets that are printable ASCII as text; None for others and for none at all."""
    trimmed = octets.rstrip(b"\0 ")[:MAX_TEXT]
    if trimmed and all(0x20 <= octet <= 0x7E for octet in trimmed):
        return trimmed.decode("ascii")
    return None


def object_text(octets: bytes, extra: Extra = EMPTY) -> str | None:
    """A logical name in words: "1-0:1.8.0*255 Active energy import: Time integral 1"."""
    if len(octets) != 6:
        return None
    return f"{obis.text(octets)} {obis.name(octets, extra).text}"


_OID_NAMES = {CONTEXT_ARC: CONTEXTS, MECHANISM_ARC: MECHANISMS}


def oid_name(octets: bytes) -> str | None:
    """The application context or mechanism that 60 85 74 05 08 x n names; None for other octets."""
    if len(octets) != 7 or octets[:5] != OID_PREFIX:
        return None
    return _OID_NAMES.get(octets[5], {}).get(octets[6])


# --- values by type, name and place -----------------------------------------------------------------


def _by_enum(enum: str, data: Data) -> str | None:
    value = data.value
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    words = classes.values(enum).get(value)
    if words is not None:
        return words
    bits = classes.bits(enum)
    if not bits:
        return None
    if value == 0xFF and enum == "clock_status":
        return "not specified"
    named = [bits.get(bit, f"bit {bit}") for bit in range(8) if value >> bit & 1]
    return ", ".join(named) if named else "none"


@lru_cache(maxsize=1024)
def _role(name: str) -> Callable[[bytes], str | None] | None:
    """What an octet-string of this component's name is."""
    if _LN_NAME.search(name):
        return object_text
    if _TIME_NAME.search(name):
        return clock_text
    if name.endswith(("_name", "_title", "identification")) or name in (
        "calendar_name_active",
        "calendar_name_passive",
    ):
        return plain_text
    return None


def is_clock(name: str) -> bool:
    """An octet-string attribute of this name holds a date-time, date or time."""
    return _role(name) is clock_text


def component_text(name: str, data: Data) -> str:
    """One component of a structure in words; its value as it is where there are none."""
    if data.type in TIMES or data.type == "octet-string":
        octets = octets_of(data.value)
        role = clock_text if data.type in TIMES else _role(name)
        words = role(octets) if octets is not None and role is not None else None
        return words if words is not None else str(data.value)[:MAX_TEXT]
    if name == "conformance" and data.type == "bit-string":
        return _conformance(data.value) or str(data.value)[:MAX_TEXT]
    if isinstance(data.value, list):
        return f"{data.type} of {len(data.value)}"
    if data.value is None:
        return data.type
    return str(data.value).lower() if isinstance(data.value, bool) else str(data.value)[:MAX_TEXT]


def _conformance(bits: Any) -> str | None:
    if not isinstance(bits, str) or len(bits) != len(CONFORMANCE):
        return None
    return "{" + ", ".join(name for name, bit in zip(CONFORMANCE, bits) if bit == "1") + "}"


def structure_text(name: str, data: Data) -> str | None:
    """The components of a structure by their names; None where the value is not that structure."""
    parts = classes.structure(name)
    values = data.value
    if not parts or not isinstance(values, list) or len(values) > len(parts):
        return None
    return ", ".join(f"{part} {component_text(part, value)}" for (part, _), value in zip(parts, values))


def _scaler_unit(data: Data) -> str | None:
    found = scaler_unit(data)
    if found is None:
        return None
    scaler, unit = found
    return f"scaler {scaler}, unit {units.symbol(unit) or 'none'}"


def _elements(name: str, data: Data) -> str | None:
    values = data.value
    if data.type != "array" or not isinstance(values, list):
        return None
    shown = []
    for value in values[:LISTED]:
        words = structure_text(name, value) if isinstance(value.value, list) else None
        if words is None:
            return None
        shown.append(words)
    more = f"; … {len(values) - LISTED} more" if len(values) > LISTED else ""
    return f"{len(values)} entries: {'; '.join(shown)}{more}" if shown else "no entries"


def scaler_unit(data: Data) -> ScalerUnit | None:
    """(scaler, unit) of a scal_unit_type structure; None where the value is none."""
    values = data.value
    if data.type != "structure" or not isinstance(values, list) or len(values) != 2:
        return None
    scaler, unit = values[0].value, values[1].value
    for number in (scaler, unit):
        if not isinstance(number, int) or isinstance(number, bool):
            return None
    return (scaler, unit) if -128 <= scaler <= 127 and 0 <= unit <= 255 else None


def number_text(data: Data, scaling: ScalerUnit | None) -> str | None:
    """A number scaled with its unit, "123 unscaled" without; None for what is no number."""
    if data.type not in NUMBERS:
        return None
    value = data.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value if isinstance(value, str) else None  # NaN and infinities
    if scaling is None:
        return f"{value} unscaled"
    return units.scaled(value, *scaling)


def _by_object(target: _Target, octets: bytes, extra: Extra) -> str | None:
    """An octet-string in the value of a Data or Register object, by what the object is."""
    name = obis.name(target.obis, extra).text if len(target.obis) == 6 else ""
    if _CLOCK_NAME.search(name):
        words = datetime.text(octets)
        if words is not None:
            return words
    return plain_text(octets) if _TEXT_NAME.search(name) else None


# --- the whole value --------------------------------------------------------------------------------


def text(target: _Target, data: Data, scaler_unit: ScalerUnit | None = None, extra: Extra = EMPTY) -> str | None:
    """The meaning of a value in words, None where nothing more is known than the value itself.

    target: class, object and attribute that the value belongs to (an Apdu or Item serves).
    scaler_unit: of that object, as seen in the capture; None: numbers of registers are "unscaled".
    """
    if data.type in TIMES:
        octets = octets_of(data.value)
        return datetime.text(octets) if octets is not None else None
    attribute = target.attribute
    if attribute is None or target.class_id < 0:
        return None
    known = classes.attribute(target.class_id, attribute, extra)
    if classes.scaler_attribute(target.class_id, attribute) is not None:
        words = number_text(data, scaler_unit)
        if words is not None:
            return words
    if attribute == 1 or known is None:
        octets = octets_of(data.value) if data.type == "octet-string" else None
        return object_text(octets, extra) if octets is not None and attribute == 1 else None
    if known.enum:
        words = _by_enum(known.enum, data)
        if words is not None:
            return words
    if known.structure == "scal_unit_type":
        return _scaler_unit(data)
    if known.structure and data.type == "structure":
        return structure_text(known.structure, data)
    if known.element:
        return _elements(known.element, data)
    if data.type == "octet-string":
        octets = octets_of(data.value)
        return None if octets is None else _octet_string(target, known.name, octets, extra)
    return None


def _octet_string(target: _Target, name: str, octets: bytes, extra: Extra) -> str | None:
    if name in ("application_context_name", "authentication_mechanism_name"):
        return oid_name(octets)
    role = _role(name)
    if role is not None:
        words = role(octets)
        if words is not None:
            return words
    return _by_object(target, octets, extra) if target.class_id in (1, 3, 4) else None


def label(target: _Target, extra: Extra = EMPTY) -> str:
    """The object and member in words: "Register 1-0:1.8.0*255 Active energy import: Time integral 1, value"."""
    member = classes.member_name(target.class_id, target.attribute, target.method, extra)
    name = object_text(target.obis, extra) or ""
    return ", ".join(part for part in (f"{classes.class_name(target.class_id, extra)} {name}".rstrip(), member) if part)
