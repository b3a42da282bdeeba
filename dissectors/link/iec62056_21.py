"""Messages of IEC 62056-21 in all modes (6.3), and P1 telegrams, as text of seven bits.

    request          / ? [device address] ! CR LF
    identification   / X X X Z [\\ W] … identification CR LF
    option select    ACK V Z Y CR LF
    data             STX data [! CR LF] ETX BCC            EOT in place of ETX: a partial block, more follows
    command, break   SOH C D [STX data] ETX BCC            B0 is the break
    telegram         identification, CR LF, data, ! [CRC16 in hex] CR LF        mode D and P1: nobody asked
    wake-up          NUL NUL …                             ack, nak: one character

BCC is the exclusive or of all characters behind the first STX or SOH up to ETX or EOT. A tap listens 8N1: bit 7 is
the parity of a 7E1 line, checked here over the octets of one message and left out of the text.
"""

import re
from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import Final

from fastcrc import crc16

from dissectors import problem
from dissectors.context import EMPTY, Context
from dissectors.cursor import Cursor, Stop
from dissectors.field import Field
from dissectors.layer import Layer
from dissectors.link import iec62056_21_readout as readout
from dissectors.link import seven_bits
from dissectors.link.iec62056_21_readout import TEXT, Reading, Words, text
from dissectors.problem import Problem
from dissectors.record import Direction, Value

NUL, SOH, STX, ETX, EOT, ACK, NAK = 0, 1, 2, 3, 4, 6, 21
CONTROLS = {NUL: "NUL", SOH: "SOH", STX: "STX", ETX: "ETX", EOT: "EOT", ACK: "ACK", NAK: "NAK"}
RATES = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
LETTER_RATES = {"A": 600, "B": 1200, "C": 2400, "D": 4800, "E": 9600, "F": 19200}  # mode B
RESERVED_RATES = frozenset("789GHI")
PROTOCOLS = {"0": "normal", "1": "secondary", "2": "HDLC"}
OPTIONS = {"0": "data readout", "1": "programming", "2": "binary mode (HDLC)"}
OPTIONS |= dict.fromkeys("6789", "of the manufacturer")
COMMANDS = {
    "P0": "operand of the secure algorithm", "P1": "password", "P2": "result of the secure algorithm",
    "W1": "write", "W2": "write, formatted", "W3": "write, partial blocks", "W4": "write formatted, partial blocks",
    "R1": "read", "R2": "read, formatted", "R3": "read, partial blocks", "R4": "read formatted, partial blocks",
    "E2": "execute, formatted", "B0": "break", "B1": "break, fast wake-up",
}  # fmt: skip
SECRETS = frozenset(("P1", "P2"))
ADDRESS_MAX, IDENTIFICATION_MAX = 32, 16
PLACES_MAX = 16  # octets that one parity problem names
UP, DOWN, UNKNOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)
LINE_STOPS = (b"", b"\r", b"\n")
# A device speaks or is spoken to; acknowledgements are told by who has the turn.
DIRECTIONS = {
    "request": UP, "option-select": UP, "command": UP, "break": UP, "wake-up": UP,
    "identification": DOWN, "data": DOWN, "p1": DOWN, "mode-d": DOWN,
}  # fmt: skip


def rate_of(z: str) -> int:
    """The rate in Bd that a baud rate character stands for, 0 for none."""
    return RATES.get(z) or LETTER_RATES.get(z, 0)


def _control(octet: int) -> str:
    return CONTROLS.get(octet & 0x7F, f"0x{octet:02X}")


def _named(names: dict[str, str]) -> Callable[[bytes], str]:
    def show(octets: bytes) -> str:
        code = text(octets)
        return f"{code} ({names.get(code, 'not defined')})"

    return show


def _rate(octets: bytes) -> str:
    z = text(octets)
    return f"{z} ({rate_of(z)} Bd)" if rate_of(z) else z


CONTROL = Field("iec62056-21.control", "Control character", type="encoding", show=_control)
START = Field("iec62056-21.start", "Start", type="encoding", show=text)
ADDRESS = Field("iec62056-21.device-address", "Device address", type="text", show=text, clause="6.3.1")
END = Field("iec62056-21.end", "End", type="encoding", show=text)
MANUFACTURER = Field("iec62056-21.manufacturer", "Manufacturer", type="text", show=text, clause="6.3.2")
BAUD = Field("iec62056-21.baud", "Baud rate character", type="text", show=_rate, clause="6.3.2")
ENHANCED = Field("iec62056-21.enhanced", "Enhanced capability", type="text", show=text, clause="6.3.2")
IDENTIFICATION = Field("iec62056-21.identification", "Identification", type="text", show=text, clause="6.3.2")
PROTOCOL = Field("iec62056-21.protocol", "Protocol control", type="text", show=_named(PROTOCOLS), clause="6.4.5")
OPTION = Field("iec62056-21.option", "Mode control", type="text", show=_named(OPTIONS), clause="6.4.5")
COMMAND = Field("iec62056-21.command", "Command", type="text", show=_named(COMMANDS), clause="6.3.12")
PASSWORD = Field("iec62056-21.password", "Password", type="text", show=lambda v: "•" * len(v), clause="6.3.12")
DATA = Field("iec62056-21.data", "Data", type="node", clause="6.5")
BCC = Field("iec62056-21.bcc", "Block check character", show=lambda v: f"0x{v:02X}", clause="6.3.14")
CRC = Field("iec62056-21.crc", "CRC16", type="text", show=text)
NULS = Field("iec62056-21.wake-up", "Wake-up", type="encoding", show=lambda v: f"{len(v)} NUL characters")

_ADDRESS: Final = re.compile(rb"[^!\r\n]*")
_LETTERS: Final = re.compile(rb"[A-Za-z]{3}")
_ENHANCED: Final = re.compile(rb"\\[^\r\n]")
_LINE: Final = re.compile(rb"[^\r\n]*")
_BODY: Final = re.compile(rb"[^\x03\x04]*")
_CRC: Final = re.compile(rb"[0-9A-Fa-f]{0,4}")
_RUN: Final = re.compile(rb"\x00*")
_ERROR: Final = re.compile(rb"\(((?:ER|Er|er)[^()]{0,40})\)")
_CONTROL_IN_TEXT: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Iec21(Value, frozen=True, gc=False):
    """kind: see DIRECTIONS, and "ack", "nak". direction: as the shape of the message tells it. parity: of its octets.

    rate: in Bd, of the baud rate character, 0 without. mode: "A" to "E", as an identification announces it. command:
    two characters, "R1". more: a partial block, the next one follows. good: its block check or CRC16 is right, or it
    has none.
    """

    kind: str
    direction: int
    parity: str = seven_bits.NONE
    address: str = ""
    manufacturer: str = ""
    baud: str = ""
    mode: str = ""
    identification: str = ""
    protocol: str = ""
    option: str = ""
    command: str = ""
    readings: tuple[Reading, ...] = ()
    more: bool = False
    good: bool = True

    @property
    def rate(self) -> int:
        return rate_of(self.baud)

    @property
    def fast(self) -> bool:
        """The third letter of the manufacturer is lower case: reaction time of 20 ms, else 200 ms (6.3.2)."""
        return self.manufacturer[2:].islower()


def mode_of(baud: str, enhanced: str) -> str:
    """The mode that an identification announces: E with \\2, C by a digit, B by a letter, else A (6.4)."""
    if "\\2" in enhanced:
        return "E"
    return "C" if baud.isdigit() else "B" if "A" <= baud <= "I" else "A"


# -- one message -------------------------------------------------------------------------------------


def dissect(c: Cursor, ctx: Context) -> Iec21:
    """Problems: iec62056-21.parity, .character and those of the message; .trunc where its end is missing."""
    w = Words(c)
    begin = c.pos
    found = seven_bits.parity(c.octets[begin : c.end])
    _judge_parity(c, found)
    first = w.peek()
    if not first:
        c.stop(problem.IEC21_TRUNC, "Start", 1, 0)
    make = _MESSAGES.get(first)
    if make is None:
        c.stop(problem.IEC21_START, c.peek())
    return make(w, found.kind)


def _judge_parity(c: Cursor, found: seven_bits.Parity) -> None:
    n = c.left()
    if found.kind == seven_bits.ODD:
        c.note(problem.IEC21_PARITY_ODD, -n)
    if found.wrong:
        first = found.wrong[0]
        named = ", ".join(map(str, found.wrong[:PLACES_MAX])) + (", …" if len(found.wrong) > PLACES_MAX else "")
        kind = "no" if found.kind == seven_bits.NONE else found.kind
        c.problems += (
            Problem(
                problem.IEC21_PARITY, c.pos + first, c.pos + first + 1, (len(found.wrong), n, kind, named), c.buffer
            ),
        )


def _judge_text(c: Cursor, octets: int, words: bytes) -> None:
    """Notes control characters in the text just read. Problems: iec62056-21.character."""
    found = _CONTROL_IN_TEXT.findall(words)
    if found:
        c.note(problem.IEC21_CHARACTER, octets, len(found), found[0][0])


def _close_line(w: Words) -> None:
    if not w.line_end():
        w.c.note(problem.IEC21_TRUNC, 0, "Line end", 2, w.c.left())


def _slash(w: Words, parity: str) -> Iec21:
    """Request or identification, told apart by the second character."""
    w.take(START, 1)
    return (_request if w.peek() == b"?" else _identification)(w, parity)


def _request(w: Words, parity: str) -> Iec21:
    """Problems: iec62056-21.long, .trunc (line end), .syntax without "!"."""
    c = w.c
    w.take(START, 1)
    found = w.match(_ADDRESS)
    assert found is not None
    address = w.take(ADDRESS, len(found[0])) if found[0] else ""
    _judge_text(c, len(address), found[0])
    if len(address) > ADDRESS_MAX:
        c.note(problem.IEC21_LONG, len(address), "device address", len(address), ADDRESS_MAX)
    if w.peek() == b"!":
        w.take(END, 1)
    elif c.left():
        c.note(problem.IEC21_SYNTAX, len(address) + 2, 'request message without "!"')
    _close_line(w)
    _nothing_more(w)
    return Iec21("request", UP, parity, address)


def _identification(w: Words, parity: str) -> Iec21:
    """Problems: iec62056-21.baud, .long, .trunc, .syntax where no three letters name the manufacturer; then
    those of a telegram, where one follows."""
    c = w.c
    begin = c.pos - 1
    manufacturer = ""
    if w.match(_LETTERS) is not None:
        manufacturer = w.take(MANUFACTURER, 3)
    else:
        c.note(problem.IEC21_SYNTAX, 1, "three letters of the manufacturer are expected behind /")
    z = w.take(BAUD, 1) if w.peek() not in LINE_STOPS else ""
    enhanced = ""
    while w.match(_ENHANCED) is not None:
        enhanced += w.take(ENHANCED, 2)
    line = w.match(_LINE)
    assert line is not None
    words = w.take(IDENTIFICATION, len(line[0])) if line[0] else ""
    _judge_text(c, len(words), line[0])
    if len(words) > IDENTIFICATION_MAX:
        c.note(problem.IEC21_LONG, len(words), "identification", len(words), IDENTIFICATION_MAX)
    _close_line(w)
    if c.left():
        return _telegram(w, parity, begin, (manufacturer, z, words))
    if z in RESERVED_RATES:
        c.note(problem.IEC21_BAUD, 0, z)
    return Iec21("identification", DOWN, parity, "", manufacturer, z, mode_of(z, enhanced), words)


def _telegram(w: Words, parity: str, begin: int, head: tuple[str, str, str]) -> Iec21:
    """Identification and data in one: mode D, or P1 with the CRC16 of all from "/" to "!" (DSMR P1).

    Problems: those of the data, iec62056-21.crc, .crc-form, .trunc without "!"."""
    c = w.c
    c.open(DATA)
    readings = readout.read(w, False)
    c.close()
    good = True
    said = ""
    if w.peek() == b"!":
        w.take(END, 1)
        computed = crc16.arc(seven_bits.plain(c.octets[begin : c.pos]))
        found = w.match(_CRC)
        assert found is not None
        said = w.take(CRC, len(found[0])) if found[0] else ""
        if said:
            good = int(said, 16) == computed
            if not good:
                c.note(problem.IEC21_CRC, len(said), said, computed)
            elif len(said) < 4:
                c.note(problem.IEC21_CRC_FORM, len(said), said)
        w.line_end()  # its absence is no loss: nothing that counts is behind "!"
        _nothing_more(w)
    else:
        c.note(problem.IEC21_TRUNC, 0, '"!"', 1, 0)
    manufacturer, z, words = head
    kind = "mode-d" if z == "3" and not said else "p1"
    return Iec21(kind, DOWN, parity, "", manufacturer, z, "D", words, readings=readings, good=good)


def _acknowledgement(w: Words, parity: str) -> Iec21:
    """ACK alone, or the option select message. Problems: iec62056-21.option, .baud, .trunc."""
    c = w.c
    c.u8(CONTROL)
    if not c.left():
        return Iec21("ack", UNKNOWN, parity)
    v = w.take(PROTOCOL, 1)
    if v not in PROTOCOLS:
        c.note(problem.IEC21_OPTION, 1, "protocol control", v)
    z = w.take(BAUD, 1)
    if z not in RATES:
        c.note(problem.IEC21_BAUD, 1, z)
    y = w.take(OPTION, 1)
    if y not in OPTIONS:
        c.note(problem.IEC21_OPTION, 1, "mode control", y)
    _close_line(w)
    _nothing_more(w)
    return Iec21("option-select", UP, parity, "", "", z, protocol=v, option=y)


def _refusal(w: Words, parity: str) -> Iec21:
    """Problems: iec62056-21.nak."""
    w.c.u8(CONTROL)
    w.c.note(problem.IEC21_NAK, 1)
    _nothing_more(w)
    return Iec21("nak", UNKNOWN, parity)


def _wake_up(w: Words, parity: str) -> Iec21:
    found = w.match(_RUN)
    assert found is not None
    w.c.take(NULS, len(found[0]))
    _nothing_more(w)
    return Iec21("wake-up", UP, parity)


def _data(w: Words, parity: str) -> Iec21:
    """Problems: those of the data and of the block check; iec62056-21.error for (ER…)."""
    c = w.c
    c.u8(CONTROL)
    readings, more, good = _block(w, c.pos, "")
    return Iec21("data", DOWN, parity, readings=readings, more=more, good=good)


def _command(w: Words, parity: str) -> Iec21:
    """Problems: iec62056-21.command, .password, and those of the block check."""
    c = w.c
    c.u8(CONTROL)
    begin = c.pos
    command = w.take(COMMAND, 2)
    if command not in COMMANDS:
        c.note(problem.IEC21_COMMAND, 2, command)
    if w.peek() == b"\x02":
        c.u8(CONTROL)
    readings, more, good = _block(w, begin, command)
    kind = "break" if command[0] == "B" else "command"
    direction = DOWN if command == "P0" else UP  # only the device asks for a password
    return Iec21(kind, direction, parity, command=command, readings=readings, more=more, good=good)


def _block(w: Words, begin: int, command: str) -> tuple[tuple[Reading, ...], bool, bool]:
    """Data, end and block check character: (readings, whether more follows, whether the check is right).

    Problems: iec62056-21.bcc, .bcc-missing, .character, .trunc, .password."""
    c = w.c
    body = w.match(_BODY)
    assert body is not None
    start = c.pos
    readings: tuple[Reading, ...] = ()
    if command in SECRETS and body[0]:
        c.take(PASSWORD, len(body[0]))
        if command == "P1":
            c.note(problem.IEC21_PASSWORD, len(body[0]))
    elif body[0]:
        c.open(DATA)
        readings = readout.read(w, not command)
        while w.peek() == b"!":
            w.take(END, 1)
            w.line_end()
            readings += readout.read(w, not command)
        c.close()
    _judge_text(c, c.pos - start, body[0])
    error = None if command else _ERROR.search(body[0])
    if error is not None:
        c.note(problem.IEC21_ERROR, c.pos - start, error[1].decode("ascii"))
    if not c.left():
        c.note(problem.IEC21_BCC_MISSING, 0)
        return readings, False, True
    more = c.u8(CONTROL) & 0x7F == EOT
    computed = reduce(xor, seven_bits.plain(c.octets[begin : c.pos]), 0)
    if not c.left():
        c.note(problem.IEC21_TRUNC, 0, "Block check character", 1, 0)
        return readings, more, False
    said = c.u8(BCC) & 0x7F
    if said != computed:
        c.note(problem.IEC21_BCC, 1, said, computed)
    _nothing_more(w)
    return readings, more, said == computed


def _nothing_more(w: Words) -> None:
    """What stands behind the end of a message. Problems: iec62056-21.syntax."""
    n = w.c.left()
    if n:
        w.take(TEXT, n)
        w.c.note(problem.IEC21_SYNTAX, n, f"{n} characters behind the end of the message")


_MESSAGES: Final[dict[bytes, Callable[[Words, str], Iec21]]] = {
    b"/": _slash,
    bytes((ACK,)): _acknowledgement,
    bytes((NAK,)): _refusal,
    bytes((STX,)): _data,
    bytes((SOH,)): _command,
    bytes((NUL,)): _wake_up,
}

LAYER = Layer(
    "iec62056-21",
    "IEC 62056-21",
    dissect,
    problem.IEC21_TRUNC,
    (
        CONTROL, START, ADDRESS, END, MANUFACTURER, BAUD, ENHANCED, IDENTIFICATION, PROTOCOL, OPTION, COMMAND, PASSWORD,
        DATA, BCC, CRC, NULS, *readout.FIELDS,
    ),
)  # fmt: skip


# -- for those who have octets alone -------------------------------------------------------------------


def read(octets: bytes) -> tuple[Iec21 | None, tuple[Problem, ...]]:
    """Value and problems of one message; a stop is the last problem."""
    c = Cursor(octets, short=problem.IEC21_TRUNC)
    try:
        return dissect(c, EMPTY), c.problems
    except Stop as stopped:
        return None, (*c.problems, stopped.problem)


_SECRET: Final = re.compile(r"(?<=\x01P[12]\x02)[^\x03\x04]+")


def words(octets: bytes) -> str:
    """A message as text, parity left out, controls by name: "<ACK>050", a password as dots. Line ends as "⏎"."""
    shown = _SECRET.sub(lambda found: "•" * len(found[0]), text(octets)).replace("\r\n", "⏎")
    return "".join(f"<{CONTROLS[o]}>" if (o := ord(character)) in CONTROLS else character for character in shown)
