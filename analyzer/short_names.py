"""Short names: which object and attribute a base name and offset mean, by the object list of association SN (class 12).

Attribute n stands at base_name + 8 × (n − 1); methods begin where their class says. Base names of the
standard are known without a list (IEC 62056-6-2, 4.1.3).
"""

from bisect import bisect_right
from collections.abc import Mapping

from msgspec.structs import replace

from analyzer.model import Message, Target
from dissectors.apdu import Item
from dissectors.cosem import classes

STEP = 8
RESERVED: Mapping[int, tuple[int, bytes]] = {
    0xFA00: (12, bytes((0, 0, 40, 0, 0, 255))),
    0xFC00: (17, bytes((0, 0, 41, 0, 0, 255))),
    0xFD00: (1, bytes((0, 0, 42, 0, 0, 255))),
}
MAX_ATTRIBUTES = 32  # of a class that the catalogue does not know


class ShortNames:
    """The base names of one server."""

    def __init__(self) -> None:
        self._objects: dict[int, tuple[int, bytes]] = dict(RESERVED)
        self._bases: list[int] = sorted(RESERVED)
        self._found: dict[int, Target | None] = {}
        self.listed = False  # an object list was read, so that what it lacks is worth a word

    def add(self, base: int, class_id: int, code: bytes) -> None:
        if base not in self._objects:
            self._bases = []
        self._objects[base] = (class_id, code)
        self._found.clear()
        self.listed = True

    def find(self, variable: int) -> Target | None:
        """The attribute or method that a short name means, None where no listed object reaches there."""
        if variable not in self._found:
            self._bases = self._bases or sorted(self._objects)
            self._found[variable] = self._search(variable)
        return self._found[variable]

    def _search(self, variable: int) -> Target | None:
        at = bisect_right(self._bases, variable) - 1
        if at < 0:
            return None
        base = self._bases[at]
        class_id, code = self._objects[base]
        offset = variable - base
        index = offset // STEP + 1
        if offset % STEP:
            return None
        known = classes.find(class_id)
        last = known.attributes[-1].index if known is not None and known.attributes_known else MAX_ATTRIBUTES
        if index <= last:
            return Target(class_id, code, index, None)
        if known is None or not known.sn_method_base or offset < known.sn_method_base:
            return None
        method = (offset - known.sn_method_base) // STEP + 1
        return Target(class_id, code, None, method) if classes.method(class_id, method) is not None else None


def items(m: Message, names: ShortNames, asked: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items of a list or short-name service with their objects, as far as they are known.

    asked: the items of the request that a response answers; a joined response of one value has them there only.
    """
    given = m.apdu.items or ()
    if len(given) == 1 and given[0].data is None and m.apdu.data is not None:
        given = (replace(given[0], data=m.apdu.data),)
    if len(given) == len(asked):
        given = tuple([one if one.variable >= 0 or one.class_id >= 0 else _of(q, one) for q, one in zip(asked, given)])
    if all(one.variable < 0 for one in given):
        return given
    return tuple([_named(one, names) if one.variable >= 0 and one.class_id < 0 else one for one in given])


def _of(asked: Item, given: Item) -> Item:
    return replace(
        given,
        class_id=asked.class_id,
        obis=asked.obis,
        attribute=asked.attribute,
        method=asked.method,
        variable=asked.variable,
    )


def _named(item: Item, names: ShortNames) -> Item:
    target = names.find(item.variable)
    if target is None:
        return item
    return replace(item, class_id=target.class_id, obis=target.obis, attribute=target.attribute, method=target.method)
