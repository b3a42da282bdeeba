"""Object lists of associations: which objects a client may see, in which version, with which rights (class 15, 12).

A list read whole is a catalogue: it names later reads and says whether they were allowed.
"""

from collections import Counter

from analyzer.table import Table, TableColumn
from dissectors.cosem import classes, obis
from dissectors.cosem.captured import logical_name, whole
from dissectors.cosem.classes import EMPTY, Extra
from dissectors.data_types import Data
from dissectors.record import Value

READ, WRITE, INVOKE = "read", "write", "invoke"
BIT_FIELDS = 3  # from this version of class 15 on access modes are bit fields
# The last attribute of older versions, where the catalogue has the newest.
LAST_ATTRIBUTE = {(15, 0): 8, (15, 1): 9, (12, 0): 2, (12, 1): 3, (12, 2): 4, (40, 0): 7, (40, 1): 10, (64, 0): 5}
# mode of versions 0 to 2 → what it allows
_MODES = {
    0: frozenset[str](),
    1: frozenset((READ,)),
    2: frozenset((WRITE,)),
    3: frozenset((READ, WRITE)),
    4: frozenset((READ,)),
    5: frozenset((WRITE,)),
    6: frozenset((READ, WRITE)),
}


class Entry(Value, frozen=True):
    """attributes, methods: index → access mode, {} where the list has no rights. base: short name, -1 for LN."""

    class_id: int
    version: int
    obis: bytes
    attributes: dict[int, int]
    methods: dict[int, int]
    base: int = -1


class Catalogue(Value, frozen=True):
    """One object list. rights: it has access rights; whole: all objects were asked for; version: of the
    association's class, that says how access modes are coded."""

    entries: dict[tuple[int, bytes], Entry]
    rights: bool
    whole: bool
    version: int

    def allows(self, entry: Entry, what: str, index: int) -> bool | None:
        """Whether the rights allow reading, writing or invoking; None where the list does not say."""
        modes = entry.methods if what == INVOKE else entry.attributes
        mode = modes.get(index)
        if not self.rights or mode is None:
            return None
        if what == INVOKE:
            return bool(mode & 1) if self.version >= BIT_FIELDS else mode != 0
        if self.version >= BIT_FIELDS:
            return bool(mode & (1 if what == READ else 2))
        allowed = _MODES.get(mode)
        return None if allowed is None else what in allowed


def _modes(data: Data) -> dict[int, int]:
    out: dict[int, int] = {}
    for item in data.value if isinstance(data.value, list) else ():
        parts = item.value
        if isinstance(parts, list) and len(parts) >= 2 and (index := whole(parts[0])) is not None:
            mode = parts[1].value
            if isinstance(mode, int):  # a boolean in version 0
                out[index] = int(mode)
    return out


def _entry(data: Data) -> Entry | None:
    """object_list_element of class 15: {class_id, version, LN [, access_rights]}, or of class 12: {base_name,
    class_id, version, LN}."""
    parts = data.value
    if not isinstance(parts, list) or len(parts) < 3:
        return None
    code = logical_name(parts[2])
    if code is not None:
        class_id, version = whole(parts[0]), whole(parts[1])
        rights = parts[3].value if len(parts) > 3 else None
        both = rights if isinstance(rights, list) and len(rights) == 2 else None
        if class_id is None or version is None:
            return None
        return Entry(class_id, version, code, _modes(both[0]) if both else {}, _modes(both[1]) if both else {})
    code = logical_name(parts[3]) if len(parts) > 3 else None
    numbers = [whole(part) for part in parts[:3]]
    if code is None or numbers[0] is None or numbers[1] is None or numbers[2] is None:
        return None
    return Entry(numbers[1], numbers[2], code, {}, {}, numbers[0] & 0xFFFF)


def read(data: Data, complete: bool = True) -> Catalogue | None:
    """The list as a catalogue, None where the value is none. complete: it was read without selection."""
    if not isinstance(data.value, list):
        return None
    found = [_entry(part) for part in data.value]
    entries = {(one.class_id, one.obis): one for one in found if one is not None}
    if len(entries) < len(found) // 2 or not entries:
        return None
    own = next((one.version for one in entries.values() if one.class_id in (12, 15)), 0)
    rights = any(one.attributes or one.methods for one in entries.values())
    return Catalogue(entries, rights, complete, own)


def text(catalogue: Catalogue, extra: Extra = EMPTY) -> str:
    """ "13 objects: 4 Register, 3 Data, …"."""
    counts = Counter(class_id for class_id, _ in catalogue.entries)
    shown = ", ".join(f"{n} {classes.class_name(class_id, extra)}" for class_id, n in counts.most_common())
    return f"{len(catalogue.entries)} objects: {shown}"


def mode_words(mode: int, version: int, method: bool) -> str:
    """An access mode in words: "read only", "read, authenticated request"."""
    if version >= BIT_FIELDS:
        names = classes.bits("method_access_mode_v3" if method else "attribute_access_mode_v3")
        return ", ".join(names.get(bit, f"bit {bit}") for bit in range(8) if mode >> bit & 1) or "no access"
    table = "method_access_mode_v1_v2" if method else "attribute_access_mode_v0_v2"
    return classes.values(table).get(mode, f"mode {mode}")


def _rights(modes: dict[int, int], version: int, method: bool) -> str | None:
    """ "1 to 3 read only; 4 read and write"."""
    if not modes:
        return None
    runs: list[tuple[int, int, int]] = []
    for index, mode in sorted(modes.items()):
        if runs and runs[-1][2] == mode and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index, mode)
        else:
            runs.append((index, index, mode))
    return "; ".join(
        f"{first if first == last else f'{first} to {last}'} {mode_words(mode, version, method)}"
        for first, last, mode in runs
    )


def table(catalogue: Catalogue, extra: Extra = EMPTY) -> Table:
    """The list for browsing: class, version, logical name, name, rights."""
    short = any(one.base >= 0 for one in catalogue.entries.values())
    heads = ["class", "class name", "version", "logical name", "name"]
    rows = []
    for one in catalogue.entries.values():
        row = [
            one.class_id, classes.class_name(one.class_id, extra), one.version, obis.text(one.obis),
            obis.name(one.obis, extra).text,
        ]  # fmt: skip
        last = (
            [f"0x{one.base:04X}"]
            if short
            else [
                _rights(one.attributes, catalogue.version, False),
                _rights(one.methods, catalogue.version, True),
            ]
        )
        rows.append((*row, *last))
    heads += ["short name"] if short else ["attributes", "methods"]
    return Table("object list", tuple([TableColumn(head) for head in heads]), tuple(rows))
