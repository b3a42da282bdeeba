"""Interface classes: names, attributes with their types, methods, structures and enumerations (IEC 62056-6-2, 5).

The catalogue describes the newest version of each class. Which version an object has stands in the
object list of its association; without that list the newest is assumed.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from dissectors.cosem.tables import load

if TYPE_CHECKING:
    from dissectors import profile_types

# Where the range of the DLMS UA ends: what is above belongs to manufacturers and user groups.
STANDARD_CLASSES = 8192
CHOICE = "CHOICE"


class Attribute(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """type: a COSEM data type, or CHOICE for any. structure, element: what a structure is, or an
    array's elements are (a name in `structures`). enum: a name in `values` or `bits`."""

    index: int
    name: str
    type: str = CHOICE
    structure: str = ""
    element: str = ""
    enum: str = ""


class Method(msgspec.Struct, frozen=True, array_like=True, gc=False):
    index: int
    name: str


class InterfaceClass(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """attributes_known: False where only the name of the class is known, so that nothing can be
    checked. sn_method_base: offset of method 1 from the base name, 0 where unknown."""

    class_id: int
    name: str
    version: int = 0
    attributes_known: bool = True
    attributes: tuple[Attribute, ...] = ()
    methods: tuple[Method, ...] = ()
    sn_method_base: int = 0
    other_versions: tuple[int, ...] = ()


class Pattern(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A name for OBIS codes: code in the pattern language of dissectors/cosem/obis.py; class_ids: the
    classes whose objects may have it, () for any."""

    code: str
    name: str
    class_ids: tuple[int, ...] = ()


class Extra(msgspec.Struct, frozen=True, eq=False):
    """Classes and codes of a profile (its Annex B): they win over the catalogue.

    Compared by identity, so that lookups may be cached by it: build one for a profile and keep it.
    """

    classes: tuple[InterfaceClass, ...] = ()
    obis: tuple[Pattern, ...] = ()


EMPTY = Extra()


def extra_of(
    interface_classes: "Iterable[profile_types.InterfaceClass]", names: "Iterable[profile_types.ObisName]"
) -> Extra:
    """The Extra of a profile's [[interface_class]] and [[obis]] tables. A letter in a code stands for any value."""
    return Extra(
        tuple(
            InterfaceClass(
                entry.class_id,
                entry.name,
                entry.version,
                True,
                (
                    Attribute(1, "logical_name", "octet-string"),
                    *(Attribute(a.id, a.name, a.type) for a in entry.attribute),
                ),
                tuple(Method(m.id, m.name) for m in entry.method),
            )
            for entry in interface_classes
        ),
        tuple(
            Pattern(
                ".".join(group if group.isdigit() else "e" for group in re.split(r"[-:.*]", entry.code)),
                entry.name,
                entry.class_id,
            )
            for entry in names
        ),
    )


class _Tables(msgspec.Struct, frozen=True):
    classes: tuple[InterfaceClass, ...]
    structures: dict[str, tuple[tuple[str, str], ...]]
    values: dict[str, dict[int, str]]
    bits: dict[str, dict[int, str]]


@cache
def _tables() -> _Tables:
    return load("classes", _Tables)


class _Index(msgspec.Struct, frozen=True):
    classes: dict[int, InterfaceClass]
    attributes: dict[tuple[int, int], Attribute]
    methods: dict[tuple[int, int], Method]


_indexes: dict[Extra, _Index] = {}


def _index(extra: Extra) -> _Index:
    found = _indexes.get(extra)
    if found is None:
        classes = {entry.class_id: entry for entry in (*_tables().classes, *extra.classes)}
        found = _indexes[extra] = _Index(
            classes,
            {(number, a.index): a for number, entry in classes.items() for a in entry.attributes},
            {(number, m.index): m for number, entry in classes.items() for m in entry.methods},
        )
    return found


def find(class_id: int, extra: Extra = EMPTY) -> InterfaceClass | None:
    """The class, None where the catalogue has none."""
    return _index(extra).classes.get(class_id)


def attribute(class_id: int, index: int, extra: Extra = EMPTY) -> Attribute | None:
    """The attribute; attribute 1 is the logical name in every class of the standard."""
    return _index(extra).attributes.get((class_id, index))


def method(class_id: int, index: int, extra: Extra = EMPTY) -> Method | None:
    return _index(extra).methods.get((class_id, index))


def class_name(class_id: int, extra: Extra = EMPTY) -> str:
    """ "Register", "manufacturer class 8200", "class 999"."""
    entry = find(class_id, extra)
    if entry is not None:
        return entry.name
    if class_id >= 32768:
        return f"user group class {class_id}"
    return f"manufacturer class {class_id}" if class_id >= STANDARD_CLASSES else f"class {class_id}"


def member_name(class_id: int, attribute_id: int | None, method_id: int | None, extra: Extra = EMPTY) -> str:
    """ "scaler_unit", "remote_disconnect", "attribute -3" for a manufacturer's, "" without an index."""
    found: Attribute | Method | None = None
    if method_id is not None:
        found = method(class_id, method_id, extra)
        other = f"method {method_id}"
    elif attribute_id is not None:
        found = attribute(class_id, attribute_id, extra)
        other = "all attributes" if attribute_id == 0 else f"attribute {attribute_id}"
    else:
        return ""
    return found.name if found is not None else other


_SECRET = re.compile(r"secret|^pass_|password|_key(s|$)|^key_transfer|^PIN", re.IGNORECASE)


def is_secret(class_id: int, attribute_id: int | None, method_id: int | None, extra: Extra = EMPTY) -> bool:
    """The value read or written is a password or a key by the member's name: it must not reach views or exports."""
    if attribute_id is None and method_id is None:
        return False
    return _SECRET.search(member_name(class_id, attribute_id, method_id, extra)) is not None


def structure(name: str) -> tuple[tuple[str, str], ...]:
    """Components of a named structure as (name, type), () for a name that is not in the tables."""
    return _tables().structures.get(name, ())


def values(name: str) -> Mapping[int, str]:
    """Words of a named enumeration, {} for a name that is not in the tables."""
    return _tables().values.get(name, {})


def bits(name: str) -> Mapping[int, str]:
    """Words of a named bit field by bit number (0 the least significant), {} where there are none."""
    return _tables().bits.get(name, {})


# Class and attribute of a value → the attribute of the same object that holds its scaler and unit.
SCALER_UNIT = {(3, 2): 3, (4, 2): 3, (5, 2): 4, (5, 3): 4, (61, 2): 4, (67, 7): 8}


def scaler_attribute(class_id: int, attribute_id: int) -> int | None:
    """The attribute that holds scaler and unit of this one: 3 for the value of a Register, None where there is none."""
    return SCALER_UNIT.get((class_id, attribute_id))
