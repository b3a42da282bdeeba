"""Elements of a pushed list, named by what stands in the list itself (DataNotification bodies).

Shapes seen, told apart by content:

    { [ {class, LN, attribute, data index}… ], value… }       the push_object_list leads (IEC 62056-6-2, class 40)
    [ {LN, value [, scaler_unit]}… ], [ {class, LN, attribute, value}… ]     pairs as structures
    { [text | date-time], LN, value [, scaler_unit], LN, value… }            pairs in one row
    { value… }      by a push_object_list seen earlier, or a known customer list (customer_lists.py)

Where none fits, the elements stand by number. Nothing is dropped: every value is one Element.
"""

from collections.abc import Iterable, Sequence

from dissectors.cosem import customer_lists, meaning
from dissectors.cosem.captured import HEAD, Captured, definitions, logical_name, whole
from dissectors.data_types import Data
from dissectors.record import Value

MAX_NESTING = 4
FEWEST = 2  # pairs of a logical name and a value that make a list of them


class Element(Value, frozen=True, gc=False):
    """One pushed value. obis b"" and class_id -1 where the list does not say. place: from 1. scaling: (scaler,
    unit) as the list has or implies it. source: where name or scaling come from, "" for the list itself."""

    place: int
    data: Data
    obis: bytes = b""
    class_id: int = -1
    attribute: int | None = None
    index: int = 0
    scaling: tuple[int, int] | None = None
    source: str = ""


def elements(data: Data, setups: Iterable[Sequence[Captured]] = (), kaifa: bool = False) -> tuple[Element, ...]:
    """The elements of a notification body. setups: push_object_lists of the sender seen earlier; kaifa: see
    customer_lists.positional. One element for a body that is no list."""
    if not isinstance(data.value, list):
        return (Element(1, data),)
    parts: list[Data] = data.value
    return (
        _headed(parts)
        or _structures(data, 0)
        or _row(parts)
        or _by_setup(parts, setups)
        or _positional(parts, kaifa)
        or tuple([Element(i, part) for i, part in enumerate(parts, 1)])
    )


def head(data: Data) -> tuple[Captured, ...]:
    """The push_object_list at the head of the body, () where there is none."""
    parts = data.value
    if not isinstance(parts, list) or len(parts) < FEWEST or not isinstance(parts[0].value, list):
        return ()
    found = definitions(parts[0])
    return found if found and len(found) - len(parts) in (0, -1) else ()


def text_of(data: Data) -> str:
    """The text of a visible-string or of a printable octet-string, "" for others."""
    if data.type in ("visible-string", "utf8-string"):
        return str(data.value)
    octets = meaning.octets_of(data.value) if data.type == "octet-string" else None
    return (meaning.plain_text(octets) or "") if octets else ""


def _named(place: int, captured: Captured, data: Data, key: str = "", source: str = "") -> Element:
    scaling = customer_lists.scaling(key, captured.obis) if captured.attribute == 2 else None
    return Element(
        place, data, captured.obis, captured.class_id, captured.attribute, captured.index, scaling,
        key if scaling else source,
    )  # fmt: skip


def _headed(parts: list[Data]) -> tuple[Element, ...]:
    """Values in the order of the list that leads; it may name itself as the first of them."""
    found = head(Data("structure", parts))
    if not found:
        return ()
    own = next((one.obis for one in found if one.class_id == 40), b"")
    key = customer_lists.by_head(own)
    if len(found) == len(parts):
        return tuple([_named(i, one, part, key) for i, (one, part) in enumerate(zip(found, parts), 1)])
    first = Element(1, parts[0])
    return (first, *[_named(i, one, part, key) for i, (one, part) in enumerate(zip(found, parts[1:]), 2)])


def _pair(place: int, parts: list[Data]) -> Element | None:
    """{LN, value}, {LN, value, scaler_unit} or {class, LN, attribute, value}."""
    if len(parts) in (2, 3):
        code = logical_name(parts[0])
        if code is None:
            return None
        scaling = meaning.scaler_unit(parts[2]) if len(parts) == 3 else None
        return None if len(parts) == 3 and scaling is None else Element(place, parts[1], code, scaling=scaling)
    if len(parts) == HEAD:
        class_id, code, attribute = whole(parts[0]), logical_name(parts[1]), whole(parts[2])
        if class_id is not None and code is not None and attribute is not None and logical_name(parts[3]) is None:
            return Element(place, parts[3], code, class_id, attribute)
    return None


def _structures(data: Data, depth: int) -> tuple[Element, ...]:
    """Pairs as structures, also one level deeper (a list behind a status)."""
    parts: list[Data] = data.value
    found = [_pair(i, part.value) if isinstance(part.value, list) else None for i, part in enumerate(parts, 1)]
    good = sum(one is not None for one in found)
    if good and 2 * good > len(parts):
        return tuple([one or Element(i, parts[i - 1]) for i, one in enumerate(found, 1)])
    if depth >= MAX_NESTING or len(parts) > HEAD:
        return ()
    out: list[Element] = []
    deeper = False
    for part in parts:
        inner = _structures(part, depth + 1) if isinstance(part.value, list) else ()
        deeper = deeper or bool(inner)
        out.extend(inner or (Element(0, part),))
    return tuple([_at(one, i) for i, one in enumerate(out, 1)]) if deeper else ()


def _at(one: Element, place: int) -> Element:
    return Element(place, one.data, one.obis, one.class_id, one.attribute, one.index, one.scaling, one.source)


def _row(parts: list[Data]) -> tuple[Element, ...]:
    """Logical names and values in turn; what stands alone is an element without a name."""
    key = customer_lists.by_identifier(text_of(parts[0])) if parts else ""
    out: list[Element] = []
    pairs = 0
    i = 0
    while i < len(parts):
        code = logical_name(parts[i])
        if code is None or i + 1 >= len(parts):
            out.append(Element(i + 1, parts[i]))
            i += 1
            continue
        value = parts[i + 1]
        scaling = meaning.scaler_unit(parts[i + 2]) if i + 2 < len(parts) else None
        known = customer_lists.scaling(key, code) if scaling is None and value.type in meaning.NUMBERS else None
        out.append(Element(i + 1, value, code, scaling=scaling or known, source=key if known else ""))
        i += 3 if scaling is not None else 2
        pairs += 1
    return tuple(out) if pairs >= FEWEST and 3 * pairs >= len(out) else ()


def _by_setup(parts: list[Data], setups: Iterable[Sequence[Captured]]) -> tuple[Element, ...]:
    """The one push_object_list that has as many objects; two that fit decide nothing."""
    fitting = [setup for setup in setups if len(setup) == len(parts)]
    if len({tuple(setup) for setup in fitting}) != 1:
        return ()
    return tuple([_named(i, one, part, "", "push set-up") for i, (one, part) in enumerate(zip(fitting[0], parts), 1)])


def _positional(parts: list[Data], kaifa: bool) -> tuple[Element, ...]:
    found = customer_lists.positional([part.type for part in parts], text_of(parts[0]) if parts else "", kaifa)
    if found is None or len(found.places) != len(parts):
        return ()
    return tuple(
        [
            Element(i, part, place.obis, scaling=place.scaling, source=found.name)
            for i, (part, place) in enumerate(zip(parts, found.places), 1)
        ]
    )
