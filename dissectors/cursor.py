"""Cursor reads declared fields from octets; Trace reads them the same way and keeps the tree.

A dissector is written once over a Cursor. Every read is checked; what is wrong is a Problem, never
an exception that leaves `walk`. Only this file, fuse.py and shape.py index octets.
"""

from typing import Any, NoReturn

from dissectors.field import Field, Group
from dissectors.problem import APDU_TRUNC, Kind, Problem


class Stop(Exception):
    """Ends one layer. Raised by Cursor, caught by layer.walk and by callers of a bare dissect."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


class Node:
    """One field of the tree: octets start..end of one buffer, a value, children in order."""

    __slots__ = ("children", "end", "field", "start", "text", "value")

    def __init__(self, field: Field, start: int, end: int, value: Any = None) -> None:
        self.field = field
        self.start = start
        self.end = end
        self.value = value
        self.text: str | None = None  # where a dissector knows better words than the field's own
        self.children: list[Node] = []


class Cursor:
    """A checked reader of octets[pos:end].

    short is the problem that a read past the end stops with: args are the field's label, the octets
    needed and the octets left. buffer names the octets for problems ("frame", "apdu", …).
    """

    __slots__ = ("buffer", "end", "octets", "pos", "problems", "short")
    tracing = False

    def __init__(
        self, octets: bytes, pos: int = 0, end: int | None = None, short: Kind = APDU_TRUNC, buffer: str = "frame"
    ) -> None:
        self.octets = octets
        self.pos = pos
        self.end = len(octets) if end is None else end
        self.short = short
        self.buffer = buffer
        self.problems: tuple[Problem, ...] = ()

    def left(self) -> int:
        """Octets not yet read."""
        return self.end - self.pos

    def _need(self, label: str, n: int) -> NoReturn:
        raise Stop(Problem(self.short, self.pos, self.end, (label, n, self.end - self.pos), self.buffer))

    def read(self, group: Group) -> tuple[Any, ...]:
        """All values of a group, one struct call."""
        p = self.pos
        q = p + group.size
        if q > self.end:
            self._need(group.fields[0].label, group.size)
        self.pos = q
        return group.unpack_from(self.octets, p)

    def u8(self, field: Field) -> int:
        p = self.pos
        if p >= self.end:
            self._need(field.label, 1)
        self.pos = p + 1
        return self.octets[p]

    def u16(self, field: Field) -> int:
        return self.uint(field, 2)

    def u32(self, field: Field) -> int:
        return self.uint(field, 4)

    def uint(self, field: Field, n: int) -> int:
        """Unsigned, big endian, n octets."""
        p = self.pos
        q = p + n
        if q > self.end:
            self._need(field.label, n)
        self.pos = q
        return int.from_bytes(self.octets[p:q], "big")

    def sint(self, field: Field, n: int) -> int:
        """Two's complement, big endian, n octets."""
        p = self.pos
        q = p + n
        if q > self.end:
            self._need(field.label, n)
        self.pos = q
        return int.from_bytes(self.octets[p:q], "big", signed=True)

    def take(self, field: Field, n: int) -> bytes:
        """Exactly n octets."""
        p = self.pos
        q = p + n
        if n < 0 or q > self.end:
            self._need(field.label, n)
        self.pos = q
        return self.octets[p:q]

    def take_some(self, field: Field, n: int) -> bytes:
        """Up to n octets; fewer are noted as a problem, not a stop."""
        if self.pos + n > self.end:
            self.note(self.short, self.pos - self.end, field.label, n, self.end - self.pos)
            n = self.end - self.pos
        return self.take(field, n)

    def payload(self, field: Field, n: int) -> tuple[int, int]:
        """Range of up to n octets in the same buffer, for the next layer; never a copy."""
        p = self.pos
        q = p + n
        if q > self.end:
            self.note(self.short, p - self.end, field.label, n, self.end - p)
            q = self.end
        self.pos = q
        return p, q

    def peek(self, offset: int = 0) -> int:
        """The octet at pos + offset without reading it, -1 past the end."""
        p = self.pos + offset
        return self.octets[p] if p < self.end else -1

    def bits(self, field: Field, value: int, mask: int) -> int:
        """A bit field of the octets just read: value & mask, shifted down."""
        return (value & mask) >> ((mask & -mask).bit_length() - 1)

    def open(self, field: Field) -> None:
        """Starts a container: what is read until close() are its children."""

    def close(self, value: Any = None, text: str | None = None) -> None:
        """Ends the container; its own value and text where it has them."""

    def text(self, words: str) -> None:
        """Better words for the field just read."""

    def note(self, kind: Kind, octets: int, *args: Any) -> None:
        """A problem about the last so many octets (negative: about those from here on); goes on."""
        a, b = (self.pos - octets, self.pos) if octets >= 0 else (self.pos, self.pos - octets)
        self.problems += (Problem(kind, a, b, args, self.buffer),)

    def stop(self, kind: Kind, *args: Any) -> NoReturn:
        """A problem that ends this layer."""
        raise Stop(Problem(kind, self.pos, self.end, args, self.buffer))


class Trace(Cursor):
    """The same reads, and a tree of Nodes: one for each field, containers nested."""

    __slots__ = ("_open", "root")
    tracing = True

    def __init__(
        self, octets: bytes, pos: int = 0, end: int | None = None, short: Kind = APDU_TRUNC, buffer: str = "frame"
    ) -> None:
        super().__init__(octets, pos, end, short, buffer)
        self.root: list[Node] = []
        self._open: list[Node] = []

    def _add(self, field: Field, start: int, value: Any) -> None:
        (self._open[-1].children if self._open else self.root).append(Node(field, start, self.pos, value))

    def read(self, group: Group) -> tuple[Any, ...]:
        values = super().read(group)
        end = self.pos
        p = end - group.size
        for field, width, value in zip(group.fields, group.widths, values, strict=True):
            self.pos = p + width
            self._add(field, p, value)
            p += width
        self.pos = end
        return values

    def u8(self, field: Field) -> int:
        value = super().u8(field)
        self._add(field, self.pos - 1, value)
        return value

    def uint(self, field: Field, n: int) -> int:
        value = super().uint(field, n)
        self._add(field, self.pos - n, value)
        return value

    def sint(self, field: Field, n: int) -> int:
        value = super().sint(field, n)
        self._add(field, self.pos - n, value)
        return value

    def take(self, field: Field, n: int) -> bytes:
        value = super().take(field, n)
        self._add(field, self.pos - n, value)
        return value

    def payload(self, field: Field, n: int) -> tuple[int, int]:
        start, end = super().payload(field, n)
        self._add(field, start, None)
        return start, end

    def bits(self, field: Field, value: int, mask: int) -> int:
        found = super().bits(field, value, mask)
        width = max(1, (mask.bit_length() + 7) // 8)
        self._add(field, max(0, self.pos - width), found)
        return found

    def open(self, field: Field) -> None:
        node = Node(field, self.pos, self.pos)
        (self._open[-1].children if self._open else self.root).append(node)
        self._open.append(node)

    def close(self, value: Any = None, text: str | None = None) -> None:
        node = self._open.pop()
        node.end = self.pos
        node.value = value
        node.text = text

    def text(self, words: str) -> None:
        nodes = self._open[-1].children if self._open else self.root
        if nodes:
            nodes[-1].text = words

    def finish(self) -> list[Node]:
        """The tree; containers left open by a stop end where reading ended."""
        while self._open:
            self.close()
        return self.root
