"""What is wrong with an object, attribute or type as the catalogue knows them, decidable per message.

The rules COSEM-CLASS, -ATTR, -METHOD, -TYPE, -OBIS-CLASS, -OBIS-RES and -UNIT, and APDU-DATETIME. All
but the unit depend on few values that come again and again, so the answers are kept: on the hot
path a check is one dictionary lookup.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from dissectors import problem
from dissectors.cosem import classes, datetime, meaning, obis, units
from dissectors.cosem.classes import CHOICE, EMPTY, STANDARD_CLASSES, Extra
from dissectors.problem import Kind, Problem

Remark = tuple[Kind, tuple[Any, ...]]
CACHED = 8192  # a scan over all objects must not fill the memory

# What may stand for a type without being a fault: a missing value, and the other coding of the same thing.
STAND_IN = {
    "array": ("compact-array", "null-data"),
    "structure": ("compact-array", "null-data"),
    "octet-string": ("date-time", "date", "time", "null-data"),
    "date-time": ("octet-string", "null-data"),
}
NULL = ("null-data",)
# An object of one of these classes may be any of them: a meter chooses how much a register tells.
REGISTERS = frozenset((3, 4, 5))
SCALER_UNIT = "scal_unit_type"


@lru_cache(maxsize=CACHED)
def remarks(
    class_id: int,
    code: bytes,
    attribute: int | None = None,
    method: int | None = None,
    extra: Extra = EMPTY,
) -> tuple[Remark, ...]:
    """Problem kinds and their arguments for an object reference; () for a sound one.

    code: six octets, b"" where the object is not known. Indexes of 0 (all) and below (manufacturer) are always allowed.
    """
    out: list[Remark] = []
    known = classes.find(class_id, extra)
    if known is None and class_id < STANDARD_CLASSES:
        out.append((problem.COSEM_CLASS, (class_id,)))
    if known is not None and known.attributes_known:
        if attribute is not None and attribute > 0 and classes.attribute(class_id, attribute, extra) is None:
            out.append((problem.COSEM_ATTR, (class_id, attribute)))
        if method is not None and method > 0 and known.methods and classes.method(class_id, method, extra) is None:
            out.append((problem.COSEM_METHOD, (class_id, method)))
    if len(code) == 6:
        name = obis.name(code, extra)
        allowed = frozenset(name.class_ids)
        if allowed & REGISTERS:
            allowed |= REGISTERS
        if allowed and class_id not in allowed and class_id < STANDARD_CLASSES and name.status == "standard":
            out.append((problem.COSEM_OBIS_CLASS, (f"{obis.text(code)} ({name.text})", class_id)))
        if name.status == "reserved":
            out.append((problem.COSEM_OBIS_RES, (obis.text(code),)))
    return tuple(out)


@lru_cache(maxsize=CACHED)
def type_remark(class_id: int, attribute: int, type: str, extra: Extra = EMPTY) -> Remark | None:
    """cosem.type where the Data is not of the attribute's type; None where it fits or cannot be told."""
    known = classes.attribute(class_id, attribute, extra)
    if known is None or known.type in (CHOICE, type) or type in STAND_IN.get(known.type, NULL):
        return None
    return problem.COSEM_TYPE, (class_id, f"{attribute} ({known.name})", type, known.type)


def unit_remark(class_id: int, attribute: int, value: Any, extra: Extra = EMPTY) -> Remark | None:
    """cosem.unit where a scaler_unit attribute carries a reserved unit. value: the list of Data of the structure."""
    known = classes.attribute(class_id, attribute, extra)
    if known is None or known.structure != SCALER_UNIT or not isinstance(value, list) or len(value) != 2:
        return None
    unit = value[1].value
    if isinstance(unit, int) and units.reserved(unit):
        return problem.COSEM_UNIT, (unit,)
    return None


def problems(
    target: Any, data: Any = None, extra: Extra = EMPTY, where: tuple[int, int] = (0, 0)
) -> tuple[Problem, ...]:
    """Problems of one object reference and the Data read from or written to it.

    target: anything with class_id, obis, attribute and method (Apdu, Item, meaning.Target); data: the
    Data or None; where: the octets to blame. Nothing is checked for an unknown class_id (-1).
    """
    class_id = target.class_id
    if class_id < 0:
        return ()
    found = remarks(class_id, target.obis, target.attribute, target.method, extra)
    attribute = target.attribute
    if data is not None and attribute is not None and attribute > 0:
        for check in _DATA:
            remark = check(class_id, attribute, data, extra)
            if remark is not None:
                found = (*found, remark)
    if not found:
        return ()
    return tuple(Problem(kind, *where, args) for kind, args in found)


def clock_remark(class_id: int, attribute: int, data: Any, extra: Extra = EMPTY) -> Remark | None:
    """apdu.datetime where an attribute for a time holds an octet-string with a value out of range.

    Data of the types date-time, date and time are checked where they are read.
    """
    if data.type != "octet-string":
        return None
    known = classes.attribute(class_id, attribute, extra)
    if known is None or not meaning.is_clock(known.name):
        return None
    octets = meaning.octets_of(data.value)
    wrong = datetime.problems(octets) if octets is not None else ()
    return (problem.APDU_DATETIME, (", ".join(wrong),)) if wrong else None


_DATA: tuple[Callable[[int, int, Any, Extra], Remark | None], ...] = (
    lambda class_id, attribute, data, extra: type_remark(class_id, attribute, data.type, extra),
    lambda class_id, attribute, data, extra: unit_remark(class_id, attribute, data.value, extra),
    clock_remark,
)
