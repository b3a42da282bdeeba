"""Objects: every COSEM attribute and method that was read, written, pushed or invoked, per server.

Lists and ACCESS count by item, pushes by the objects they carry, a block transfer once, when it is whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from analyzer import rows, value_table, words
from analyzer.known_objects import KnownObjects
from analyzer.learned import Server, class_of
from analyzer.meaning import Meaning
from analyzer.model import Exchange, Message, Target
from analyzer.secrets import mask_builtins, secret
from analyzer.table import Table
from analyzer.value_text import build_at, element_class, element_words, long_text
from dissectors.apdu import Item
from dissectors.cosem import classes, obis
from dissectors.cosem.pushed import Element
from dissectors.data_types import Data
from dissectors.profile import Profile
from dissectors.record import Frame

Key = tuple[Server, int, bytes, int | None, int | None]
MAX_WAITING = 4096  # writes remembered until they are answered
READING = frozenset(("get", "read"))


class Seen:
    """One attribute or method of one object of one server: a row of `--level object`."""

    __slots__ = (
        "_message", "_where", "attribute", "attribute_name", "class_id", "class_name", "element", "errors", "first_ns",
        "last_ns", "method", "name", "obis", "physical", "profile", "pushes", "reads", "server", "server_address",
        "target", "text", "value", "writes",
    )  # fmt: skip

    def __init__(self, m: Message, t: Target, meaning: Meaning) -> None:
        extra = meaning.extra(m.pdu.profile)
        device = meaning.device(m)
        self.profile = m.pdu.profile
        self.server = m.pdu.server
        self.physical = m.pdu.physical
        self.server_address = rows.message_ends(m)[1]
        self.target = t
        self.class_id = t.class_id if t.class_id >= 0 else None
        self.class_name = classes.class_name(t.class_id, extra) if t.class_id >= 0 else None
        self.obis = words.obis(t.obis)
        own = device.known.name(t.obis, t.class_id, m.pdu.server) if device.known else ""
        self.name = own or obis.name(t.obis, extra).text
        self.attribute = t.attribute
        self.attribute_name = classes.member_name(t.class_id, t.attribute, t.method, extra) or None
        self.method = t.method
        self.reads = self.writes = self.pushes = self.errors = 0
        self._message: Message | None = None  # that carried the last value, and where in its values
        self._where: tuple[int, int] | None = None
        self.element: Element | None = None  # or the pushed element that it was
        self.value: Any = None
        self.text: str | None = None
        self.first_ns = m.pdu.first_ns
        self.last_ns = m.pdu.last_ns

    def keep(self, m: Message, where: tuple[int, int] | None, element: Element | None = None) -> None:
        """Takes the last value: octets of a message, or an element of a push."""
        later = self._message is None or m.no >= self._message.no
        if later and (where is not None or element is not None):
            self._message, self._where, self.element = m, where, element

    def join(self, other: "Seen") -> None:
        """Takes the counts and times of another row of the same object, and its value where it is the later one."""
        self.reads += other.reads
        self.writes += other.writes
        self.pushes += other.pushes
        self.errors += other.errors
        if other.first_ns is not None and (self.first_ns is None or other.first_ns < self.first_ns):
            self.first_ns = other.first_ns
        if other.last_ns is not None and (self.last_ns is None or other.last_ns > self.last_ns):
            self.last_ns = other.last_ns
        if other._message is not None and (self._message is None or other._message.no > self._message.no):
            self.keep(other._message, other._where, other.element)

    @property
    def message(self) -> int:
        """Number of the message that carried the last value, 0 without."""
        return 0 if self._message is None else self._message.no

    def data(self) -> Data | None:
        """The last value, as it was sent."""
        if self.element is not None:
            return self.element.data
        return None if self._message is None or self._where is None else build_at(self._message.values, *self._where)

    def octets(self) -> bytes:
        """The last value as its octets or, of a push, what stands for them: equal where the value is."""
        if self.element is not None:
            return repr(self.element.data).encode()
        return b"" if self._message is None or self._where is None else self._message.values[slice(*self._where)]

    def words(self, meaning: Meaning) -> str | None:
        """The last value in words, with what the capture taught so far."""
        m, extra = self._message, meaning.extra(self.profile)
        if m is None:
            return None
        if secret(self.target, extra):
            return "secret"
        if self.element is not None:
            return element_words(self.element, meaning.device(m), extra)
        return None if self._where is None or self.attribute is None else _text(m, self._where, self.target, meaning)

    def table(self, meaning: Meaning) -> Table | None:
        """The last value as a table, None where it is single, absent or secret."""
        m, extra = self._message, meaning.extra(self.profile)
        if m is None or self.attribute is None or secret(self.target, extra):
            return None
        if m.apdu.items is None and m.target == self.target:
            return meaning.table(m)
        data = self.data()
        return None if data is None else value_table.of_value(self.target, data, meaning.device(m), extra, None)

    def show(self, meaning: Meaning) -> None:
        """Builds the last value and its words, with what the whole capture taught."""
        data = self.data()
        self.value = None if data is None else msgspec.to_builtins(data)
        self.text = self.words(meaning)
        if secret(self.target, meaning.extra(self.profile)):
            self.value = mask_builtins(self.value)


def _text(m: Message, where: tuple[int, int], target: Target, meaning: Meaning) -> str | None:
    if m.apdu.items is None and m.apdu.data == where and m.target == target:
        return meaning.text(m)
    return long_text(m.values, where, target, meaning.device(m), meaning.extra(m.pdu.profile), None)


class Objects:
    """A tap over messages. Values are kept as octets and built when rows are asked for."""

    def __init__(self, profiles: Mapping[str, Profile], known: KnownObjects | None = None) -> None:
        self.meaning = Meaning(profiles, known)
        self._seen: dict[Key, Seen] = {}
        self._waiting: dict[int, Message] = {}
        self._unnamed: list[tuple[Message, tuple[int, ...]]] = []  # short names read before the object list

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        return iter(frames)

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        return iter(exchanges)

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        for m in messages:
            self.add(m)
            yield m

    def add(self, m: Message) -> None:
        """Counts one message and learns from it."""
        self.meaning.learn(m)
        apdu = m.apdu
        if apdu.role == "request":
            if apdu.service in ("set", "write", "action", "access"):
                if len(self._waiting) >= MAX_WAITING:
                    del self._waiting[next(iter(self._waiting))]
                self._waiting[m.request if m.joined is not None and m.request else m.no] = m
        elif apdu.items is not None:
            self._items(m, self.meaning.items(m))
        elif m.target is not None:
            self._one(m, m.target)
        elif apdu.role == "unsolicited":
            for element in self.meaning.elements(m):
                self._element(m, element)

    def _at(self, m: Message, target: Target) -> Seen:
        key = (self.meaning.device(m).server, target.class_id, target.obis, target.attribute, target.method)
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = Seen(m, target, self.meaning)
        if seen.last_ns is None or (m.pdu.last_ns is not None and m.pdu.last_ns > seen.last_ns):
            seen.last_ns = m.pdu.last_ns
        if m.pdu.first_ns is not None and (seen.first_ns is None or m.pdu.first_ns < seen.first_ns):
            seen.first_ns = m.pdu.first_ns
        return seen

    def _one(self, m: Message, target: Target) -> None:
        """A response with one object, or an event notification."""
        apdu = m.apdu
        if _on_the_way(m):
            return
        asked = self._waiting.pop(m.request, None)
        seen = self._at(m, target)
        if apdu.role == "unsolicited":
            seen.pushes += 1
        elif apdu.result not in ("success", None):
            seen.errors += 1
            return
        elif apdu.service in READING:
            seen.reads += 1
        else:
            seen.writes += 1
            if asked is not None and target.attribute is not None:  # what was written is the value now
                seen.keep(asked, asked.apdu.data)
        seen.keep(m, apdu.data)

    def _items(self, m: Message, items: tuple[Item, ...], only: tuple[int, ...] | None = None) -> None:
        """Items of a list; only: those places, looked at again once their short names are known."""
        if _on_the_way(m):
            return
        asked = self._waiting.pop(m.request, None)
        written = asked.apdu.items if asked is not None and asked.apdu.items is not None else ()
        unnamed: list[int] = []
        for i, item in enumerate(items):
            if item.class_id < 0:
                if item.variable >= 0:
                    unnamed.append(i)
            elif only is None or i in only:
                self._item(m, item, asked, written[i] if i < len(written) else None)
        if unnamed and len(self._unnamed) < MAX_WAITING:
            self._unnamed.append((m, tuple(unnamed)))

    def _item(self, m: Message, item: Item, asked: Message | None, written: Item | None) -> None:
        seen = self._at(m, Target(item.class_id, item.obis, item.attribute, item.method))
        if m.apdu.role == "unsolicited":
            seen.pushes += 1
        elif item.result not in ("success", None):
            seen.errors += 1
            return
        elif m.apdu.service in READING or (m.apdu.service == "access" and _read(written)):
            seen.reads += 1
        else:
            seen.writes += 1
            if item.attribute is not None:
                if asked is not None and written is not None:
                    seen.keep(asked, written.data)
                return
        seen.keep(m, item.data)

    def _element(self, m: Message, element: Element) -> None:
        if not element.obis:
            return
        device = self.meaning.device(m)
        class_id = element_class(element, device)
        attribute = element.attribute or (2 if class_id >= 0 else None)  # a list by name alone does not say
        seen = self._at(m, Target(class_id, element.obis, attribute, None))
        seen.pushes += 1
        seen.keep(m, None, element)

    def rows(self) -> Iterator[Seen]:
        """Every row, with the last value and its meaning (with a scaler seen at any point)."""
        for seen in self.seen().values():
            seen.show(self.meaning)
            yield seen

    def seen(self) -> Mapping[Key, Seen]:
        """Every row, its value not built."""
        again, self._unnamed = self._unnamed, []
        for m, places in again:
            self._items(m, self.meaning.items(m), places)
        self._unite()
        return self._seen

    def _unite(self) -> None:
        """Pushed objects whose class the list did not say join the row of the object as the capture knows it."""
        for key in [key for key in self._seen if key[1] < 0]:
            server, _, code, attribute, method = key
            known = class_of(self.meaning.devices[server], code)
            if known < 0:
                continue
            seen = self._seen.pop(key)
            attribute = attribute or 2
            other = self._seen.get((server, known, code, attribute, method))
            if other is None:
                extra = self.meaning.extra(seen.profile)
                seen.target = Target(known, code, attribute, method)
                seen.class_id, seen.class_name = known, classes.class_name(known, extra)
                seen.attribute_name = classes.member_name(known, attribute, method, extra) or None
                self._seen[server, known, code, attribute, method] = seen
            else:
                other.join(seen)


def _on_the_way(m: Message) -> bool:
    """A response within a block transfer that is not its end: a block of data, or one that asks for the next."""
    block = m.apdu.block
    if block is None or m.joined is not None or m.apdu.role == "unsolicited":
        return False
    return m.apdu.result is None or (m.apdu.result == "success" and block.data != (0, 0))


def _read(asked: Item | None) -> bool:
    """An ACCESS item reads where its request carries no value but null-data and is no method."""
    if asked is None:
        return True
    where = asked.data
    return asked.method is None and (where is None or where[1] - where[0] <= 1)


__all__ = ["Objects", "Seen"]
