"""Data of IEC 62056-21 messages and P1 telegrams (6.5): data sets `id(value*unit)(value)…`, up to "!" or the end.

An id is a reduced OBIS code: `1.8.0`, with `A-B:` in front and `*F` behind where they are needed, or a short name of
the manufacturer. A line that begins with a value goes on with the data set before it (P1 before version 4).
"""

import re
from typing import Final

from dissectors import problem
from dissectors.cosem import obis
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.link import seven_bits
from dissectors.record import Value

LINE_MAX = 78  # characters of a line of a data message with CR LF
NOTES_MAX = 16  # complaints about single lines of one message
LINE_ENDS = {b"\r\n": "CR LF", b"\n": "LF alone", b"\r": "CR alone"}


def text(octets: bytes) -> str:
    """Octets of a line as text, parity bits left out."""
    return seven_bits.plain(octets).decode("ascii")


SET = Field("iec62056-21.data-set", "Data set", type="node", clause="6.5")
ID = Field("iec62056-21.id", "Identification", type="text", show=text, clause="6.5")
VALUE = Field("iec62056-21.value", "Value", type="text", show=text, clause="6.5")
UNIT = Field("iec62056-21.unit", "Unit", type="text", show=text, clause="6.5")
MARK = Field("iec62056-21.mark", "Separator", type="encoding", show=text)
LINE_END = Field("iec62056-21.line-end", "Line end", type="encoding", show=lambda v: LINE_ENDS[seven_bits.plain(v)])
TEXT = Field("iec62056-21.text", "Text", type="text", show=text)
FIELDS = (SET, ID, VALUE, UNIT, MARK, LINE_END, TEXT)

# "(", ")", "!" and the characters that end a block stand in no id, value or unit.
_SET: Final = re.compile(rb"([^()!\r\n\x03\x04]*)\([^()!\r\n\x03\x04]*\)")
_VALUE: Final = re.compile(rb"\(([^()*!\r\n\x03\x04]*)(?:\*([^()!\r\n\x03\x04]*))?\)")
_END: Final = re.compile(rb"\r\n|\n|\r")
_OTHER: Final = re.compile(rb"[^!\r\n\x03\x04]+")
STOPS: Final = (b"!", b"\x03", b"\x04", b"")


class Reading(Value, frozen=True, gc=False):
    """One data set. obis: six octets, b"" where the id is no OBIS code. values: (value, unit) of each bracket."""

    id: str
    obis: bytes
    values: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """As a person writes it: "1.8.0 = 000123.4 kWh"."""
        return f"{self.id} = " + ", ".join(f"{value} {unit}".rstrip() for value, unit in self.values)


class Words:
    """The text of the octets that a cursor has yet to read: matched in seven bits, read as they came."""

    __slots__ = ("_begin", "_noted", "c", "plain")

    def __init__(self, c: Cursor) -> None:
        self.c = c
        self.plain = seven_bits.plain(c.octets[c.pos : c.end])
        self._begin = c.pos
        self._noted = False

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        return pattern.match(self.plain, self.c.pos - self._begin)

    def take(self, field: Field, n: int) -> str:
        """The next n characters."""
        return text(self.c.take(field, n))

    def peek(self) -> bytes:
        """The next character, b"" at the end."""
        at = self.c.pos - self._begin
        return self.plain[at : at + 1]

    def line_end(self) -> bool:
        """Reads a line end where there is one. Problems: iec62056-21.line-end, once a message."""
        found = self.match(_END)
        if found is None:
            return False
        self.c.take(LINE_END, len(found[0]))
        if found[0] != b"\r\n" and not self._noted:
            self._noted = True
            self.c.note(problem.IEC21_LINE_END, len(found[0]), LINE_ENDS[found[0]])
        return True


def read(w: Words, lines: bool) -> tuple[Reading, ...]:
    """The data sets up to "!", ETX, EOT or the end. lines: they stand in lines of limited length.

    Problems: iec62056-21.line-end, .line, .syntax for what is no data set; at most NOTES_MAX lines have one.
    """
    c = w.c
    out: list[Reading] = []
    notes = 0
    begin = c.pos
    fresh = True  # at the start of a line
    while w.peek() not in STOPS:
        before = c.problems
        found = w.match(_SET)
        if found is not None:
            reading = _data_set(w, len(found[1]))
            if not found[1] and fresh and out:
                out[-1] = Reading(out[-1].id, out[-1].obis, out[-1].values + reading.values)
            else:
                out.append(reading)
            fresh = False
            continue
        if w.line_end():
            if lines and c.pos - begin > LINE_MAX:
                c.note(problem.IEC21_LINE, c.pos - begin, c.pos - begin, LINE_MAX)
            begin = c.pos
            fresh = True
        else:
            other = w.match(_OTHER)
            assert other is not None  # no line end, none of STOPS
            words = w.take(TEXT, len(other[0]))
            c.note(problem.IEC21_SYNTAX, len(words), f"{words[:40]!r} is no data set id(value)")
        if c.problems is not before:
            notes += 1
            if notes > NOTES_MAX:
                c.problems = before
    return tuple(out)


def _data_set(w: Words, id_octets: int) -> Reading:
    """One id and all its values; the octets are known to be there."""
    c = w.c
    c.open(SET)
    name = w.take(ID, id_octets) if id_octets else ""
    values: list[tuple[str, str]] = []
    while (found := w.match(_VALUE)) is not None:
        w.take(MARK, 1)
        value = w.take(VALUE, len(found[1]))
        unit = ""
        if found[2] is not None:
            w.take(MARK, 1)
            unit = w.take(UNIT, len(found[2]))
        w.take(MARK, 1)
        values.append((value, unit))
    reading = Reading(name, obis.parse(name) or b"", tuple(values))
    c.close(None, _words(reading) if c.tracing else None)
    return reading


def _words(reading: Reading) -> str:
    """The text of a data set, and what its OBIS code stands for."""
    found = obis.name(reading.obis).text if reading.obis else ""
    return reading.text + (f"  ({found})" if found else "")
