"""capture_object_definition and its kin: which attribute of which object a column or pushed element is (IEC 62056-6-2).

Profile generic (7) and compact data (62) list what they capture, push set-up (40) what it pushes, and
a range selection which columns it wants: always structures that begin { class_id, logical_name,
attribute_index, data_index }.
"""

from dissectors.cosem import classes, obis
from dissectors.cosem.classes import EMPTY, Extra
from dissectors.cosem.meaning import octets_of
from dissectors.data_types import Data
from dissectors.record import Value

HEAD = 4  # components that every kind has; newer versions add restrictions


class Captured(Value, frozen=True, gc=False):
    """index: data_index, 0 for the whole attribute, n for its n-th element (0xn000 and above: newer versions)."""

    class_id: int
    obis: bytes
    attribute: int
    index: int = 0


def whole(data: Data) -> int | None:
    """The value of an integer, None for any other Data."""
    value = data.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def logical_name(data: Data) -> bytes | None:
    """Six octets of an octet-string, None for any other Data."""
    if data.type != "octet-string" or len(data.value) != 12:
        return None
    return octets_of(data.value)


def definition(data: Data) -> Captured | None:
    """One definition, None where the structure is none."""
    parts = data.value
    if not isinstance(parts, list) or len(parts) < HEAD:
        return None
    class_id, code, attribute, index = whole(parts[0]), logical_name(parts[1]), whole(parts[2]), whole(parts[3])
    if class_id is None or code is None or attribute is None or index is None:
        return None
    return Captured(class_id, code, attribute, index)


def definitions(data: Data) -> tuple[Captured, ...] | None:
    """An array of definitions; None where any element is something else."""
    if not isinstance(data.value, list):
        return None
    found = [definition(part) for part in data.value]
    good = tuple([one for one in found if one is not None])
    return good if len(good) == len(found) else None


def name(captured: Captured, extra: Extra = EMPTY) -> str:
    """ "Active energy import: Time integral 1", "Clock", "…, status", "…, element 2"."""
    words = obis.name(captured.obis, extra).text
    if captured.attribute != 2:
        words += ", " + classes.member_name(captured.class_id, captured.attribute, None, extra)
    return f"{words}, element {captured.index}" if captured.index else words
