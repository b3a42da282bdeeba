"""Modem dialogue before a protocol: AT commands and result codes (ITU-T V.250), telnet-less call set-up."""

import re
from typing import Final

from dissectors.record import Value

LONGEST: Final = 256  # octets of one line
_LINE: Final = re.compile(
    rb"[\r\n ]*"
    rb"((?:AT|at)[ -~]{0,200}"
    rb"|OK|ERROR|RING|BUSY|NO CARRIER|NO DIALTONE|NO DIAL TONE|NO ANSWER|DELAYED|BLACKLISTED"
    rb"|CONNECT(?:[ /][ -~]{0,60})?"
    rb"|(?:CARRIER|PROTOCOL|COMPRESSION)[: ][ -~]{0,60}"
    rb"|\+(?:CME|CMS) ERROR: [ -~]{0,60}"
    rb"|\+C[A-Z]{1,6}: [ -~]{0,120})"
    rb"[\r\n]+"
)
_ESCAPE: Final = re.compile(rb"\+\+\+[\r\n]*")  # between guard times, without line end (Hayes)
_BEGUN: Final = re.compile(rb"[\r\n ]*(?:[ATat+OCENRBDPM][ -~]{0,200}[\r\n]?|[\r\n ]*)\Z")


class Dialogue(Value, frozen=True, gc=False):
    """end: first octet after the last whole line. text: the lines joined by " | ". open: what follows end
    is empty or may be a line that has only begun: wait for more."""

    end: int
    text: str
    open: bool


def dialogue(octets: bytes) -> Dialogue | None:
    """The dialogue that octets start with, None where they start with something else.

    Lines of ASCII only: the first octet that can't be one (the 7E of HDLC, the 00 of a wrapper) ends it.
    """
    end = 0
    lines: list[str] = []
    while True:
        found = _LINE.match(octets, end, end + LONGEST)
        if found is not None:
            lines.append(found[1].decode("ascii"))
        else:
            found = _ESCAPE.match(octets, end)
            if found is None:
                break
            lines.append("+++")
        end = found.end()
    if not lines:
        return None
    rest = octets[end : end + LONGEST]
    return Dialogue(end, " | ".join(lines), _BEGUN.match(rest) is not None)
