"""Where a text message of IEC 62056-21 ends, by its characters alone (6.3): what its framer asks.

Places are in a stream of seven-bit characters of which those before `known` are settled. A pattern for each
character that can begin a message; `extent` never looks at what is not there yet, and says when more is needed.
"""

import re
from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import Final

from dissectors.link import seven_bits
from dissectors.record import Value

WHOLE, SO_FAR, MORE, CUT, NO = "whole", "so far", "more", "cut", "no"
LINE_MAX = 98  # characters of a request or identification, well above what is allowed
NULS_MIN = 8  # a wake-up has 63 and more; a shorter run is a glitch
CUT_MIN = 4  # characters of a message whose end is missing
SHARE = 8  # one character in so many may be damaged

_START: Final = re.compile(rb"[/\x00\x01\x02\x06\x15]")
_END: Final = re.compile(rb"\r\n|\n|\r")
_DAMAGE: Final = rb"[\x00\x05\x07\x08\x0b\x0c\x0e-\x14\x16-\x1f\x7f]{2}"  # two characters in a row that are no text
_DAMAGED: Final = re.compile(_DAMAGE)
_NEXT: Final = rb"[\r\n]/[A-Za-z]{3}|/(?:\?|[A-Z][A-Za-z]{2}[0-9])"  # a request or identification: no data has those
_AGAIN: Final = re.compile(rb"/\?")
_IDENTIFICATION: Final = re.compile(rb"/[A-Za-z]{3}[^\r\n]")
_DATA_FOLLOWS: Final = re.compile(rb"[\r\n]|[0-9A-Z][0-9A-Z.:*\-]{0,24}\(")
_DATA_BEGUN: Final = re.compile(rb"[0-9A-Z][0-9A-Z.:*\-]{0,24}\Z")
_TELEGRAM_STOP: Final = re.compile(rb"!|\x01[A-Z][0-9]|\x06[0-9]{3}\r|" + _NEXT + rb"|" + _DAMAGE)
_CHECK: Final = re.compile(rb"![ 0-9A-Za-z]{0,16}(\r\n|\n|\r)?")
_BLOCK_STOP: Final = re.compile(rb"[\x01-\x04\x06\x15]|!(?:\r\n|\n|\r)|" + _NEXT + rb"|" + _DAMAGE)
_COMMAND: Final = re.compile(rb"\x01[A-Za-z][0-9A-Za-z](?:\x02|(?=[\x03\x04]))")
_COMMAND_BEGUN: Final = re.compile(rb"\x01(?:[A-Za-z][0-9A-Za-z]?)?\Z")
_SELECT: Final = re.compile(rb"\x06[0-9A-Za-z:-@][ -~][ -~](?:\r\n|\n|\r(?=[^\n]))")
_SELECT_BEGUN: Final = re.compile(rb"\x06(?:[0-9A-Za-z:-@](?:[ -~](?:[ -~]\r?)?)?)?\Z")
_RUN: Final = re.compile(rb"\x00*")
_LOOK_BACK: Final = 6  # characters of the longest stop pattern
_OPENED: Final = re.compile(rb"/(?:\?[ -~]{0,64}!|[A-Za-z]{3}[ -~]{1,64})\r\n")
_OPENING: Final = re.compile(rb"/(?:\?[ -~]{0,64}\r?|[A-Za-z]{0,3}|[A-Za-z]{3}[ -~]{0,64}\r?)\Z")


class Extent(Value, frozen=True, gc=False):
    """state: WHOLE up to end; SO_FAR: whole, unless what comes next goes on with it; MORE is needed; CUT: its own end
    is missing; NO message starts here. resume: what lies before it need not be looked through again."""

    end: int
    state: str
    resume: int = 0


class Place(Value, frozen=True, gc=False):
    """A possible start in the stream. resume: looked through up to here. lone: right behind another message.
    final: nothing more belongs to the known characters. behind: the character after them, -1 for none: a block check
    character that looks like the flag of HDLC stands there."""

    stream: bytes | bytearray
    at: int
    known: int
    resume: int
    lone: bool = False
    final: bool = False
    behind: int = -1


_NO = Extent(0, NO)


def start(stream: bytes | bytearray, at: int, known: int) -> int:
    """The first place from `at` on where a message may start, -1 for none."""
    found = _START.search(stream, at, known)
    return -1 if found is None else found.start()


def extent(p: Place) -> Extent:
    """The end of the message that may start at a place."""
    found = _KINDS[p.stream[p.at]](p)
    if not p.final or found.state not in (MORE, SO_FAR):
        return found
    return Extent(p.known, WHOLE if found.state == SO_FAR else CUT)


def holds_together(octets: bytes | bytearray, state: str) -> bool:
    """Whether octets as heard are one message: few damaged characters, few that break the parity of the others."""
    if state == CUT and len(octets) < CUT_MIN and seven_bits.plain(octets[:2]) != b"/?":
        return False
    if len(octets) == 1:
        return True
    wrong = len(seven_bits.parity(octets).wrong)
    return wrong * SHARE <= len(octets)


def opening(octets: bytes) -> bool | None:
    """Whether octets as heard begin with a whole request or identification; None: they may, there are too few."""
    plain = seven_bits.plain(octets)
    begun = _OPENED.match(plain)
    if begun is not None:
        return not seven_bits.parity(octets[: begun.end()]).wrong
    if _OPENING.match(plain) is not None and not seven_bits.parity(octets).wrong:
        return None
    return False


def _slash(p: Place) -> Extent:
    line = _END.search(p.stream, p.at, min(p.known, p.at + LINE_MAX))
    end = p.known if line is None else line.start()
    again = _AGAIN.search(p.stream, p.at + 1, end)
    if again is not None:
        end = again.start()
    head = bytes(p.stream[p.at : end])
    if _DAMAGED.search(head) is not None or (len(head) > 4 and not _opens(head)):
        return _NO
    if again is not None:
        return Extent(end, CUT) if _opens(head) else _NO
    if line is None:
        if len(head) >= LINE_MAX or (p.final and not _opens(head)):
            return _NO
        return Extent(0, MORE, p.at)
    if not _opens(head):
        return _NO
    if line.end() == p.known and line[0] == b"\r" and not p.final:
        return Extent(0, MORE, p.at)
    if head[1:2] == b"?":
        return Extent(line.end(), WHOLE)
    return _identified(p, line.end())


def _opens(head: bytes) -> bool:
    return head[1:2] == b"?" or _IDENTIFICATION.match(head) is not None


def _identified(p: Place, end: int) -> Extent:
    """An identification message up to end; or a telegram, where data follow it at once."""
    if end == p.known:
        return Extent(end, SO_FAR)
    if _DATA_FOLLOWS.match(p.stream, end, p.known) is None:
        begun = not p.final and _DATA_BEGUN.match(p.stream, end, p.known) is not None
        return Extent(0, MORE, p.at) if begun else Extent(end, WHOLE)
    stop = _TELEGRAM_STOP.search(p.stream, max(end, p.resume), p.known)
    if stop is None:
        return Extent(0, MORE, max(end, p.known - _LOOK_BACK))
    if stop[0] != b"!":
        return Extent(stop.start() + (stop[0][0] in b"\r\n"), CUT)
    check = _CHECK.match(p.stream, stop.start(), p.known)
    assert check is not None  # it begins with "!"
    if check.end() == p.known and check[1] not in (b"\r\n", b"\n"):
        state = SO_FAR if p.final or check[1] is None else MORE
        return Extent(p.known, state, stop.start())
    return Extent(check.end(), WHOLE)


def _command(p: Place) -> Extent:
    found = _COMMAND.match(p.stream, p.at, p.known)
    if found is not None:
        return _block(p, found.end())
    begun = _COMMAND_BEGUN.match(p.stream, p.at, p.known) is not None
    return Extent(0, MORE, p.at) if begun and not p.final else _NO


def _data(p: Place) -> Extent:
    return _block(p, p.at + 1)


def _block(p: Place, body: int) -> Extent:
    """From the body of a data or command message to its block check character."""
    stop = _BLOCK_STOP.search(p.stream, max(body, p.resume), p.known)
    if stop is None:
        return Extent(0, MORE, max(body, p.known - _LOOK_BACK))
    end = stop.end()
    first = stop[0][0]
    if first == 0x21:  # "!" and the end of the last line: ETX follows, or nothing
        if end == p.known:
            state = SO_FAR if stop[0][-1] == 0x0A or p.final else MORE
            return Extent(end, state, stop.start())
        if p.stream[end] not in (3, 4):
            return Extent(end, WHOLE)
        end += 1
    elif first not in (3, 4):
        return Extent(stop.start() + (first in b"\r\n"), CUT)
    if end < p.known or (p.behind >= 0 and p.behind == reduce(xor, p.stream[p.at + 1 : end], 0)):
        return Extent(end + 1, WHOLE)
    return Extent(0, MORE, stop.start())


def _acknowledgement(p: Place) -> Extent:
    found = _SELECT.match(p.stream, p.at, p.known)
    if found is not None:
        return Extent(found.end(), WHOLE)
    begun = _SELECT_BEGUN.match(p.stream, p.at, p.known)
    octets = p.known - p.at
    if begun is not None and not (p.final and octets < CUT_MIN):
        return Extent(p.known, SO_FAR if octets == 1 and p.lone else MORE, p.at)
    return _refusal(p)


def _refusal(p: Place) -> Extent:
    return Extent(p.at + 1, WHOLE) if p.lone else _NO


def _wake_up(p: Place) -> Extent:
    run = _RUN.match(p.stream, max(p.at, p.resume), p.known)
    assert run is not None
    end = run.end()
    if end - p.at >= NULS_MIN:
        return Extent(end, SO_FAR if end == p.known else WHOLE, end)
    return Extent(0, MORE, end) if end == p.known and not p.final else _NO


_KINDS: Final[dict[int, Callable[[Place], Extent]]] = {
    0x2F: _slash,
    0x00: _wake_up,
    0x01: _command,
    0x02: _data,
    0x06: _acknowledgement,
    0x15: _refusal,
}
