"""Objects: every COSEM attribute and method that was read, written, pushed or invoked, per server."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analyzer import rows, words
from analyzer.meaning import Meaning
from analyzer.model import Exchange, Message, Target
from dissectors.cosem import classes, obis
from dissectors.profile import Profile
from dissectors.record import Frame


class Seen:
    """One attribute or method of one object of one server: a row of `--level object`."""

    __slots__ = (
        "attribute", "attribute_name", "class_id", "class_name", "errors", "first_ns", "last_ns", "message", "method",
        "name", "obis", "physical", "profile", "pushes", "reads", "server", "server_address", "text", "value", "writes",
    )  # fmt: skip

    def __init__(self, m: Message, t: Target) -> None:
        self.profile = m.pdu.profile
        self.server = m.pdu.server
        self.physical = m.pdu.physical
        self.server_address = rows.message_ends(m)[1]
        self.class_id = t.class_id
        self.class_name = classes.class_name(t.class_id)
        self.obis = words.obis(t.obis)
        self.name = obis.name(t.obis).text
        self.attribute = t.attribute
        self.attribute_name = classes.member_name(t.class_id, t.attribute, t.method) or None
        self.method = t.method
        self.reads = self.writes = self.pushes = self.errors = 0
        self.message: Message | None = None
        self.value: Any = None
        self.text: str | None = None
        self.first_ns = m.pdu.first_ns
        self.last_ns = m.pdu.last_ns


class Objects:
    """A tap over messages. The last value is kept as octets and built when rows are asked for."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._meaning = Meaning(profiles)
        self._seen: dict[tuple[Any, ...], Seen] = {}

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        return iter(frames)

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        return iter(exchanges)

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        for m in messages:
            t = m.target
            if t is not None and m.apdu.role != "request":
                self._count(m, t)
            yield m

    def _count(self, m: Message, t: Target) -> None:
        key = (m.pdu.path.number, m.pdu.server, m.pdu.physical, t.class_id, t.obis, t.attribute, t.method)
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = Seen(m, t)
        seen.last_ns = m.pdu.last_ns
        if m.apdu.role == "unsolicited":
            seen.pushes += 1
        elif m.apdu.result not in ("success", None):
            seen.errors += 1
        elif m.apdu.service == "get":
            seen.reads += 1
        else:
            seen.writes += 1
        if m.apdu.data is not None:
            seen.message = m
            self._meaning.learn(m)

    def rows(self) -> Iterator[Seen]:
        """Every row, with the last value and its meaning (with a scaler seen at any point)."""
        for seen in self._seen.values():
            if seen.message is not None:
                seen.value = rows.data_of(seen.message)
                seen.text = self._meaning.text(seen.message)
            yield seen
