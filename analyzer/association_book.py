"""Book: the associations of a capture: which are open, what was agreed, contexts and targets stored once."""

from typing import Any

from analyzer.association_state import Association
from analyzer.model import Target
from dissectors.apdu import Apdu
from dissectors.context import EMPTY, Context
from dissectors.record import Pdu

Key = tuple[int, int, int, int]  # conversation, client, server, physical
TARGETS_MAX = 65536


class Book:
    """table: every association seen, in order. open: those that go on, by who talks. contexts: by number.
    started: links whose beginning was captured."""

    def __init__(self) -> None:
        self.table: list[Association] = []
        self.keep = True  # False: table stays empty, for a stream of any length
        self._count = 0
        self.contexts: list[Context] = [EMPTY]
        self.open: dict[Key, Association] = {}
        self.started: set[Key] = set()
        self._context_numbers: dict[Context, int] = {EMPTY: 0}
        self._targets: dict[tuple[int, bytes, int | None, int | None], Target] = {}

    def _intern(self, context: Context) -> int:
        number = self._context_numbers.get(context)
        if number is None:
            number = self._context_numbers[context] = len(self.contexts)
            self.contexts.append(context)
        return number

    def agree(self, a: Association, **agreed: Any) -> None:
        """What was agreed changes: one context for each direction."""
        old = a.context
        base = {name: getattr(old, name) for name in Context.__struct_fields__ if name != "direction"}
        base.update(agreed)
        a.contexts = [self._intern(Context(direction=d, **base)) for d in (0, 1, 2)]
        a.context = self.contexts[a.contexts[0]]

    def target(self, apdu: Apdu) -> Target | None:
        if apdu.class_id < 0:
            return None
        key = (apdu.class_id, apdu.obis, apdu.attribute, apdu.method)
        target = self._targets.get(key)
        if target is None:
            if len(self._targets) > TARGETS_MAX:
                self._targets.clear()
            target = self._targets[key] = Target(*key)
        return target

    def new(self, key: Key, p: Pdu, status: str) -> Association:
        self._count += 1
        a = Association(self._count, p, status)
        if self.keep:
            self.table.append(a)
        self.open[key] = a
        self.agree(a)
        return a
