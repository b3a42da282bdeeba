"""Selective access: which part of a value a request asks for, in words (IEC 62056-6-2, classes 7, 12 and 15).

Selections are read from the request's octets with Trace, for every service that can carry them: GET,
SET, with lists, ACCESS.
"""

from collections.abc import Iterator, Sequence

from analyzer.model import Message
from dissectors.apdus import dissect
from dissectors.context import EMPTY as NO_CONTEXT
from dissectors.cosem import captured, classes, datetime, meaning, obis
from dissectors.cosem.captured import Captured, whole
from dissectors.cosem.classes import EMPTY, Extra
from dissectors.cursor import Node, Trace
from dissectors.data_types import Data
from dissectors.record import Value
from dissectors.xdlms import common

RANGE, ENTRIES = 1, 2
PLAIN_GET = 13  # octets of a GET request without selection
CARRIERS = frozenset(
    {"get-request-normal", "get-request-with-list", "set-request-normal", "set-request-with-list", "access-request"}
)


class Selection(Value, frozen=True, gc=False):
    """selector and parameters of one object of a request; place: which object of a list, from 0."""

    place: int
    selector: int
    data: Data


def there(m: Message) -> bool:
    """The request may carry a selection: a quick look before the long one."""
    octets = m.octets
    name = m.apdu.name
    if name in ("get-request-normal", "set-request-normal"):
        return len(octets) > PLAIN_GET and octets[PLAIN_GET - 1] == 1
    return name in CARRIERS


def selections(m: Message) -> tuple[Selection, ...]:
    """Every selection that the request carries, () where none."""
    if not there(m):
        return ()
    c = Trace(m.octets, buffer="apdu")
    dissect(c, NO_CONTEXT)
    return tuple(_found(c.finish()))


def _found(roots: Sequence[Node]) -> Iterator[Selection]:
    place, selector = -1, 0
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node.field is common.ATTRIBUTE:
            place += 1
        elif node.field is common.SELECTOR:
            selector = node.value
        elif node.field is common.PARAMETERS:
            if isinstance(node.value, Data):
                yield Selection(max(place, 0), selector, node.value)
            continue
        stack.extend(reversed(node.children))


# -- words ---------------------------------------------------------------------------------------------


def text(class_id: int, attribute: int | None, selection: Selection, extra: Extra = EMPTY) -> str:
    """ "from 2026-11-01 00:00:00 to …, columns Clock, …"; "entries 1 to 10"."""
    words = None
    if class_id == 7 and attribute == 2:
        words = _range(selection.data, extra) if selection.selector == RANGE else None
        words = _entries(selection.data) if selection.selector == ENTRIES else words
    elif class_id in (12, 15) and attribute == 2:
        words = _objects(class_id, selection)
    return words or f"access selector {selection.selector}"


def _bound(data: Data) -> str:
    octets = meaning.octets_of(data.value) if isinstance(data.value, str) else None
    return (datetime.text(octets) if octets is not None else None) or str(data.value)


def _range(data: Data, extra: Extra) -> str | None:
    parts = data.value
    if not isinstance(parts, list) or len(parts) < 4:
        return None
    words = f"from {_bound(parts[1])} to {_bound(parts[2])}"
    by = captured.definition(parts[0])
    if by is not None and by.class_id != 8:
        words = f"{captured.name(by, extra)} {words}"
    wanted = captured.definitions(parts[3])
    if wanted:
        words += ", columns " + "; ".join(captured.name(one, extra) for one in wanted)
    return words


def _numbers(data: Data) -> list[int] | None:
    parts = data.value
    numbers = [whole(part) for part in parts] if isinstance(parts, list) and len(parts) >= 4 else []
    good = [number for number in numbers if number is not None]
    return good if good and len(good) == len(numbers) else None


def _entries(data: Data) -> str | None:
    numbers = _numbers(data)
    if numbers is None:
        return None
    first, last, column, end = numbers[:4]
    words = f"entries {first} to {last or 'the last'}"
    if column > 1 or end:
        words += f", columns {max(column, 1)} to {end or 'the last'}"
    return words


_SHORT = {1: "short name list", 2: "objects of a class and logical name"}


def _objects(class_id: int, selection: Selection) -> str | None:
    values = selection.data.value
    if class_id == 12:
        return _SHORT.get(selection.selector)
    if selection.selector == 1:
        return "all objects, without access rights"
    if selection.selector == 2 and isinstance(values, list):
        return "objects of " + ", ".join(classes.class_name(whole(value) or 0) for value in values)
    if selection.selector in (3, 4) and isinstance(values, list):
        wanted = values if selection.selector == 3 else [selection.data]
        named = [_object(value) for value in wanted]
        return "object " + "; ".join(named) if all(named) else None
    return None


def _object(data: Data) -> str:
    parts = data.value
    code = captured.logical_name(parts[1]) if isinstance(parts, list) and len(parts) > 1 else None
    class_id = whole(parts[0]) if code is not None else None
    return "" if code is None or class_id is None else f"{classes.class_name(class_id)} {obis.text(code)}"


# -- what it leaves of the columns ---------------------------------------------------------------------------


def columns(selection: Selection | None, known: tuple[Captured, ...]) -> tuple[Captured, ...]:
    """The columns of a buffer that was read with this selection; known: the capture objects."""
    if selection is None:
        return known
    if selection.selector == RANGE and isinstance(selection.data.value, list) and len(selection.data.value) >= 4:
        return captured.definitions(selection.data.value[3]) or known
    if selection.selector == ENTRIES:
        numbers = _numbers(selection.data)
        if numbers is not None:
            return known[max(numbers[2], 1) - 1 : numbers[3] or len(known)]
    return known


__all__ = ["Selection", "columns", "selections", "text", "there"]
