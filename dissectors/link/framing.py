"""Framing: a stream of chunks of one way of one conversation becomes units; no octet is lost.

HDLC and wrapper framers share this form, so that the same framer reads a serial line, a TCP
stream, a UDP datagram or a log line.
"""

from typing import Any, Protocol

from dissectors.problem import Problem
from dissectors.record import Value


class Chunk(Value, frozen=True, gc=False):
    """Octets that arrived together: of one record, in order. carrier: what the packet holds around
    them (given to the first unit that uses the chunk). gap_ns: the largest pause between two of them, within the
    uncertainty; None where the capture does not say."""

    octets: bytes
    record: int
    first_ns: int | None = None
    last_ns: int | None = None
    uncertainty_ns: int | None = None
    carrier: bytes = b""
    gap_ns: int | None = None


class Unit(Value, frozen=True, gc=False):
    """One protocol unit, or noise (value None, kind "noise").

    gap_ns: the largest pause known inside it, between chunks and in them; None where none is known.
    trusted: False where a check sequence failed: shown, but never handed on.
    """

    octets: bytes
    records: tuple[int, ...]
    first_ns: int | None
    last_ns: int | None
    uncertainty_ns: int | None
    kind: str
    value: Any = None
    payload: bytes = b""
    problems: tuple[Problem, ...] = ()
    carrier: bytes = b""
    gap_ns: int | None = None
    trusted: bool = True


class Framer(Protocol):
    """Sans-IO. The octets of all units, joined, are the octets of all chunks, joined."""

    def feed(self, chunk: Chunk) -> list[Unit]:
        """Units completed by this chunk, in order."""

    def lose(self, octets: int) -> list[Unit]:
        """Octets of the stream are missing here: gives up what is unfinished, then resynchronizes."""

    def end(self) -> list[Unit]:
        """The stream is over: what is left, as a truncated unit or noise."""
